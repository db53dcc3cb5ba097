"""Windows of a policy that is to run later: the records so far, without deciding anything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .door import Event, Label
from .engine import Position
from .lane import BATCH, Lane
from .lists import ListStore
from .policy import CompiledPolicy
from .settings import SettingStore
from .track import Track, read_as

Passed = Event | Label | None


class Warming:
    """Takes every record of a sequence in order, from the first one on or from `position` on where a lane stands there.

    Afterwards the lane holds what it would hold had the policy run from the beginning.
    """

    def __init__(
        self,
        policy: CompiledPolicy,
        lane: Lane | None = None,
        position: Position = Position(0, 0),  # noqa: B008 - immutable
        cache_dir: Path | None = None,
    ) -> None:
        self.policy = policy
        self.lane = lane or Lane(policy, cache_dir)
        self.sequence, self.clock_ms = position
        lists = ListStore(())
        lists.declare(policy.pack.lists)
        self._track = Track(policy, self.lane, lists, SettingStore(policy.pack.settings.values()))

    @property
    def position(self) -> Position:
        """Where the lane stands."""
        return Position(self.sequence, self.clock_ms)

    def feed(self, records: Iterable[Passed]) -> None:
        """Take records, each with the next number: events and labels as journaled, None for anything else."""
        lane = self.lane
        lane.rows = 0
        for record in records:
            self.sequence += 1
            if record is None:
                continue
            time = record.event_time if isinstance(record, Event) else record.label_time
            wanted = min(time, record.received_at)
            late_by = max(0, self.clock_ms - wanted)
            self.clock_ms = max(self.clock_ms, wanted)
            self._put(record, late_by)
            if lane.rows == BATCH:
                self._run()
        self._run()

    def _put(self, record: Event | Label, late_by: int) -> None:
        if isinstance(record, Label):
            if record.label in self.policy.pack.labels:
                self._track.put_label(record, late_by, self.clock_ms)
            return
        read = read_as(self.policy, record)
        if read is not None:
            self._track.open(read, late_by, self.clock_ms, self.lane.rows)

    def _run(self) -> None:
        if self.lane.rows:
            self.lane.run(self.clock_ms)
            self.lane.rows = 0
