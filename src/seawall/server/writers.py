"""Who writes the answers: one writer a policy and language, of former policies too."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seawall.engine.answer import Answers
from seawall.engine.journal import JournalError
from seawall.engine.policy import CompiledPolicy

from .packs import PackShelf
from .snapshots import Activation

_KEPT = 16


class Writers:
    """Keeps those used of late. `active` gives the champion, `activations` every deployment so far."""

    def __init__(
        self, shelf: PackShelf, active: Callable[[], CompiledPolicy], activations: Callable[[], Sequence[Activation]]
    ) -> None:
        self._shelf, self._active, self._activations = shelf, active, activations
        self._kept: dict[tuple[str, str], Answers] = {}

    def writer(self, policy: str, language: str) -> Answers:
        """Of the decisions of one policy (name@version). JournalError where none of that name ever ran."""
        found = self._kept.get((policy, language))
        if found is None:
            found = Answers(self._policy(policy), language)
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[policy, language] = found
        return found

    def clear(self) -> None:
        """Begin anew, as after a recovery."""
        self._kept.clear()

    def _policy(self, label: str) -> CompiledPolicy:
        if label == self._active().label:
            return self._active()
        named = (one for activation in self._activations() for one in activation.named)
        found = next((one for one in named if one.policy == label), None)
        if found is None:
            raise JournalError(f"the journal holds no policy {label}")
        return self._shelf.policy(found.digest)
