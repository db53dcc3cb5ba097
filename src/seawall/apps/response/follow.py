"""Joins this room to the decisions room: fired rules' actions are taken, and its pages show actions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from seawall.apps.accounts.models import User
from seawall.apps.decisions.models import DecisionRow, Entity
from seawall.apps.decisions.reading import titles
from seawall.apps.decisions.reduce import kinds_of
from seawall.apps.decisions.registry import Fired, Followed, Neighbour, Related, register_follower, register_neighbour
from seawall.apps.outbox import webhooks
from seawall.apps.response import services
from seawall.apps.response.kinds import KINDS
from seawall.apps.response.models import Action
from seawall.apps.response.services import Wish
from seawall.apps.response.states import STATES
from seawall.console.pages import Action as Button
from seawall.engine.pack.model import Action as Wanted
from seawall.engine.pack.model import Pack

ELSEWHERE = frozenset({"open_case", "challenge"})  # the cases room opens cases; a challenge is the answer itself
TOO_OLD = timedelta(
    hours=1
)  # what is followed later (a new index over an old journal) is history, and acted on no more
_MOST = 20


def on_decisions(batch: Sequence[Followed], now: datetime | None = None) -> None:
    """Called in the follower's transaction: exactly once a decision."""
    at, pack = now or timezone.now(), cache(_pack)
    for one in batch:
        if at - _instant(one.row.received_at) > TOO_OLD or at - _instant(one.row.effective_at) > TOO_OLD:
            continue
        for fired in one.fired:
            for number, wanted in enumerate(fired.actions):
                if wanted.type in KINDS and wanted.type not in ELSEWHERE:
                    wish = wish_of(one, fired, wanted, pack())
                    services.take_by_rule(wish, fired.rule, f"rule:{one.row.sequence}:{fired.rule}:{number}", at)
        if f"decision.{one.row.outcome}" in webhooks.KINDS:
            _publish(one)


def wish_of(one: Followed, fired: Fired, wanted: Wanted, pack: Pack | None) -> Wish:
    """What a fired rule wants, about the entity of this event that it names."""
    given = dict(wanted.parameters)
    field, listed = str(given.pop("key", "")), str(given.get("list", ""))
    if not field and pack is not None and listed in pack.lists:
        field = pack.lists[listed].key
    kind, value = _target(one, field, pack)
    kept = {*KINDS[wanted.type].parameters, *KINDS[wanted.type].optional}
    ttl = timedelta(milliseconds=wanted.ttl_ms) if wanted.ttl_ms else None
    reason = fired.title.get("zh") or fired.title.get("en") or fired.rule
    return Wish(wanted.type, reason, kind, value, {name: given[name] for name in given if name in kept}, ttl,
                decision=one.row.sequence)  # fmt: skip


def _pack() -> Pack | None:
    policy = titles()
    return policy.pack if policy is not None else None


def _target(one: Followed, field: str, pack: Pack | None) -> tuple[str, str]:
    """(kind of entity, value): of the field that is named, else the subject of the event."""
    if not field:
        return one.row.subject_kind, one.row.subject
    value = one.event.fields.get(field)
    if value is None:
        return "", ""
    declared = pack.events.get(one.row.event_type) if pack is not None else None
    return (kinds_of(declared).get(field, field) if declared else field), str(value)


def _publish(one: Followed) -> None:
    """Tell endpoints of a decision that did not simply approve, in order for each subject."""
    row = one.row
    data = {
        "decision_id": str(row.decision_id), "sequence": row.sequence, "event_id": row.event_id, "type": row.event_type,
        "outcome": row.outcome, "score": row.score, "policy": row.policy, "at": row.effective_at,
        "reasons": sorted({fired.reason for fired in one.fired if fired.reason}), "rules": list(row.rules),
    }  # fmt: skip
    about = (row.subject_kind or "decision", row.subject or str(row.decision_id))
    webhooks.publish(f"decision.{row.outcome}", data, key=f"decision:{row.sequence}", about=about)


def register() -> None:
    """Join; again changes nothing."""
    register_follower(on_decisions)
    register_neighbour(Neighbour("response", of_decision, of_entity, acts=offers))


def offers(kind: str, value: str, **about: object) -> list[Button]:
    """The button on pages of entities, decisions and cases."""
    asked = {"target_kind": kind, "target": value, **{name: str(one) for name, one in about.items()}}
    url = f"{reverse('response:choose')}?{urlencode(asked)}"
    return [Button(_("Take an action"), url, "bolt", permission=services.START)]


def of_decision(user: User, row: DecisionRow) -> Iterable[Related]:
    """The actions that a decision caused, or that people took on its page."""
    return _related(user, Action.objects.filter(decision=row.sequence).order_by("created_at"))


def of_entity(user: User, entity: Entity) -> Iterable[Related]:
    """The newest actions on an entity."""
    found = Action.objects.filter(target_kind=entity.kind, target=entity.value).order_by("-created_at")
    return _related(user, found)


def _related(user: User, rows: Iterable[Action]) -> list[Related]:
    if not user.has_perm("actions.view"):
        return []
    newest = list(rows[:_MOST])  # type: ignore[index]
    return [
        Related(KINDS[one.kind].title, reverse("response:action", args=[one.pk]), pgettext("action", "Action"),
                STATES[one.state])
        for one in newest
    ]  # fmt: skip


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
