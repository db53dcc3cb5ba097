"""Publishing: submitted by one person, approved by another, then told to the engine. Stopping and rolling back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check as check_permission
from seawall.apps.approvals import services as approvals
from seawall.apps.approvals.models import REJECTED as REQUEST_REJECTED
from seawall.apps.approvals.models import Request
from seawall.apps.audit.services import record
from seawall.apps.errors import InvalidError, UnknownError
from seawall.apps.policies.models import Deployment, Version
from seawall.apps.policies.models.deployment import CHALLENGER, CHAMPION, PUBLISH, ROLES, ROLLBACK, STOP
from seawall.apps.policies.services import deployments, gates
from seawall.apps.policies.services.moves import touch
from seawall.apps.policies.states import BACKTESTED, IN_REVIEW, REJECTED, SHADOW, check_state, transition
from seawall.apps.policies.states import CHALLENGER as AS_CHALLENGER

KIND = gates.PUBLISH
SHORTEST_REASON = 3


def submit(
    user: User, version_id: UUID, role: str, reason: str, *, share: int = 0, entity: str = "",
    limits: Mapping[str, Any] | None = None,
) -> Request:  # fmt: skip
    """Ask for a version to run as shadow, challenger or champion. Its unit cases pass and a backtest of exactly its
    content is in, else ConflictError says what is missing. DeniedError, InvalidError, UnknownError.
    """
    with transaction.atomic():
        version = _locked(version_id)
        row = transition("promote" if version.state in (SHADOW, AS_CHALLENGER) else "submit")
        check_permission(user, row.permission)
        check_state(row, version.state, version.label)
        gates.demand(version, row)
        place = deployments.wanted(version, role, share, entity, limits)
        deployments.with_place(deployments.places(deployments.base()), place)
        payload = {
            "policy": version.label, "digest": version.digest, "role": role, "share": place.share,
            "entity": place.entity, "limits": dict(place.limits),
        }  # fmt: skip
        request = approvals.submit(
            user, KIND, "policy_version", version.pk, payload, reason, title=version.label, before=_running()
        )
        if row.to:
            touch(version, row.to)
        record(user, "policy.submitted", "policy_version", version.pk, {"policy": version.label, "role": role})
    return request


def execute(request: Request, checker: User) -> None:
    """What an approval does: the deployment is made in its transaction. ConflictError where it no longer can be."""
    version = _locked(UUID(request.object_id))
    asked = request.payload
    gates.demand(version, transition("submit"), besides=("not_waiting",))
    place = deployments.wanted(version, asked["role"], asked["share"], asked["entity"], asked["limits"] or None)
    after = deployments.with_place(deployments.places(deployments.base()), place)
    deployments.make(PUBLISH, after, request.maker, request.reason, checker=checker)


def came_to_nothing(request: Request) -> None:
    """A request was rejected, withdrawn or expired, in that transaction."""
    version = _locked(UUID(request.object_id))
    if version.state == IN_REVIEW:
        touch(version, REJECTED if request.state == REQUEST_REJECTED else BACKTESTED)


def stop(user: User, version_id: UUID, reason: str) -> Deployment:
    """Take a challenger or a shadow out at once. DeniedError without policies.rollback; InvalidError: no reason."""
    row = transition("stop")
    check_permission(user, row.permission)
    said = _reason(reason)
    with transaction.atomic():
        version = _locked(version_id)
        check_state(row, version.state, version.label)
        after = [one for one in deployments.places(deployments.base()) if one.version.pk != version.pk]
        record(
            user, "policy.stopped", "policy_version", version.pk, {"policy": version.label}, private={"reason": said}
        )
        return deployments.make(STOP, after, user, said)


def roll_back(user: User, version_id: UUID, reason: str) -> Deployment:
    """Let an older champion decide again, at once and without a second person, which is why it needs a permission of
    its own and a reason. The challenger ends; shadows go on.
    """
    row = transition("roll_back")
    check_permission(user, row.permission)
    said = _reason(reason)
    with transaction.atomic():
        version = _locked(version_id)
        check_state(row, version.state, version.label)
        gates.demand(version, row)
        place = deployments.wanted(version, CHAMPION)
        after = deployments.with_place(deployments.places(deployments.base()), place)
        about = {"policy": version.label, "instead_of": _running().get(CHAMPION, "")}
        record(user, "policy.rolled_back", "policy_version", version.pk, about, private={"reason": said})
        return deployments.make(ROLLBACK, after, user, said)


def describe(key: str, value: Any) -> tuple[str, str]:
    """A field of a request in words."""
    titles = {
        "policy": _("Policy version"), "digest": _("Content"), "role": _("Role"), "share": _("Share"),
        "entity": _("Split by"), "limits": _("Stops at"), CHAMPION: _("Champion"), CHALLENGER: _("Challenger"),
        "shadow": _("Shadow"),
    }  # fmt: skip
    if key == "share":
        return str(titles[key]), f"{value / 100:g} %" if value else ""
    if key == "limits":
        return str(titles[key]), ", ".join(f"{name} {bound:g}" for name, bound in value.items() if bound)
    return str(titles.get(key, key)), str(value)


def _running() -> dict[str, str]:
    """What runs, by role, for the comparison that the second person sees."""
    now = deployments.places(deployments.base())
    return {role: ", ".join(one.version.label for one in now if one.role == role) for role in ROLES}


def _locked(version_id: UUID) -> Version:
    version = Version.objects.select_for_update().select_related("policy").filter(pk=version_id).first()
    if version is None:
        raise UnknownError(_("There is no such policy version."))
    return version


def _reason(reason: str) -> str:
    said = reason.strip()
    if len(said) < SHORTEST_REASON:
        raise InvalidError(_("Give a reason: it goes into the ledger."), {"reason": _("Required.")})
    return said
