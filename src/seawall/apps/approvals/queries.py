"""Reading requests: what waits for a person, what a request would change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.approvals.kinds import KindError, kind_of, kinds
from seawall.apps.approvals.models import PENDING, Request
from seawall.apps.audit.words import field_title
from seawall.apps.errors import UnknownError


@dataclass(frozen=True)
class Change:
    """One field of a request: what it is now and what it would become, as texts for people."""

    field: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether the request touches it."""
        return self.before != self.after


def requests_for(user: User) -> QuerySet[Request]:
    """Requests a person may know of: their own, and those of kinds they may check."""
    checkable = [kind.key for kind in kinds() if user.has_perm(kind.check)]
    return Request.objects.filter(Q(maker=user) | Q(kind__in=checkable)).select_related("maker", "checker")


def waiting_for(user: User) -> QuerySet[Request]:
    """Pending requests that this person could decide."""
    pending = requests_for(user).filter(state=PENDING, expires_at__gt=timezone.now())
    return pending.exclude(maker=user)


def get_request(user: User, request_id: UUID) -> Request:
    """One request. UnknownError where there is none that this person may know of."""
    found = requests_for(user).filter(pk=request_id).first()
    if found is None:
        raise UnknownError(_("There is no such request."))
    return found


def changes(request: Request) -> list[Change]:
    """Field by field, those that change first."""
    try:
        describe = kind_of(request.kind).describe or _plain
    except KindError:
        describe = _plain
    fields = {**request.before, **request.payload}
    found = []
    for key in fields:
        label, after = describe(key, request.payload.get(key, request.before.get(key)))
        before = describe(key, request.before[key])[1] if key in request.before else ""
        if before or after:
            found.append(Change(label, before, after))
    return sorted(found, key=lambda change: not change.changed)


def evidence(request: Request) -> str:
    """What the room that asks shows beside the fields, as markup; "" where it shows nothing or is gone."""
    try:
        show = kind_of(request.kind).evidence
    except KindError:
        return ""
    return show(request) if show else ""


def _plain(key: str, value: Any) -> tuple[str, str]:
    return str(field_title(key)), value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
