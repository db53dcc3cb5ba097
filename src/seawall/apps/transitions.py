"""What may happen to a record, as rows of one table a kind of record: services obey it and pages show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.utils.translation import gettext as _

from seawall.apps.errors import ConflictError
from seawall.console.words import Text, Word


@dataclass(frozen=True)
class Step:
    """From any of `sources`, `action` leads to `to` ("" leaves the state)."""

    action: str
    title: Text
    sources: tuple[str, ...]
    to: str


@dataclass(frozen=True)
class Transition(Step):
    """A step of which `permission` is asked of the person; "" marks what only the system does."""

    permission: str = ""

    @property
    def by_system(self) -> bool:
        """Whether no person can ask for it."""
        return not self.permission


S = TypeVar("S", bound=Step)
T = TypeVar("T", bound=Transition)


def row_of(table: Sequence[S], action: str) -> S:
    """The row of an action. KeyError for a word that is none."""
    for row in table:
        if row.action == action:
            return row
    raise KeyError(action)


def possible(table: Sequence[T], state: str) -> list[T]:
    """What a person could ask for in a state."""
    return [row for row in table if state in row.sources and not row.by_system]


def check_state(
    table: Sequence[Transition], states: Mapping[str, Word], row: Transition, state: str, what: str
) -> None:
    """ConflictError where the action does not fit the state; it says what does."""
    if state in row.sources:
        return
    fitting = ", ".join(str(one.title) for one in possible(table, state)) or "—"
    raise ConflictError(
        _("%(what)s: “%(action)s” is not possible while it is “%(state)s”. Possible now: %(fitting)s.")
        % {"what": what, "action": row.title, "state": states[state].title, "fitting": fitting}
    )
