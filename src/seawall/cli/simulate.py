"""seawall simulate: a synthetic fintech, as a history file or as a live stream."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TextIO

import msgspec

from seawall.cli import OK
from seawall.cli.feed import Feeder
from seawall.cli.inputs import UsageError
from seawall.cli.running import progress_bar, stoppable
from seawall.simulator import KINDS, Live, Simulation

KEY_VARIABLE = "SEAWALL_API_KEY"
_OUTCOMES = ("approve", "challenge", "review", "decline", "refused", "labels")
_LONGEST_NAP = 0.2  # seconds: Ctrl-C is heard after it
_encode_lines = msgspec.json.Encoder().encode_lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall simulate`."""
    kinds = ", ".join(KINDS)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", metavar="FILE", type=Path, help="history to write: .parquet, .ndjson, .jsonl")
    what.add_argument("--stream", action="store_true", help="events as they happen, until Ctrl-C: NDJSON, or see --to")
    parser.add_argument("--seed", metavar="N", type=int, default=1, help="the same seed gives the same fintech")
    parser.add_argument("--customers", metavar="N", type=int, help="customers (2000; of a stream: as its rate needs)")
    parser.add_argument("--attacks", metavar="RATE", type=float, help="share of attacks (0.002; of a stream 0.015)")
    parser.add_argument("--kinds", metavar="TYPE", nargs="+", help=f"{kinds} (payment.card; of a stream: all)")
    parser.add_argument("--fields", metavar="NAME", nargs="+", help="keep only these fields")
    history = parser.add_argument_group("history")
    history.add_argument("--days", metavar="N", type=int, default=60, help="days (default: 60)")
    history.add_argument("--start", metavar="DATE", default="2026-01-01", help="first day (default: 2026-01-01)")
    live = parser.add_argument_group("stream")
    live.add_argument("--rate", metavar="N", type=float, default=5.0, help="events a second (default: 5)")
    live.add_argument("--outages", metavar="RATE", type=float, default=0.05, help="share of probes in an outage (0.05)")
    live.add_argument("--past-days", metavar="N", type=int, default=0, help="days of history sent first (default: 0)")
    live.add_argument("--past-events", metavar="N", type=int, default=300_000, help="of them at most (300000)")
    live.add_argument("--to", metavar="URL", help="send to the decision API there, like http://127.0.0.1:8601")
    live.add_argument(
        "--key", metavar="KEY", default="", help=f"API key (default: ${KEY_VARIABLE}, seen by nobody else)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the history, or stream until Ctrl-C."""
    try:
        return _stream(args) if args.stream else _history(args)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _history(args: argparse.Namespace) -> int:
    """Write the history and say how many events it has."""
    try:
        start = date.fromisoformat(args.start)
    except ValueError:
        raise UsageError(f"--start {args.start!r} is not a date; write it like 2026-01-01") from None
    customers = 2_000 if args.customers is None else args.customers
    attacks = 0.002 if args.attacks is None else args.attacks
    simulation = Simulation(args.seed, customers, args.days, start, attacks, args.kinds or ["payment.card"])
    with progress_bar("simulate") as progress:
        events = simulation.write_history(args.out, args.fields, lambda day, days, written: progress(day, days))
    print(f"{events:,} events of {customers:,} customers over {args.days:,} days: {args.out}")
    return OK


def _stream(args: argparse.Namespace) -> int:
    """Stream to standard output or to a decision API; the first Ctrl-C ends it well."""
    feeder = _feeder(args)
    with stoppable() as stopped:
        live = _live(args, napping(stopped))
        send = feeder(napping(stopped)) if feeder else _Lines()
        progress = Progress(sys.stderr, time.monotonic)
        try:
            for batch in live.batches():
                progress.add(len(batch), send.send(batch))
                if stopped():
                    break
        except Stopped:
            pass
        finally:
            send.close()
            progress.end()
    if isinstance(send, Feeder) and send.refusal:
        print(f"seawall: first refusal: {send.refusal}", file=sys.stderr)
    return OK


def _feeder(args: argparse.Namespace) -> Callable[[Callable[[float], None]], Feeder] | None:
    """What makes the feeder that is asked for, given how to sleep; None for standard output."""
    if not args.to:
        if args.key:
            raise UsageError("--key says how to send; name the decision API with --to URL")
        return None
    key = args.key or os.environ.get(KEY_VARIABLE, "")
    if not key:
        raise UsageError(f"--to needs an API key: --key KEY or ${KEY_VARIABLE}; `seawall apikey create` makes one")
    return lambda sleep: Feeder(args.to, key, sleep=sleep, tell=_tell)


def _live(args: argparse.Namespace, sleep: Callable[[float], None]) -> Live:
    return Live(
        args.seed,
        args.rate,
        customers=args.customers,
        attack_rate=0.015 if args.attacks is None else args.attacks,
        outage_rate=args.outages,
        past_days=args.past_days,
        past_events=args.past_events,
        kinds=args.kinds or KINDS,
        fields=args.fields,
        sleep=sleep,
    )


def _tell(why: str) -> None:
    print(f"\nseawall: {why}" if sys.stderr.isatty() else f"seawall: {why}", file=sys.stderr)


class Stopped(Exception):
    """Ctrl-C came while waiting."""


def napping(stopped: Callable[[], bool]) -> Callable[[float], None]:
    """A sleep that raises Stopped soon after `stopped()` turns true."""

    def sleep(seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if stopped():
                raise Stopped
            time.sleep(min(left, _LONGEST_NAP))

    return sleep


class _Lines:
    """Records as NDJSON on standard output."""

    def send(self, records: Sequence[dict[str, Any]]) -> dict[str, int]:
        sys.stdout.write(_encode_lines(records).decode())
        sys.stdout.flush()
        return {}

    def close(self) -> None:
        pass


class Progress:
    """One line, drawn again and again on a terminal and once at the end elsewhere: sent, outcomes, rate."""

    def __init__(self, to: TextIO, clock: Callable[[], float]) -> None:
        self._to, self._clock, self._begun = to, clock, clock()
        self._drawn, self._width, self._sent = self._begun, 0, 0
        self._counts: Counter[str] = Counter()

    def add(self, sent: int, counts: dict[str, int]) -> None:
        """Add what was sent and what became of it."""
        self._sent += sent
        self._counts.update(counts)
        if self._to.isatty() and self._clock() - self._drawn >= 0.5:
            self._drawn = self._clock()
            self._draw("\r")

    def end(self) -> None:
        """Draw the line for good."""
        self._draw("\r" if self._width else "")
        print(file=self._to)

    def _draw(self, before: str) -> None:
        rate = self._sent / max(self._clock() - self._begun, 1e-9)
        became = "".join(f" · {name} {self._counts[name]:,}" for name in _OUTCOMES if self._counts[name])
        line = f"sent {self._sent:,}{became} · {rate:,.1f}/s"
        print(before + line.ljust(self._width), end="", file=self._to, flush=True)
        self._width = len(line)
