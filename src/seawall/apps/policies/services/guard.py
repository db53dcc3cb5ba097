"""Champion and challenger held against each other, and the challenger stopped where it strays too far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from seawall.analytics.challenger import Limits, Reason, Side, approval, check, loss_rate, psi
from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check as check_permission
from seawall.apps.audit.services import SYSTEM, record
from seawall.apps.errors import ConflictError
from seawall.apps.policies.models import Crossing, Deployment, GateReport, Labelled, Notice, Tally, Version
from seawall.apps.policies.models.deployment import ACTIVE, CHALLENGER, CHAMPION, STOP
from seawall.apps.policies.models.gate import SHADOW as SHADOW_REPORT
from seawall.apps.policies.services.deployments import Place, active, base, make, places
from seawall.apps.policies.services.gates import note
from seawall.apps.policies.states import EDIT

LOSS_LABEL = "fraud"
MOST_EPOCHS = 100
_STOPPED = gettext_noop(
    "%(policy)s was stopped as a challenger: %(limit)s, champion %(champion)s, challenger %(challenger)s"
)


@dataclass(frozen=True)
class Compared:
    """A challenger or shadow beside the champion.

    `champion` and `other` are judged by the same kind of events: for a challenger those that each served, for a shadow
    all events that both judged. `crossings`: (champion's outcome, the other's) -> (decisions, amount) on events that
    both judged and the champion served.
    """

    place: Place
    champion: Side
    other: Side
    crossings: dict[tuple[str, str], tuple[int, int]]
    epochs: tuple[int, ...]
    limits: Limits | None
    stops: Reason | None


def compare(deployment: Deployment | None = None) -> list[Compared]:
    """Every challenger and shadow of a deployment (the active one by default) beside its champion."""
    current = deployment or active()
    placed = places(current)
    champion = next((one for one in placed if one.role == CHAMPION), None)
    if current is None or champion is None or current.sequence is None:
        return []
    found = []
    for one in placed:
        if one.role == CHAMPION:
            continue
        epochs = epochs_of(current, champion, one)
        served = True if one.role == CHALLENGER else None
        sides = _side(epochs, champion.version.label, served), _side(epochs, one.version.label, served)
        limits = Limits(**one.limits) if one.role == CHALLENGER else None
        stops = check(*sides, limits) if limits is not None else None
        crossings = _crossings(epochs, champion.version.label, one.version.label)
        found.append(Compared(one, *sides, crossings, epochs, limits, stops))
    return found


def watch() -> list[Deployment]:
    """Stop the challenger where a limit is passed; called each minute. What is on its way already is left alone."""
    current = active()
    if current is None or base() != current:
        return []
    stopped = []
    for one in compare(current):
        if one.place.role == CHALLENGER and one.stops is not None:
            stopped.append(_stop(current, one, one.stops))
    return stopped


def keep(user: User, version: Version) -> GateReport:
    """Keep what a version has shown beside the champion so far. DeniedError; ConflictError where it runs nowhere."""
    check_permission(user, EDIT)
    report = keep_report(version, user)
    if report is None:
        raise ConflictError(_("%(policy)s runs beside no champion now: nothing to keep.") % {"policy": version.label})
    return report


def keep_report(version: Version, by: User | None) -> GateReport | None:
    """What a version that runs beside the champion has shown so far, as a gate report; None where it runs nowhere."""
    for one in compare():
        if one.place.version.pk == version.pk:
            champion = next(place for place in places(active()) if place.role == CHAMPION)
            summary = {
                "role": one.place.role, "champion": champion.version.label,
                "decisions": [one.champion.decisions, one.other.decisions],
                "approval": [round(approval(one.champion), 6), round(approval(one.other), 6)],
                "loss": [round(loss_rate(one.champion), 6), round(loss_rate(one.other), 6)],
                "psi": round(psi(one.champion.bands, one.other.bands), 4),
                "crossings": [[a, b, count, amount] for (a, b), (count, amount) in sorted(one.crossings.items())],
                "stops": one.stops.limit if one.stops else "",
            }  # fmt: skip
            passed = one.other.decisions > 0 and one.stops is None
            return note(version.digest, SHADOW_REPORT, passed, summary, against=champion.version.digest, by=by)
    return None


def epochs_of(deployment: Deployment, champion: Place, other: Place) -> tuple[int, ...]:
    """Journal records of the deployments, back from this one without a gap, in which these two had these roles: adding
    a shadow does not start the count anew."""
    wanted = {_key(champion), _key(other)}
    found: list[int] = []
    earlier = Deployment.objects.filter(outcome=ACTIVE, sequence__lte=deployment.sequence).order_by("-sequence")
    for one in earlier.prefetch_related("placements")[:MOST_EPOCHS]:
        if not wanted <= {(row.version_id, row.role, row.share, row.entity) for row in one.placements.all()}:
            break
        found.append(one.sequence)
    return tuple(found)


def _stop(current: Deployment, one: Compared, why: Reason) -> Deployment:
    label = one.place.version.label
    values = {
        "policy": label, "limit": why.limit, "champion": f"{100 * why.champion:.2f} %",
        "challenger": f"{100 * why.challenger:.2f} %",
    }  # fmt: skip
    with transaction.atomic():
        about = {
            "policy": label, "limit": why.limit, "bound": str(why.bound), "z": f"{why.z:.2f}",
            "champion": f"{why.champion:.6f}", "challenger": f"{why.challenger:.6f}",
            "decisions": [one.champion.decisions, one.other.decisions],
        }  # fmt: skip
        record(SYSTEM, "policy.challenger_stopped", "policy_version", one.place.version.pk, about)
        people = {p.pk: p for p in (current.by, one.place.version.author, one.place.version.policy.owner) if p}
        Notice.objects.bulk_create([
            Notice(person=person, version=one.place.version, text=_STOPPED, values=values) for person in people.values()
        ])  # fmt: skip
        after = [place for place in places(current) if place.version.pk != one.place.version.pk]
        return make(STOP, after, None, f"{why.limit}: {why.champion:.6f} / {why.challenger:.6f}, z {why.z:.2f}")


def _side(epochs: tuple[int, ...], policy: str, served: bool | None) -> Side:
    rows = Tally.objects.filter(_of(epochs, served), policy=policy)
    outcomes: Counter[str] = Counter()
    bands: Counter[int] = Counter()
    amount = 0
    for outcome, band, decisions, money in rows.values_list("outcome", "band", "decisions", "amount"):
        outcomes[outcome] += decisions
        bands[band] += decisions
        amount += money
    labelled: QuerySet[Labelled] = Labelled.objects.filter(_of(epochs, served), policy=policy, label=LOSS_LABEL)
    told = list(labelled.values_list("outcome", "decisions", "amount"))
    approved = [(decisions, money) for outcome, decisions, money in told if outcome == "approve"]
    return Side(
        dict(outcomes), dict(bands), amount, sum(decisions for _, decisions, _ in told),
        sum(decisions for decisions, _ in approved), sum(money for _, money in approved),
    )  # fmt: skip


def _crossings(epochs: tuple[int, ...], policy: str, other: str) -> dict[tuple[str, str], tuple[int, int]]:
    found: dict[tuple[str, str], tuple[int, int]] = {}
    rows = Crossing.objects.filter(epoch__in=epochs, policy=policy, other=other)
    for outcome, others, decisions, amount in rows.values_list("outcome", "others_outcome", "decisions", "amount"):
        before = found.get((outcome, others), (0, 0))
        found[outcome, others] = (before[0] + decisions, before[1] + amount)
    return found


def _of(epochs: tuple[int, ...], served: bool | None) -> Q:
    return Q(epoch__in=epochs) if served is None else Q(epoch__in=epochs, served=served)


def _key(place: Place) -> tuple[object, str, int, str]:
    return (place.version.pk, place.role, place.share, place.entity)
