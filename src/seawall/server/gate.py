"""What stands before the sequencer: the door of the champion's pack, changed with the champion."""

from __future__ import annotations

from collections.abc import Callable

from seawall.engine.door import Door, Event, Label
from seawall.engine.money import Rates
from seawall.engine.policy import CompiledPolicy
from seawall.engine.track import read_as
from seawall.sealing import LocalSealer

from .sequencer import Work


class Gate:
    """`door` admits by the pack of the policy that was last given to `follow`; None before."""

    def __init__(self, rates: Rates, sealer: LocalSealer, clock: Callable[[], int]) -> None:
        self.door: Door | None = None
        self._rates, self._sealer, self._clock = rates, sealer, clock
        self._champion: CompiledPolicy | None = None
        self._next: tuple[CompiledPolicy, Door] | None = None

    def prepare(self, champion: CompiledPolicy) -> None:
        """Make its door before it is needed: that takes milliseconds. In any thread."""
        self._next = champion, self._made(champion)

    def follow(self, champion: CompiledPolicy) -> None:
        """Admit by this policy's pack from now on."""
        prepared, self._next = self._next, None
        is_ready = prepared is not None and prepared[0] is champion
        self.door = prepared[1] if is_ready and prepared is not None else self._made(champion)
        self._champion = champion

    def use_rates(self, rates: Rates) -> None:
        """Take these exchange rates from the next event on."""
        self._rates = rates
        if self._champion is not None:
            self.follow(self._champion)

    def reread(self, work: Work) -> Work | None:
        """What an earlier door has admitted as the champion reads it; None where its type is gone."""
        assert self._champion is not None, "somebody admitted it"
        if isinstance(work, Event):
            return read_as(self._champion, work)
        is_gone = isinstance(work, Label) and work.label not in self._champion.pack.labels
        return None if is_gone else work

    def _made(self, champion: CompiledPolicy) -> Door:
        return Door(champion.pack, self._rates, self._sealer, self._clock)
