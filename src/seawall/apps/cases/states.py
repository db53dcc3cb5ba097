"""What may happen to an alert and to a case: two tables that services obey, the help page shows and tests walk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy, pgettext_lazy

from seawall.apps import transitions
from seawall.apps.cases.models import Alert, Case
from seawall.console.words import Word, words

NEVER, LONG, ALWAYS = "", "long", "always"  # four eyes: never; for suppressions of more than 30 days; always

A, C = Alert.State, Case.State


@dataclass(frozen=True)
class Transition(transitions.Transition):
    """`reason`: nobody goes on without one."""

    four_eyes: str = NEVER
    reason: bool = False
    icon: str = ""


ALERTS = (
    Transition("open_case", gettext_lazy("Open a case"), (A.NEW, A.SNOOZED, A.SUPPRESSED), A.IN_CASE, "alerts.work",
               icon="folder"),
    Transition("snooze", gettext_lazy("Snooze"), (A.NEW, A.SNOOZED), A.SNOOZED, "alerts.work", reason=True,
               icon="pause"),
    Transition("wake", gettext_lazy("Wake"), (A.SNOOZED,), A.NEW, "alerts.work", icon="play"),
    Transition("suppress", gettext_lazy("Suppress"), (A.NEW, A.SNOOZED), A.SUPPRESSED, "alerts.suppress",
               four_eyes=LONG, reason=True, icon="eye-off"),
    Transition("lift", gettext_lazy("Lift the suppression"), (A.SUPPRESSED,), A.NEW, "alerts.suppress", reason=True,
               icon="eye"),
    Transition("dismiss", gettext_lazy("Dismiss"), (A.NEW, A.SNOOZED), A.CLOSED, "alerts.work", reason=True,
               icon="check"),
    Transition("detach", gettext_lazy("Take out of the case"), (A.IN_CASE,), A.NEW, "cases.work", reason=True,
               icon="x"),
    Transition("rise", gettext_lazy("A more severe hit came"), (A.SNOOZED, A.SUPPRESSED), A.NEW),
    Transition("wake_up", gettext_lazy("The snooze is over"), (A.SNOOZED,), A.NEW),
    Transition("lapse", gettext_lazy("The suppression is over"), (A.SUPPRESSED,), A.CLOSED),
    Transition("close", gettext_lazy("Its case was closed"), (A.IN_CASE,), A.CLOSED),
    Transition("reopen", gettext_lazy("Its case was reopened"), (A.CLOSED,), A.IN_CASE),
)  # fmt: skip

_WORKED = (C.NEW, C.ASSIGNED, C.IN_PROGRESS, C.WAITING)
CASES = (
    Transition("take", gettext_lazy("Assign to me"), (C.NEW, C.ASSIGNED), C.IN_PROGRESS, "cases.work", icon="user"),
    Transition("assign", pgettext_lazy("case", "Assign"), _WORKED, C.ASSIGNED, "cases.assign", icon="users"),
    Transition("wait", gettext_lazy("Wait for the customer"), (C.IN_PROGRESS,), C.WAITING, "cases.work", reason=True,
               icon="pause"),
    Transition("resume", gettext_lazy("Go on"), (C.WAITING,), C.IN_PROGRESS, "cases.work", icon="play"),
    Transition("escalate", gettext_lazy("Escalate"), _WORKED, C.NEW, "cases.work", reason=True, icon="arrow-up"),
    Transition("submit", gettext_lazy("Ask for closure"), (C.IN_PROGRESS,), C.CLOSING, "cases.close",
               four_eyes=ALWAYS, reason=True, icon="check-circle"),
    Transition("reopen", gettext_lazy("Reopen"), (C.CLOSED,), C.IN_PROGRESS, "cases.approve", reason=True,
               icon="refresh"),
    Transition("approve", gettext_lazy("A second person approved the closure"), (C.CLOSING,), C.CLOSED),
    Transition("return", gettext_lazy("The closure was rejected, withdrawn or expired"), (C.CLOSING,), C.IN_PROGRESS),
)  # fmt: skip

ALERT_STATES = words(
    Word(A.NEW, pgettext_lazy("alert", "New"), "bell", "notice"),
    Word(A.SNOOZED, pgettext_lazy("alert", "Snoozed"), "pause", "neutral"),
    Word(A.SUPPRESSED, pgettext_lazy("alert", "Suppressed"), "eye-off", "neutral"),
    Word(A.IN_CASE, pgettext_lazy("alert", "In a case"), "folder", "info"),
    Word(A.CLOSED, pgettext_lazy("alert", "Closed"), "check-circle", "good"),
)
CASE_STATES = words(
    Word(C.NEW, pgettext_lazy("case", "New"), "bell", "notice"),
    Word(C.ASSIGNED, pgettext_lazy("case", "Assigned"), "user", "info"),
    Word(C.IN_PROGRESS, pgettext_lazy("case", "In progress"), "play", "info"),
    Word(C.WAITING, pgettext_lazy("case", "Waiting for the customer"), "pause", "neutral"),
    Word(C.CLOSING, pgettext_lazy("case", "Closure to be approved"), "clock", "notice"),
    Word(C.CLOSED, pgettext_lazy("case", "Closed"), "check-circle", "good"),
)
LABEL_STATES = words(
    Word("waiting", pgettext_lazy("label", "Waiting"), "clock", "neutral"),
    Word("delivered", pgettext_lazy("label", "In the journal"), "check-circle", "good"),
    Word("refused", pgettext_lazy("label", "Refused"), "x-circle", "bad"),
)


def check_state(table: Sequence[Transition], row: Transition, state: str, what: str) -> None:
    """ConflictError where the action does not fit the state of an alert or a case; it says what does."""
    transitions.check_state(table, ALERT_STATES if table is ALERTS else CASE_STATES, row, state, what)
