"""What may happen to an action: one table that services obey and the page shows."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from seawall.apps.errors import ConflictError
from seawall.apps.transitions import Transition, row_of
from seawall.console.words import Word, words

PROPOSED, STARTING, EFFECTIVE, FAILED, REJECTED = "proposed", "starting", "effective", "failed", "rejected"
UNDOING, UNDONE, EXPIRED, WITHDRAWN = "undoing", "undone", "expired", "withdrawn"
LIVE = (STARTING, EFFECTIVE, UNDOING)  # something is, or is about to be, different because of it

STATES = words(
    Word(PROPOSED, pgettext_lazy("action", "To be approved"), "clock", "notice"),
    Word(STARTING, pgettext_lazy("action", "On its way"), "play", "info"),
    Word(EFFECTIVE, pgettext_lazy("action", "In effect"), "check-circle", "good"),
    Word(FAILED, pgettext_lazy("action", "Failed"), "x-circle", "bad"),
    Word(REJECTED, pgettext_lazy("action", "Rejected"), "x-circle", "neutral"),
    Word(UNDOING, pgettext_lazy("action", "Being undone"), "refresh", "info"),
    Word(UNDONE, pgettext_lazy("action", "Undone"), "refresh", "neutral"),
    Word(EXPIRED, pgettext_lazy("action", "Over"), "clock", "neutral"),
    Word(WITHDRAWN, pgettext_lazy("action", "Taken back before it began"), "x", "neutral"),
)


TABLE = (
    Transition("approve", gettext_lazy("A second person approved it"), (PROPOSED,), STARTING),
    Transition("reject", gettext_lazy("It was rejected, withdrawn or expired"), (PROPOSED,), REJECTED),
    Transition("arrive", gettext_lazy("It took effect"), (STARTING,), EFFECTIVE),
    Transition("fail", gettext_lazy("It was refused"), (STARTING,), FAILED),
    Transition("withdraw", gettext_lazy("Take back"), (STARTING,), WITHDRAWN, "actions.start"),
    Transition("undo", gettext_lazy("Undo"), (EFFECTIVE,), UNDOING, "actions.start"),
    Transition("undone", gettext_lazy("The undo took effect"), (UNDOING,), UNDONE),
    Transition("undo_fail", gettext_lazy("The undo was refused"), (UNDOING,), EFFECTIVE),
    Transition("expire", gettext_lazy("Its time is over"), (EFFECTIVE,), EXPIRED),
)


def step(action: str, state: str) -> str:
    """Where an action leads from a state. ConflictError where it is not possible; KeyError for a word that is none."""
    row = row_of(TABLE, action)
    if state not in row.sources:
        text = _("“%(action)s” is not possible while the action is “%(state)s”.")
        raise ConflictError(text % {"action": row.title, "state": STATES[state].title})
    return row.to
