"""Commands on webhook endpoints, and telling them what happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.signals import post_save
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.accounts.sealed import seal
from seawall.apps.approvals import services as approvals
from seawall.apps.approvals.models import Request
from seawall.apps.audit.models import Outbox
from seawall.apps.audit.services import SYSTEM, record
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.ids import uuid7
from seawall.apps.outbox import handlers, services, signing, webhook_channel
from seawall.apps.outbox.guard import TargetError, place_of
from seawall.apps.outbox.models import Delivery, Endpoint, Secret
from seawall.apps.reasons import reason_of
from seawall.console.words import Word, words

PERMISSION, APPROVE = "outbox.endpoints", "outbox.approve"
CHANGE = "outbox.endpoint"  # the kind of four-eyes request
PING, DIRECT = "ping", "action.webhook"
NOTICE = "notice"  # what a delivery about something that happened is filed under
OVERLAP = timedelta(hours=24)  # for which an old secret signs beside the new one
MOST_ENDPOINTS = 50

# What a receiver may be told of: commands as the ledger knows them (ids, codes and counts, no personal data), and
# decisions that did not simply approve.
KINDS = words(
    Word("decision.challenge", gettext_lazy("Decision: challenge")),
    Word("decision.review", gettext_lazy("Decision: review")),
    Word("decision.decline", gettext_lazy("Decision: decline")),
    Word("case.opened", gettext_lazy("Case opened")),
    Word("case.escalated", gettext_lazy("Case escalated")),
    Word("case.overdue", gettext_lazy("Case overdue")),
    Word("case.closed", gettext_lazy("Case closed")),
    Word("case.reopened", gettext_lazy("Case reopened")),
    Word("approval.submitted", gettext_lazy("Approval asked for")),
    Word("approval.approved", gettext_lazy("Approval given")),
    Word("approval.rejected", gettext_lazy("Approval refused")),
    Word("action.effective", gettext_lazy("Action in effect")),
    Word("action.undone", gettext_lazy("Action undone")),
    Word("action.failed", gettext_lazy("Action failed")),
)


@dataclass(frozen=True)
class Made:
    """A new secret: shown once, kept sealed."""

    endpoint: Endpoint
    key_id: str
    secret: str


def create(user: User, name: str, url: str, kinds: Sequence[str], reason: str) -> Made:
    """Ask for a new endpoint: it has its first secret at once, and gets nothing before a second person agrees.

    InvalidError for a URL or kind that cannot be, ConflictError for a name that is taken."""
    check(user, PERMISSION)
    endpoint = Endpoint(
        name=_name(name), url=_url(url), kinds=_kinds(kinds), created_by=user, active=False, agreed=False
    )
    with transaction.atomic():
        if Endpoint.objects.count() >= MOST_ENDPOINTS:
            raise ConflictError(_("There are %(most)d endpoints already; remove one.") % {"most": MOST_ENDPOINTS})
        try:
            with transaction.atomic():
                endpoint.save(force_insert=True)
        except IntegrityError:
            raise ConflictError(_("There is an endpoint of this name already.")) from None
        made = _new_secret(endpoint)
        _ask(user, endpoint, endpoint.url, endpoint.kinds, reason, before={})
        _record(user, "endpoint.proposed", endpoint, key_id=made.key_id)
    return made


def change(user: User, endpoint_id: UUID, url: str, kinds: Sequence[str], reason: str) -> Request:
    """Ask for another URL or other events; a second person decides. What waits then goes to the new URL."""
    with transaction.atomic():
        endpoint = _locked(user, endpoint_id)
        url, wanted = _url(url), _kinds(kinds)
        if (url, wanted) == (endpoint.url, endpoint.kinds):
            raise InvalidError(_("Nothing would change."))
        before = {"url": endpoint.url, "kinds": endpoint.kinds}
        request = _ask(user, endpoint, url, wanted, reason, before)
        _record(user, "endpoint.change_proposed", endpoint)
    return request


def turn(user: User, endpoint_id: UUID, active: bool) -> Endpoint:
    """Switch it on or off. What waits is kept meanwhile."""
    with transaction.atomic():
        endpoint = _locked(user, endpoint_id)
        endpoint.active = active
        endpoint.save(update_fields=["active"])
        _record(user, "endpoint.changed", endpoint)
    return endpoint


def execute(request: Request, checker: User) -> None:
    """A second person agreed. ConflictError where the endpoint is gone, InvalidError where its URL has become none."""
    endpoint = Endpoint.objects.select_for_update().filter(pk=request.object_id).first()
    if endpoint is None:
        raise ConflictError(_("There is no such endpoint."))
    endpoint.url, endpoint.kinds = _url(request.payload["url"]), _kinds(request.payload["kinds"])
    action = "endpoint.changed" if endpoint.agreed else "endpoint.created"
    if not endpoint.agreed:
        endpoint.agreed = endpoint.active = True
    endpoint.save()
    _record(checker, action, endpoint)


def dropped(request: Request) -> None:
    """The request came to nothing: an endpoint that nobody agreed to goes."""
    Endpoint.objects.filter(pk=request.object_id, agreed=False).delete()


def rotate(user: User, endpoint_id: UUID, now: datetime | None = None) -> Made:
    """A new secret; the present one signs beside it for OVERLAP. ConflictError while two are valid already."""
    at = now or timezone.now()
    with transaction.atomic():
        endpoint = _locked(user, endpoint_id)
        if len(list(endpoint.keys(at))) > 1:
            raise ConflictError(_("Two secrets are valid at this moment; end the old one, or wait until it ends."))
        endpoint.secrets.filter(ends_at=None).update(ends_at=at + OVERLAP)
        made = _new_secret(endpoint)
        _record(user, "endpoint.secret_replaced", endpoint, key_id=made.key_id)
    return made


def end_old(user: User, endpoint_id: UUID, now: datetime | None = None) -> int:
    """End the secrets that are being replaced, now; how many."""
    at = now or timezone.now()
    with transaction.atomic():
        endpoint = _locked(user, endpoint_id)
        ended = endpoint.secrets.filter(ends_at__gt=at).update(ends_at=at)
        if ended:
            _record(user, "endpoint.secret_ended", endpoint)
    return ended


def ping(user: User, endpoint_id: UUID) -> Delivery:
    """A test message."""
    with transaction.atomic():
        endpoint = _locked(user, endpoint_id)
        sent = _put(
            endpoint,
            PING,
            {},
            key=f"ping:{uuid7()}",
            of=("endpoint", endpoint.pk),
            about=("endpoint", endpoint.pk),
            actor=user,
        )
        _record(user, "endpoint.pinged", endpoint)
    return sent


def publish(kind: str, data: Mapping[str, Any], *, key: str, about: tuple[str, object],
            actor: User | str = SYSTEM) -> int:  # fmt: skip
    """Tell every active endpoint that wants to know, in the caller's transaction; in order for each object."""
    wanted = [one for one in Endpoint.objects.filter(active=True) if kind in one.kinds]
    for endpoint in wanted:
        _put(endpoint, kind, data, key=f"{key}:{endpoint.pk}", of=about, about=(NOTICE, about[1]), actor=actor)
    return len(wanted)


def tell(endpoint: Endpoint, data: Mapping[str, Any], *, key: str, about: tuple[str, object],
         actor: User | str = SYSTEM, undo_of: UUID | None = None) -> Delivery:  # fmt: skip
    """Tell one endpoint what an action wants of it."""
    return _put(endpoint, DIRECT, data, key=key, of=about, about=about, actor=actor, undo_of=undo_of)


def _put(endpoint: Endpoint, kind: str, data: Mapping[str, Any], *, key: str, of: tuple[str, object],
         about: tuple[str, object], actor: User | str, undo_of: UUID | None = None) -> Delivery:  # fmt: skip
    known = Delivery.objects.filter(key=key).first()  # its body bears the time of its first putting
    at = known.body.get("at") if known is not None else None
    body = {"id": key, "kind": kind, "at": at or timezone.now().isoformat(timespec="milliseconds"),
            "object": {"type": of[0], "id": str(of[1])}, "data": dict(data)}  # fmt: skip
    order = f"webhook/{endpoint.pk}/{of[0]}/{of[1]}"[:200]
    return services.put(webhook_channel.KEY, str(endpoint.pk), body, key=key, order=order, actor=actor, about=about,
                        undo_of=undo_of)  # fmt: skip


def on_entry(sender: object, instance: Outbox, created: bool, **_more: object) -> None:
    """A command was recorded: whoever subscribed is told, in the same transaction."""
    if created and instance.action in KINDS:
        data = {"actor": instance.actor, **instance.data}
        publish(instance.action, data, key=f"entry:{instance.key}", about=(instance.object_type, instance.object_id))


def register() -> None:
    """Hear of every command; that a notice arrived is no command and no entry."""
    handlers.on(NOTICE, delivered=lambda delivery: None)
    post_save.connect(on_entry, sender=Outbox, dispatch_uid="outbox.webhooks")


# --- checks -----------------------------------------------------------------------------------------------------------


def _name(name: str) -> str:
    name = name.strip().lower()
    if not name or len(name) > 64 or not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        text = _("Give a name of letters, digits, - and _.")
        raise InvalidError(text, {"name": text})
    return name


def _url(url: str) -> str:
    try:
        place_of(url.strip(), webhook_channel.rules())
    except TargetError as error:
        text = _("This URL cannot be a receiver: %(why)s.") % {"why": error}
        raise InvalidError(text, {"url": text}) from None
    return url.strip()


def _kinds(kinds: Sequence[str]) -> list[str]:
    if unknown := [one for one in kinds if one not in KINDS]:
        text = _("There is no event %(kind)s.") % {"kind": unknown[0][:40]}
        raise InvalidError(text, {"kinds": text})
    return [one for one in KINDS if one in set(kinds)]


def _locked(user: User, endpoint_id: UUID) -> Endpoint:
    check(user, PERMISSION)
    found = Endpoint.objects.select_for_update().filter(pk=endpoint_id).first()
    if found is None:
        raise UnknownError(_("There is no such endpoint."))
    if not found.agreed:
        raise ConflictError(_("Nobody has agreed to this endpoint yet."))
    return found


def _ask(user: User, endpoint: Endpoint, url: str, kinds: Sequence[str], reason: str,
         before: Mapping[str, Any]) -> Request:  # fmt: skip
    payload = {"name": endpoint.name, "url": url, "kinds": list(kinds)}
    return approvals.submit(
        user, CHANGE, "endpoint", endpoint.pk, payload, reason_of(reason), before=before, title=endpoint.name
    )


def _new_secret(endpoint: Endpoint) -> Made:
    key_id, secret = signing.new_secret()
    Secret.objects.create(endpoint=endpoint, key_id=key_id, sealed=seal(secret))
    return Made(endpoint, key_id, secret)


def _record(user: User, action: str, endpoint: Endpoint, **data: Any) -> None:
    about = {"name": endpoint.name, "active": endpoint.active, "kinds": endpoint.kinds, **data}
    record(user, action, "endpoint", endpoint.pk, about, private={"url": endpoint.url})
