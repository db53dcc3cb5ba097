"""Joins this room to the decisions room: a decision shows its challenges, and a result what it was the result of."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.challenges import queries
from seawall.apps.challenges.models import Challenge
from seawall.apps.challenges.words import KINDS, STATES
from seawall.apps.decisions.models import DecisionRow
from seawall.apps.decisions.registry import Neighbour, Related, register_neighbour
from seawall.console import formatting
from seawall.console.words import OUTCOMES, word


def register() -> None:
    """Join; again changes nothing."""
    register_neighbour(Neighbour("challenges", of_decision))


def of_decision(user: User, row: DecisionRow) -> Iterable[Related]:
    """The challenges of a decision, each with the decision on its result; or the one that it is the result of."""
    for one in queries.of_decision(user, row):
        yield _challenge(one)
        result = queries.result_of(user, one)
        if result is not None:
            yield _decision(result, _("Decision on the result"))
    if row.event_type == "challenge.result":
        came_of = queries.that_ended_in(user, row)
        if came_of is not None:
            yield _challenge(came_of)
            yield _decision(came_of.decision, _("Challenged decision"))


def _challenge(one: Challenge) -> Related:
    title = word(KINDS, one.kind).title
    return Related(title, reverse("challenges:challenge", args=[one.pk]), _("Challenge"), word(STATES, one.state))


def _decision(row: DecisionRow, kind: str) -> Related:
    address = reverse("decisions:decision", args=[row.decision_id])
    return Related(formatting.when(row.effective_at), address, kind, word(OUTCOMES, row.outcome))
