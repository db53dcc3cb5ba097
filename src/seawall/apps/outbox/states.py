"""What may happen to a delivery: one table that services obey and the page shows."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from seawall.apps.errors import ConflictError
from seawall.apps.transitions import Step, row_of
from seawall.console.words import Word, words

WAITING, SENDING, RETRYING, STUCK = "waiting", "sending", "retrying", "stuck"
DELIVERED, REFUSED, CANCELLED, UNDONE = "delivered", "refused", "cancelled", "undone"
OPEN = (WAITING, SENDING, RETRYING, STUCK)  # what comes later in the same order waits for these

STATES = words(
    Word(WAITING, pgettext_lazy("delivery", "Waiting"), "clock", "neutral"),
    Word(SENDING, pgettext_lazy("delivery", "Being sent"), "play", "info"),
    Word(RETRYING, pgettext_lazy("delivery", "Will be tried again"), "refresh", "notice"),
    Word(STUCK, pgettext_lazy("delivery", "Stuck"), "alert", "bad"),
    Word(DELIVERED, pgettext_lazy("delivery", "Delivered"), "check-circle", "good"),
    Word(REFUSED, pgettext_lazy("delivery", "Refused"), "x-circle", "bad"),
    Word(CANCELLED, pgettext_lazy("delivery", "Cancelled"), "x", "neutral"),
    Word(UNDONE, pgettext_lazy("delivery", "Undone"), "refresh", "neutral"),
)


@dataclass(frozen=True)
class Transition(Step):
    """`by_person`: an operator asks for it."""

    by_person: bool = False


TABLE = (
    Transition("claim", gettext_lazy("A try begins"), (WAITING, RETRYING), SENDING),
    Transition("deliver", gettext_lazy("It arrived"), (SENDING,), DELIVERED),
    Transition("fail", gettext_lazy("The try failed"), (SENDING,), RETRYING),
    Transition("release", gettext_lazy("The try did not take place"), (SENDING,), WAITING),
    Transition("lapse", gettext_lazy("The sender fell over in the middle"), (SENDING,), SENDING),
    Transition("give_up", gettext_lazy("It was tried often enough"), (SENDING,), STUCK),
    Transition("refuse", gettext_lazy("The receiver will never take it"), (SENDING,), REFUSED),
    Transition("undo", gettext_lazy("What undoes it arrived"), (DELIVERED,), UNDONE),
    Transition("retry", gettext_lazy("Try now"), (RETRYING, STUCK), WAITING, by_person=True),
    Transition("replay", gettext_lazy("Send again"), (REFUSED, CANCELLED, DELIVERED), WAITING, by_person=True),
    Transition("cancel", gettext_lazy("Cancel"), (WAITING, RETRYING, STUCK), CANCELLED, by_person=True),
)


def transition(action: str) -> Transition:
    """The row of an action. KeyError for a word that is none."""
    return row_of(TABLE, action)


def step(action: str, state: str) -> str:
    """Where the action leads from a state. ConflictError where it is not possible."""
    row = transition(action)
    if state not in row.sources:
        text = _("“%(action)s” is not possible while the delivery is “%(state)s”.")
        raise ConflictError(text % {"action": row.title, "state": STATES[state].title})
    return row.to
