"""A measured figure, and how times become figures."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from time import process_time
from typing import Any

Rate = float  # of work a second of processor time


@dataclass(frozen=True, slots=True)
class Peer:
    """What a peer reached on the same work in the same run."""

    name: str  # with its version
    rate: Rate


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a benchmark. `ratio` is how many times the peer's value ours is; without a peer both are None."""

    name: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The JSON object of `seawall bench --json`."""
        return asdict(self)


def against(name: str, rate: Rate, unit: str, peer: Peer | None) -> Figure:
    """A rate beside a peer's; an absent peer reads None."""
    if peer is None:
        return Figure(name, round(rate, 1), unit)
    return Figure(name, round(rate, 1), unit, peer.name, round(peer.rate, 1), round(rate / peer.rate, 2))


def against_all(name: str, rate: Rate, unit: str, peers: dict[str, Peer | None]) -> list[Figure]:
    """The figure against the fastest peer present, then one against each: `name_peer`."""
    present = [peer for peer in peers.values() if peer is not None]
    fastest = max(present, key=lambda peer: peer.rate, default=None)
    each = [against(f"{name}_{short}", rate, unit, peer) for short, peer in peers.items()]
    return [against(name, rate, unit, fastest), *each]


class Stopwatch:
    """Adds up processor seconds of this process, all its threads, over the parts that are meant."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Any:
        """Count what happens inside."""
        began = process_time()
        yield
        self.seconds += process_time() - began


def timed(run: Callable[[], object]) -> float:
    """Processor seconds of one call."""
    watch = Stopwatch()
    with watch.running():
        run()
    return watch.seconds


def best_rate(work: int, runs: Iterable[Callable[[], float]]) -> Rate:
    """Units of work a second in the fastest of several runs; each run gives its processor seconds."""
    return work / max(min(run() for run in runs), 1e-9)


def median(values: Iterable[float]) -> float:
    return statistics.median(values)
