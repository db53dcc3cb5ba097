"""Four-eyes commands: submit, approve, reject, withdraw, expire. Whoever makes a request never decides it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check, in_session
from seawall.apps.approvals.kinds import kind_of
from seawall.apps.approvals.models import APPROVED, EXPIRED, PENDING, REJECTED, WITHDRAWN, Request
from seawall.apps.audit.services import SYSTEM, record
from seawall.apps.errors import ConflictError, DeniedError, InvalidError, UnknownError
from seawall.apps.timers import services as timers

EXPIRY = "approvals.expire"
LONGEST_TEXT = 500


def submit(
    maker: User,
    kind_key: str,
    object_type: str,
    object_id: object,
    payload: Mapping[str, Any],
    reason: str,
    *,
    title: str = "",
    before: Mapping[str, Any] | None = None,
    lifetime: timedelta | None = None,
) -> Request:
    """Ask for something. DeniedError, InvalidError (no reason), ConflictError (the same object already waits)."""
    kind = kind_of(kind_key)
    check(maker, kind.make)
    expires_at = timezone.now() + (lifetime or kind.lifetime)
    request = Request(
        kind=kind.key, object_type=object_type, object_id=str(object_id), object_title=title[:200],
        payload=dict(payload), before=dict(before or {}), maker=maker, reason=_text(reason, required=True),
        expires_at=expires_at,
    )  # fmt: skip
    with transaction.atomic():
        try:
            with transaction.atomic():
                request.save(force_insert=True)
        except IntegrityError:
            raise ConflictError(_("A request of this kind already waits for this object; decide it first.")) from None
        timers.start(EXPIRY, "approval", request.pk, due_at=expires_at)
        _record(maker, "approval.submitted", request, expires_at=expires_at.isoformat())
    return request


def approve(checker: User, request_id: UUID, comment: str = "") -> Request:
    """Carry the request out and close it, both in one transaction, once.

    DeniedError: no permission, or one's own request; ConflictError: decided, expired, or no longer possible.
    """
    with transaction.atomic():
        request = _open_for(checker, request_id)
        _close(request, APPROVED, checker, comment)
        kind_of(request.kind).execute(request, checker)
        _record(checker, "approval.approved", request)
    return request


def reject(checker: User, request_id: UUID, comment: str) -> Request:
    """Refuse the request; the maker reads why. Same errors as approve, and InvalidError without a comment."""
    _text(comment, required=True)
    with transaction.atomic():
        request = _open_for(checker, request_id)
        _close(request, REJECTED, checker, comment)
        _record(checker, "approval.rejected", request)
    return request


def withdraw(maker: User, request_id: UUID) -> Request:
    """Take back one's own request. DeniedError for somebody else's."""
    with transaction.atomic():
        request = _pending(request_id)
        if request.maker_id != maker.pk:
            raise DeniedError("", _("Only the person who made a request can withdraw it."))
        _close(request, WITHDRAWN, None, "")
        _record(maker, "approval.withdrawn", request)
    return request


def expire(request_id: UUID) -> None:
    """Close a request whose time is over; one that was decided meanwhile stays as it is. Called by its timer."""
    with transaction.atomic():
        request = Request.objects.select_for_update().filter(pk=request_id, state=PENDING).first()
        if request is not None:
            _close(request, EXPIRED, None, "")
            _record(SYSTEM, "approval.expired", request)


def may_decide(user: User, request: Request) -> bool:
    """Whether this person could approve or reject the request."""
    kind = kind_of(request.kind)
    facts = kind.facts(request) if kind.facts else None
    return request.pending and request.maker_id != user.pk and user.has_perm(kind.check, facts)


def _open_for(checker: User, request_id: UUID) -> Request:
    request = _pending(request_id)
    kind = kind_of(request.kind)
    in_session(checker, kind.check)
    check(checker, kind.check, kind.facts(request) if kind.facts else None)
    if request.maker_id == checker.pk:
        raise DeniedError(kind.check, _("You made this request; a second person must decide it."))
    if not request.pending:
        raise ConflictError(_("This request has expired; ask its maker to submit it again."))
    return request


def _pending(request_id: UUID) -> Request:
    request = Request.objects.select_for_update().select_related("maker").filter(pk=request_id).first()
    if request is None:
        raise UnknownError(_("There is no such request."))
    if request.state != PENDING:
        raise ConflictError(_("This request is already closed: %(state)s.") % {"state": request.get_state_display()})
    return request


def _close(request: Request, state: str, checker: User | None, comment: str) -> None:
    request.state, request.checker = state, checker
    request.decided_at, request.comment = timezone.now(), _text(comment)
    request.save(update_fields=["state", "checker", "decided_at", "comment"])
    if state != EXPIRED:
        timers.cancel(EXPIRY, "approval", request.pk)


def _text(text: str, required: bool = False) -> str:
    text = text.strip()
    if required and not text:
        raise InvalidError(_("Give a reason: the second person and the ledger need it."), {"reason": _("Required.")})
    if len(text) > LONGEST_TEXT:
        raise InvalidError(_("At most %(most)d characters.") % {"most": LONGEST_TEXT}, {"reason": _("Too long.")})
    return text


def _record(actor: User | str, action: str, request: Request, **data: Any) -> None:
    texts = {"reason": request.reason} | ({"comment": request.comment} if request.comment else {})
    about = {"kind": request.kind, "object_type": request.object_type, "object_id": request.object_id, **data}
    record(actor, action, "approval", request.pk, about, private=texts)
