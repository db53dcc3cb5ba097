"""Joins this room to the decisions room: new decisions become alerts, and its pages show alerts and cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.scope import Scope
from seawall.apps.cases import queries
from seawall.apps.cases.models import Alert, AlertHit, Case
from seawall.apps.cases.scopes import serials
from seawall.apps.cases.services import intake
from seawall.apps.cases.severity import RANKS
from seawall.apps.cases.states import ALERT_STATES, CASE_STATES
from seawall.apps.decisions.models import DecisionRow, Entity
from seawall.apps.decisions.registry import Followed, Neighbour, Related, register_follower, register_neighbour
from seawall.engine.pack.model import Action

_MOST = 20


def on_decisions(batch: Sequence[Followed]) -> None:
    """Called in the follower's transaction: exactly once a decision."""
    intake.apply(_decided(one) for one in batch)


def register() -> None:
    """Join; again changes nothing."""
    register_follower(on_decisions)
    register_neighbour(Neighbour("cases", of_decision, of_entity, within))


def of_decision(user: User, row: DecisionRow) -> Iterable[Related]:
    """The alerts that a decision raised or extended, and their cases."""
    return _related(user, queries.alerts(user).filter(hit_rows__sequence=row.sequence))


def of_entity(user: User, entity: Entity) -> Iterable[Related]:
    """Alerts about an entity, and the cases that name it."""
    alerts = queries.alerts(user).filter(entity_kind=entity.kind, entity_value=entity.value).order_by("-last_at")
    cases = queries.cases(user).filter(entities__kind=entity.kind, entities__value=entity.value).order_by("-opened_at")
    return [*_related(user, alerts), *(_case(one) for one in cases[:_MOST])]


def within(scope: Scope) -> QuerySet[AlertHit] | None:
    """Decisions that belong to the cases or queues of a scope."""
    if scope.cases is None and scope.queues is None:
        return None
    alerts = Alert.objects.all()
    if scope.queues is not None:
        alerts = alerts.filter(queue__key__in=scope.queues)
    if scope.cases is not None:
        alerts = alerts.filter(case_links__removed_at=None, case_links__case__serial__in=serials(scope.cases))
    return AlertHit.objects.filter(alert__in=alerts).values("sequence")


def _related(user: User, alerts: QuerySet[Alert]) -> list[Related]:
    found: list[Related] = []
    for alert in alerts[:_MOST]:
        url = reverse("cases:alert", args=[alert.pk])
        found.append(Related(alert.headline, url, _("Alert"), ALERT_STATES[alert.state]))
    cases = queries.cases(user).filter(
        alert_links__alert__in=alerts.order_by().values("pk"), alert_links__removed_at=None
    )
    return found + [_case(one) for one in cases.distinct()[:_MOST]]


def _case(case: Case) -> Related:
    return Related(str(case), reverse("cases:case", args=[case.pk]), _("Case"), CASE_STATES[case.state])


def _decided(one: Followed) -> intake.Decided:
    row = one.row
    fired = [
        intake.Fired(rule.rule, RANKS.get(rule.severity, 1), rule.reason, rule.title, _opens(rule.actions))
        for rule in one.fired
    ]
    return intake.Decided(
        sequence=row.sequence, event_id=row.event_id, event_type=row.event_type, outcome=row.outcome, score=row.score,
        at=datetime.fromtimestamp(row.effective_at / 1000, UTC), fired=fired, entities=one.entities,
        decision_id=str(row.decision_id),
    )  # fmt: skip


def _opens(actions: Sequence[Action]) -> str | None:
    """The queue that an action open_case names, "" for none; None without such an action."""
    found = next((one for one in actions if one.type == "open_case"), None)
    return None if found is None else str(found.parameters.get("queue", ""))
