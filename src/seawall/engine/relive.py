"""A journal's history through a policy: the same decisions as if it had decided live, from columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seawall.engine.columns import Block, Decided
from seawall.engine.deployment import Deployment
from seawall.engine.engine import Engine
from seawall.engine.feature.definition import DAY, Feature
from seawall.engine.history.lived import Entered, JournalHistory, PolicyView, fields_read
from seawall.engine.lane import windows_of
from seawall.engine.policy import CompiledPolicy

_PERIOD_DAYS = {"day": 2, "week": 8, "month": 32, "quarter": 93, "year": 367}  # the longest, clock changes included


class Stretch(NamedTuple):
    """A block and its decisions, a row an event (`Decided.rows` are their places in the block)."""

    block: Block
    decided: Decided


class Reliving:
    """One policy that goes through the tables of a history in order, or several `alike` over one run of the windows.

    Effective times, lateness, sequence numbers, labels, entries of lists, limits and switches are the journal's own, so
    that the policy that decided live gives its `content_hash` again. Steps that failed live do not fail here: they were
    faults of that moment. Events of types that the policy does not have only move the clock.
    """

    def __init__(
        self,
        policy: CompiledPolicy,
        *,
        beside: Sequence[CompiledPolicy] = (),
        also: tuple[str, ...] = (),
        hashes: bool = False,
        cache_dir: Path | None = None,
    ) -> None:
        """`also`: fields that blocks are to have besides those the policies read. `beside`: others that are alike."""
        assert all(alike(policy, one) for one in beside), "they read one history as the same records"
        self.policy = policy
        self.view = PolicyView(policy, (*also, *(name for one in beside for name in fields_read(one))))
        self.engine = Engine(Deployment(policy, shadows=tuple(beside)), cache_dir)
        self.hashes = hashes

    def begin(self, history: JournalHistory, sequence: int, clock_ms: int) -> None:
        """Stand before the record of that number at that effective time: entries apply, windows are empty."""
        if sequence > 0:
            for table in history.tables(["sequence", "kind", "payload"]):
                for number, entry in self.view.entries(table):
                    if number >= sequence:
                        break
                    self._enter(Entered(number, entry))
                if len(table) and table.column("sequence")[-1].as_py() >= sequence:
                    break
        self.engine.clock_ms, self.engine.sequence = clock_ms, sequence - 1
        self.view.begin()

    def take(self, table: Any) -> Iterator[Stretch]:
        """Decide the events of the next table, under the first policy."""
        for stretches in self.take_beside(table):
            yield stretches[0]

    def take_beside(self, table: Any) -> Iterator[list[Stretch]]:
        """The same under every policy, a stretch each."""
        for piece in self.view.pieces(table):
            if isinstance(piece, Entered):
                self._enter(piece)
            else:
                decided = self.engine.step_block_beside(piece, hashes=self.hashes, features=False)
                yield [Stretch(piece, one) for one in decided]

    def _enter(self, piece: Entered) -> None:
        self.engine.sequence = piece.sequence - 1
        self.engine.step([piece.entry])


def relive(
    history: JournalHistory, policy: CompiledPolicy, *, hashes: bool = True, cache_dir: Path | None = None
) -> Iterator[Stretch]:
    """Every event of a history that the policy knows, decided by it, from the first record on."""
    one = Reliving(policy, hashes=hashes, cache_dir=cache_dir)
    one.begin(history, 0, 0)
    for table in history.tables(one.view.columns()):
        yield from one.take(table)


def alike(one: CompiledPolicy, other: CompiledPolicy) -> bool:
    """Whether two policies read a history as the same records into the same windows: only what they say differs."""
    packs = one.pack, other.pack
    settings = [{name: (it.type, it.entity, it.segment) for name, it in pack.settings.items()} for pack in packs]
    return (
        windows_of(one) == windows_of(other)
        and packs[0].events == packs[1].events
        and packs[0].labels == packs[1].labels
        and packs[0].lists.keys() == packs[1].lists.keys()
        and settings[0] == settings[1]
    )


def longest_reach(policy: CompiledPolicy) -> int:
    """How far back in effective time (ms) the features of a policy look: a warm-up this long leaves out nothing."""
    links = policy.plan.links
    reach = [_reach(feature) for feature in policy.plan.features if feature.window is not None]
    return max([*reach, links.links.history_ms if links is not None else 0])


def _reach(feature: Feature) -> int:
    assert feature.window is not None, "features with a window are asked"
    window = feature.window.last_ms or _PERIOD_DAYS[feature.window.calendar] * DAY
    return window + feature.offset_ms + max(feature.resolution_ms, 0)
