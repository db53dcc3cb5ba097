"""Challenger and shadows beside the champion: they see every record, and a fault of theirs costs no one else."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .decision import FAILED, Other
from .deployment import Challenger
from .door import Event, Label
from .faults import CHALLENGER, Faults
from .lane import Lane
from .track import Judged, Opened, Track, read_as

_log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """What one contender came to on one event."""

    opened: Opened
    row: list[Any]
    judged: Judged


class Contender:
    """One policy beside the champion, over one batch."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.outcomes: dict[int, Outcome | None] = {}  # by place; None: it failed. No entry: the type means nothing
        self._opened: list[Opened] = []

    def begin(self) -> None:
        """A new batch."""
        self._opened, self.outcomes = [], {}

    def open(self, place: int, at: int, event: Event, late_by: int, t: int) -> None:
        """Look at an event before the kernel runs."""
        track = self.track
        if track.lane.trouble:
            self.outcomes[place] = None
            return
        try:
            read = read_as(track.policy, event)
            if read is not None:
                part, hits = track.open(read, late_by, t, at)
                self._opened.append((place, at, read, part, hits, late_by))
        except Exception as error:
            self.outcomes[place] = None
            _failed(track, error)
            if track.lane.rows == at:
                track.lane.trouble = _line(error)

    def knows(self, label: Label) -> bool:
        """Whether the policy declares the label."""
        return label.label in self.track.policy.pack.labels

    def decide(self, faults: Mapping[int, Faults]) -> None:
        """After the kernel: what the policy comes to on each event that it has opened."""
        track = self.track
        if track.lane.trouble:
            self.outcomes |= dict.fromkeys(one[0] for one in self._opened)
            return
        held = dict(faults)
        try:
            rows = track.score(self._opened, held)
        except Exception as error:
            _failed(track, error)
            self.outcomes |= dict.fromkeys(one[0] for one in self._opened)
            return
        for opened, row in zip(self._opened, rows, strict=True):
            place, _, event, _, hits, _ = opened
            try:
                judged = track.judge(event.type, row, hits, held.get(place, ()))
                self.outcomes[place] = Outcome(opened, row, judged)
            except Exception as error:
                _failed(track, error)
                self.outcomes[place] = None

    def other(self, place: int) -> Other | None:
        """The result in short; None where the event's type means nothing to the policy."""
        if place not in self.outcomes:
            return None
        outcome = self.outcomes[place]
        if outcome is None:
            return Other(self.track.policy.label, "", 0, (), (FAILED,))
        return self.track.other(outcome.judged)


class Contenders:
    """The challenger, if there is one, then the shadows, on the champion's lane and on lanes of their own."""

    def __init__(
        self, champion: Track, challenger: Challenger | None, tracks: Sequence[Track], lanes: Sequence[Lane]
    ) -> None:
        """`lanes`: those that are not the champion's."""
        self._all = [Contender(track) for track in tracks]
        self._challenger = challenger
        self._champion, self._lanes = champion, lanes

    def begin(self) -> None:
        """A new batch."""
        for lane in self._lanes:
            lane.rows = 0
        for one in self._all:
            one.begin()

    def open(self, place: int, at: int, event: Event, late_by: int, t: int) -> None:
        """Show them an event; every lane gets its row `at`."""
        for one in self._all:
            one.open(place, at, event, late_by, t)
        for lane in self._lanes:
            if lane.rows == at:
                lane.put_blank(t)

    def put_label(self, at: int, label: Label, late_by: int, t: int) -> None:
        """Show them a label; every lane gets its row `at`."""
        for one in self._all:
            track = one.track
            if track.lane is not self._champion.lane and track.lane.rows == at and one.knows(label):
                track.put_label(label, late_by, t)
        for lane in self._lanes:
            if lane.rows == at:
                lane.put_blank(t)

    def run(self, clock_ms: int) -> None:
        """Run the lanes that are not the champion's, and take copies from those that are shared."""
        for lane in self._lanes:
            if not lane.trouble:
                try:
                    lane.run(clock_ms)
                except Exception as error:
                    lane.trouble = _line(error)
                    _log.error("the windows beside the champion failed and rest until the next start: %s", lane.trouble)
        for one in self._all:
            if not one.track.lane.trouble:
                one.track.take()

    def serves(self, event: Event) -> bool:
        """Whether the challenger is to serve this event: it knows the type, and the entity is in its share."""
        challenger = self._challenger
        if challenger is None or event.type not in challenger.policy.pack.events:
            return False
        return challenger.serves(event.fields.get(challenger.entity))

    def fault_names(self) -> set[str]:
        """Steps of the challenger that may be given as failed."""
        return {CHALLENGER, *self._all[0].track.policy.fault_names} if self._challenger is not None else set()

    def decide(self, faults: Mapping[int, Faults]) -> None:
        """Let each decide every event; `faults`, by place, are the challenger's."""
        for one in self._all:
            one.decide(faults if self._challenger is not None and one is self._all[0] else {})

    def challenger(self, place: int) -> tuple[Track, Outcome] | None:
        """What the challenger comes to; None where it failed."""
        outcome = self._all[0].outcomes.get(place)
        return None if outcome is None else (self._all[0].track, outcome)

    def others(self, place: int, served: bool) -> list[Other]:
        """The results in short, without the challenger's where it is what was served."""
        found = [one.other(place) for one in self._all[1 if served else 0 :]]
        return [one for one in found if one is not None]

    def recheck_room(self) -> None:
        """After a failure of the batch."""
        for lane in self._lanes:
            lane.state.recheck_room()


def _failed(track: Track, error: Exception) -> None:
    _log.error("%s failed beside the champion: %s", track.policy.label, _line(error))


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
