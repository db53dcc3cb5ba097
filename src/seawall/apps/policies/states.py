"""The way of a version from draft to champion and out again: one table that services obey and pages show.

Nobody skips a row. What a transition demands is checked at the moment it is asked for (`gates.demands`).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy, pgettext_lazy

from seawall.apps import transitions
from seawall.console.words import Word, words

DRAFT, TESTED, BACKTESTED, IN_REVIEW = "draft", "tested", "backtested", "in_review"
SHADOW, CHALLENGER, CHAMPION, RETIRED, REJECTED = "shadow", "challenger", "champion", "retired", "rejected"
RUNNING = (SHADOW, CHALLENGER, CHAMPION)

STATES = words(
    Word(DRAFT, pgettext_lazy("policy version", "Draft"), "edit", "neutral"),
    Word(TESTED, pgettext_lazy("policy version", "Tested"), "check", "info"),
    Word(BACKTESTED, pgettext_lazy("policy version", "Backtested"), "check-circle", "info"),
    Word(IN_REVIEW, pgettext_lazy("policy version", "In review"), "clock", "notice"),
    Word(SHADOW, pgettext_lazy("policy version", "Shadow"), "eye", "info"),
    Word(CHALLENGER, pgettext_lazy("policy version", "Challenger"), "bolt", "notice"),
    Word(CHAMPION, pgettext_lazy("policy version", "Champion"), "check-circle", "good"),
    Word(RETIRED, pgettext_lazy("policy version", "Retired"), "pause", "neutral"),
    Word(REJECTED, pgettext_lazy("policy version", "Rejected"), "x-circle", "bad"),
)


@dataclass(frozen=True)
class Transition(transitions.Transition):
    """`demands` are checks that must hold."""

    demands: tuple[str, ...] = ()
    four_eyes: bool = False
    reason: bool = False


EDIT, APPROVE, ROLLBACK = "policies.edit", "policies.approve", "policies.rollback"
READY = ("checked", "cases", "backtest", "not_waiting")

TRANSITIONS = (
    Transition("pass_cases", gettext_lazy("Its unit cases pass"), (DRAFT,), TESTED, demands=("checked", "cases")),
    Transition("fail_cases", gettext_lazy("A unit case fails"), (TESTED, BACKTESTED), DRAFT),
    Transition("pass_backtest", gettext_lazy("A backtest of this content is in"), (TESTED,), BACKTESTED,
               demands=("cases", "backtest")),
    Transition("submit", gettext_lazy("Submit for review"), (BACKTESTED, RETIRED), IN_REVIEW, EDIT, READY,
               four_eyes=True, reason=True),
    Transition("promote", gettext_lazy("Submit for another role"), (SHADOW, CHALLENGER), "", EDIT, READY,
               four_eyes=True, reason=True),
    Transition("reject", gettext_lazy("The second person rejected it"), (IN_REVIEW,), REJECTED),
    Transition("return", gettext_lazy("The request was withdrawn, expired or refused by the engine"), (IN_REVIEW,),
               BACKTESTED),
    Transition("run_shadow", gettext_lazy("The engine runs it as a shadow"), (IN_REVIEW, CHALLENGER, RETIRED, SHADOW),
               SHADOW),
    Transition("run_challenger", gettext_lazy("The engine gives it a share"), (IN_REVIEW, SHADOW, RETIRED, CHALLENGER),
               CHALLENGER),
    Transition("run_champion", gettext_lazy("The engine decides by it"),
               (IN_REVIEW, SHADOW, CHALLENGER, RETIRED, CHAMPION), CHAMPION),
    Transition("retire", gettext_lazy("The engine no longer runs it"), RUNNING, RETIRED),
    Transition("stop", gettext_lazy("Stop"), (SHADOW, CHALLENGER), "", ROLLBACK, reason=True),
    Transition("roll_back", gettext_lazy("Roll back to it"), (RETIRED,), "", ROLLBACK, ("was_champion",), reason=True),
)  # fmt: skip


def transition(action: str) -> Transition:
    """The row of an action. KeyError for a word that is none."""
    return transitions.row_of(TRANSITIONS, action)


def possible(state: str) -> list[Transition]:
    """What a person could ask for in a state."""
    return transitions.possible(TRANSITIONS, state)


def check_state(row: Transition, state: str, label: str) -> None:
    """ConflictError where the action does not fit the state; it says what does."""
    transitions.check_state(TRANSITIONS, STATES, row, state, label)
