"""Reading challenges. Whoever may see a decision may see its challenges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.challenges.models import Challenge
from seawall.apps.challenges.words import ENDS, OPEN
from seawall.apps.decisions.models import DecisionRow
from seawall.apps.decisions.selection import anything, visible
from seawall.apps.errors import UnknownError


def challenges(user: User) -> QuerySet[Challenge]:
    """The challenges of the decisions that this person may see, each with its decision."""
    reach, rows = visible(user), Challenge.objects.select_related("decision")
    return rows.filter(decision__in=reach.values("pk")) if reach.query.where else rows


def get_challenge(user: User, challenge_id: UUID) -> Challenge:
    """One of them. UnknownError where there is none within the person's reach."""
    found = challenges(user).filter(pk=challenge_id).first()
    if found is None:
        raise UnknownError(_("There is no such challenge."))
    return found


def found_by(text: str) -> Q:
    """What the search box finds: by the id of the challenge or of either decision, of an event, of an entity."""
    try:
        key = UUID(text)
    except ValueError:
        return Q(decision__in=DecisionRow.objects.filter(anything(text)).values("pk"))
    return Q(pk=key) | Q(result_id=key) | Q(decision__decision_id=key)


def of_decision(user: User, row: DecisionRow) -> list[Challenge]:
    """The challenges that a decision led to, oldest first."""
    return list(challenges(user).filter(decision=row.pk).order_by("opened_at", "id"))


def that_ended_in(user: User, row: DecisionRow) -> Challenge | None:
    """The challenge on whose result this decision was made."""
    return challenges(user).filter(result_id=row.decision_id).first()


def result_of(user: User, one: Challenge) -> DecisionRow | None:
    """The decision on its result, within the person's reach."""
    return visible(user).filter(decision_id=one.result_id).first() if one.result_id else None


def methods() -> list[str]:
    """Every method that was used."""
    return sorted(Challenge.objects.order_by().values_list("method", flat=True).distinct())


@dataclass(frozen=True)
class Rate:
    """How the challenges of one kind by one provider ended."""

    kind: str
    provider: str
    ends: Counter[str]

    @property
    def ended(self) -> int:
        """How many are over."""
        return sum(self.ends[end] for end in ENDS)

    def share(self, end: str) -> float:
        """Of those that are over."""
        return self.ends[end] / self.ended if self.ended else 0.0


def rates(user: User, since: int) -> list[Rate]:
    """By kind and provider, of the challenges opened since (ms); those with most first. Open ones are counted too."""
    rows = challenges(user).filter(opened_at__gte=since).order_by()
    found: dict[tuple[str, str], Counter[str]] = {}
    for kind, provider, state, count in rows.values_list("kind", "provider", "state").annotate(count=Count("*")):
        found.setdefault((kind, provider), Counter())[state] += count
    made = [Rate(kind, provider, ends) for (kind, provider), ends in found.items()]
    return sorted(made, key=lambda one: (-sum(one.ends.values()), one.kind, one.provider))


def overall(found: Sequence[Rate]) -> Rate:
    """All of them together."""
    return Rate("", "", sum((one.ends for one in found), Counter({OPEN: 0})))


def stuck() -> int:
    """How many results wait because the policy could not decide on them."""
    return Challenge.objects.filter(stuck=True).count()
