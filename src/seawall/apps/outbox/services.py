"""Commands: put a delivery, and what an operator may do with one. Sending itself is `sending`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.audit.services import SYSTEM, actor_name, record
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.outbox import sending
from seawall.apps.outbox.channels import channel_of
from seawall.apps.outbox.models import LARGEST_BODY, Delivery, canonical
from seawall.apps.outbox.states import DELIVERED, OPEN, STUCK, step
from seawall.apps.reasons import reason_of

MANAGE = "outbox.manage"
KEPT = timedelta(days=180)
MOST_AT_ONCE = 5_000
_CLEARED_AT_ONCE = 500


def put(
    channel: str,
    target: str,
    body: Mapping[str, Any],
    *,
    key: str,
    order: str = "",
    actor: User | str = SYSTEM,
    about: tuple[str, object] = ("", ""),
    undo_of: UUID | None = None,
    not_before: datetime | None = None,
    soon: bool = True,
) -> Delivery:
    """Send `body` to `target` after this transaction has committed: at least once, in sequence within an `order`.

    `key` is the idempotency key: the same again is the same delivery, ConflictError where it has another body. `about`
    (type, id) names the cause; its room's handlers hear how it ends. `undo_of` names the delivery that this one undoes.
    `soon` False leaves the first try to the worker: for many at a time.
    InvalidError for a body that is too big or no JSON; RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("put() belongs into the transaction of the command that causes it")
    known_channel, text = channel_of(channel), _checked(body)
    row = Delivery(
        channel=channel, target=target, key=key, order=order, about_type=about[0], about_id=str(about[1]),
        actor=actor_name(actor), person=actor if isinstance(actor, User) else None, undo_of_id=undo_of,
    )  # fmt: skip
    row.next_at = not_before or row.created_at
    row.write(body, known_channel.private)
    if known := Delivery.objects.filter(key=key).first():
        return _same(known, row, text)
    before = Delivery.objects.select_for_update().filter(order=order, state__in=OPEN) if order else None
    row.ready = before is None or before.order_by("position").first() is None
    row.position = _next_position()
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        found = Delivery.objects.filter(key=key).first()
        if found is None:
            raise
        return _same(found, row, text)
    if soon and known_channel.at_once and not_before is None:
        transaction.on_commit(partial(sending.try_now, row.pk), robust=True)
    return row


def retry(user: User, delivery_id: UUID) -> Delivery:
    """Try now what waits for its next try or is stuck; a stuck one gets its tries anew."""
    with transaction.atomic():
        row = _asked(user, delivery_id)
        if row.state == STUCK:
            row.attempts = 0
        row.state, row.next_at = step("retry", row.state), timezone.now()
        row.save(update_fields=["state", "next_at", "attempts"])
        record(user, "outbox.retried", "delivery", row.pk, {"channel": row.channel})
    return row


def retry_stuck(user: User, channel: str = "", target: str = "") -> int:
    """Try everything that is stuck (in a channel, at a target); how many, at most MOST_AT_ONCE."""
    check(user, MANAGE)
    with transaction.atomic():
        rows = Delivery.objects.select_for_update().filter(state=STUCK).order_by("position")
        rows = rows.filter(**{name: value for name, value in {"channel": channel, "target": target}.items() if value})
        found = list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])
        for first in range(0, len(found), _CLEARED_AT_ONCE):
            part = Delivery.objects.filter(pk__in=found[first : first + _CLEARED_AT_ONCE])
            part.update(state=step("retry", STUCK), attempts=0, next_at=timezone.now())
        if found:
            record(user, "outbox.retried", "outbox", channel or "all", {"count": len(found)})
    return len(found)


def replay(user: User, delivery_id: UUID) -> Delivery:
    """Send again what is over, behind whatever its order still holds. ConflictError for what the channel says must not
    be doubled, and for a private body that is gone."""
    with transaction.atomic():
        row = _asked(user, delivery_id)
        state = step("replay", row.state)
        if row.state == DELIVERED and not channel_of(row.channel).replayable:
            raise ConflictError(_("It has arrived; this channel does not send anything twice."))
        if not row.content:
            raise ConflictError(_("Its text was removed when it arrived."))
        ahead = Delivery.objects.filter(order=row.order, state__in=OPEN).exists() if row.order else False
        row.state, row.ended_at, row.attempts, row.problem = state, None, 0, ""
        row.position, row.ready, row.next_at = _next_position(), not ahead, timezone.now()
        row.save()
        record(user, "outbox.replayed", "delivery", row.pk, {"channel": row.channel})
    return row


def cancel(user: User, delivery_id: UUID, reason: str) -> Delivery:
    """Do not send it any more. What is being sent at this moment cannot be cancelled (ConflictError)."""
    why = reason_of(reason)
    with transaction.atomic():
        row = _asked(user, delivery_id)
        row.state, row.ended_at = step("cancel", row.state), timezone.now()
        row.save(update_fields=["state", "ended_at"])
        sending.release_next(row.order)
        about = {"channel": row.channel, "attempts": row.attempts}
        record(user, "outbox.cancelled", "delivery", row.pk, about, private={"reason": why})
        sending.tell_room(row)
    return row


def drop(delivery_id: UUID) -> bool:
    """Take back a delivery that no try was made of yet, inside the caller's command; False where it is too late."""
    row = Delivery.objects.select_for_update().filter(pk=delivery_id).first()
    if row is None or row.state != "waiting" or row.attempts:
        return False
    row.state, row.ended_at = step("cancel", row.state), timezone.now()
    row.save(update_fields=["state", "ended_at"])
    sending.release_next(row.order)
    return True


def clear(now: datetime | None = None) -> int:
    """Remove what ended long ago; how many."""
    old = Delivery.objects.filter(ended_at__lt=(now or timezone.now()) - KEPT).exclude(state__in=OPEN)
    removed = 0
    while found := list(old.filter(undone_by=None).values_list("pk", flat=True)[:_CLEARED_AT_ONCE]):
        removed += Delivery.objects.filter(pk__in=found).delete()[0]
    return removed


def _checked(body: Mapping[str, Any]) -> str:
    try:
        text = canonical(body)
    except (TypeError, ValueError):
        raise InvalidError(_("The body is no JSON object.")) from None
    if len(text.encode()) > LARGEST_BODY:
        raise InvalidError(_("The body is larger than %(most)d bytes.") % {"most": LARGEST_BODY})
    return text


def _same(known: Delivery, asked: Delivery, text: str) -> Delivery:
    where = (known.channel, known.order) == (asked.channel, asked.order)
    same = not known.content or (known.target, canonical(known.body)) == (asked.target, text)
    if not where or not same:
        raise ConflictError(_("The idempotency key %(key)s was used for something else.") % {"key": asked.key})
    return known


def _next_position() -> int:
    return (Delivery.objects.aggregate(last=Max("position"))["last"] or 0) + 1


def _asked(user: User, delivery_id: UUID) -> Delivery:
    check(user, MANAGE)
    row = Delivery.objects.select_for_update().filter(pk=delivery_id).first()
    if row is None:
        raise UnknownError(_("There is no such delivery; they are kept for 180 days."))
    return row
