"""Reading actions."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.decisions.models import DecisionRow
from seawall.apps.errors import UnknownError
from seawall.apps.outbox.models import Delivery
from seawall.apps.response.adapters import ABOUT, adapter_of
from seawall.apps.response.kinds import KINDS, ActionKind
from seawall.apps.response.models import Action

VIEW = "actions.view"


def actions(user: User) -> QuerySet[Action]:
    """The actions this person may see. DeniedError without the permission."""
    check(user, VIEW)
    return Action.objects.select_related("person", "approved_by")


def get_action(user: User, action_id: UUID) -> Action:
    """One. UnknownError where there is none."""
    found = actions(user).filter(pk=action_id).first()
    if found is None:
        raise UnknownError(_("There is no such action."))
    return found


def deliveries_of(action: Action) -> list[Delivery]:
    """What carries it out and takes it back, in order."""
    return list(Delivery.objects.filter(about_type=ABOUT, about_id=str(action.pk)).order_by("position"))


def offered(target_kind: str = "") -> list[ActionKind]:
    """The types that have an adapter here; with a target, those that are done to one."""
    return [one for one in KINDS.values() if adapter_of(one.key) and (one.target or not target_kind)]


def decision_of(action: Action) -> DecisionRow | None:
    """The decision it came of."""
    return DecisionRow.objects.filter(sequence=action.decision).first() if action.decision is not None else None


def rules() -> list[str]:
    """Every rule that an action came of."""
    return sorted(Action.objects.exclude(rule="").order_by().values_list("rule", flat=True).distinct())
