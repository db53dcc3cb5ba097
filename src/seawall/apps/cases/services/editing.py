"""What every command on an alert or case shares: locking, visibility, stale edits, the ledger entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.audit.models import Outbox
from seawall.apps.audit.services import record
from seawall.apps.cases.changes import described
from seawall.apps.cases.models import Alert, Case
from seawall.apps.cases.scopes import visible_alerts, visible_cases
from seawall.apps.errors import InvalidError, StaleError, UnknownError

LONGEST_REASON = 500
ALERT, CASE = "alert", "case"
Actor = User | str


def locked_case(user: User, case_id: UUID, permission: str, version: int | None = None) -> Case:
    """The case, locked for the running transaction.

    UnknownError where this person may not know of it, DeniedError without the permission on it, StaleError where it is
    no longer the version they read.
    """
    check(user, "cases.view")
    case = Case.objects.select_for_update().select_related("queue", "assignee").filter(pk=case_id).first()
    if case is None or not visible_cases(user).filter(pk=case_id).exists():
        raise UnknownError(_("There is no such case, or it is not for you to see."))
    check(user, permission, case)
    _check_version(CASE, case, version)
    return case


def locked_alert(user: User, alert_id: UUID, permission: str, version: int | None = None) -> Alert:
    """The alert, locked; errors as of locked_case."""
    check(user, "alerts.view")
    alert = Alert.objects.select_for_update().select_related("queue").filter(pk=alert_id).first()
    if alert is None or not visible_alerts(user).filter(pk=alert_id).exists():
        raise UnknownError(_("There is no such alert, or it is not for you to see."))
    check(user, permission, alert)
    _check_version(ALERT, alert, version)
    return alert


def changes_since(object_type: str, object_id: object, version: int) -> list[Outbox]:
    """Ledger entries of a record after a version of it, the oldest first."""
    rows = Outbox.objects.filter(object_type=object_type, object_id=str(object_id), data__version__gt=version)
    return list(rows.order_by("id"))


def _check_version(object_type: str, row: Alert | Case, version: int | None) -> None:
    if version is None or version == row.version:
        return
    changes = changes_since(object_type, row.pk, version)
    said = "; ".join(described(one) for one in changes[-5:]) or _("a change without an entry")
    raise StaleError(
        _("This was changed after you opened it: %(changes)s. Reload, then decide again.") % {"changes": said}, changes
    )


def save(
    actor: Actor,
    action: str,
    row: Alert | Case,
    changed: Mapping[str, object],
    reason: str = "",
    data: Mapping[str, Any] | None = None,
    private: Mapping[str, str] | None = None,
) -> Outbox:
    """Set fields of a locked record, raise its version and write the entry that says what changed from what to what."""
    before = {name: getattr(row, name) for name in changed}
    for name, value in changed.items():
        setattr(row, name, value)
    row.version += 1
    row.save(update_fields=[*changed, "version"])
    told = {name: [_plain(before[name]), _plain(value)] for name, value in changed.items() if before[name] != value}
    about = {"version": row.version, "changed": told, **(data or {})}
    kept = dict(private or {}) | ({"reason": reason} if reason else {})
    return record(actor, action, row._meta.model_name or "", row.pk, about, private=kept or None)


def reason_text(text: str, required: bool) -> str:
    """A reason as it is kept. InvalidError where it is missing or too long."""
    text = " ".join(text.split())
    if required and not text:
        raise InvalidError(_("Give a reason; it is kept with the record."), {"reason": _("Required.")})
    if len(text) > LONGEST_REASON:
        raise InvalidError(_("A reason has at most %(most)d characters.") % {"most": LONGEST_REASON},
                           {"reason": _("Too long.")})  # fmt: skip
    return text


def _plain(value: object) -> object:
    if isinstance(value, Model):
        return str(value.pk)
    return value if value is None or isinstance(value, bool | int) else str(value)
