"""Sending what waits: claim, send outside every transaction, mark. Killed at any instant, a try is made again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from seawall.apps.audit.services import SYSTEM, record
from seawall.apps.outbox.backoff import Backoff, Ways
from seawall.apps.outbox.channels import Channel, Outcome, channel_of, retry
from seawall.apps.outbox.handlers import handlers_of
from seawall.apps.outbox.models import LONGEST_PROBLEM, Delivery
from seawall.apps.outbox.private import masked
from seawall.apps.outbox.states import (
    DELIVERED,
    OPEN,
    REFUSED,
    RETRYING,
    SENDING,
    STUCK,
    UNDONE,
    WAITING,
    step,
)

LEASE = timedelta(seconds=60)  # a sender that says nothing for so long has fallen over
BATCH, THREADS, OF_A_WAY = 200, 8, 25
_BUSY_SECONDS = 30.0  # a way's turn in one round, well inside the lease
_LONGEST_AFTER = timedelta(days=1)
ways = Ways(Backoff(timedelta(seconds=1), timedelta(minutes=1)))
log = structlog.get_logger(__name__)

Tried = tuple[Delivery, Outcome | None]  # None: its turn did not come


def deliver(channel_key: str, now: datetime | None = None) -> int:
    """One round of a channel: everything due, at most BATCH; returns how many ended. Ways are tried side by side, and
    one that cannot be reached ends only its own turn."""
    channel, at = channel_of(channel_key), now or timezone.now()
    turns: dict[str, list[Delivery]] = {}
    for row in _claim(channel, _due(channel, at), at):
        turns.setdefault(channel.way(row.target), []).append(row)
    ended = 0
    for tried in _turns(channel, list(turns.values())):
        for row, outcome in tried:
            ended += _release(row) if outcome is None else _settle(channel, row, outcome, at)
    return ended


def try_now(delivery_id: UUID) -> bool:
    """The first try of one delivery, right after the commit that put it there; whether it ended. What fails here the
    worker tries again."""
    at = timezone.now()
    row = Delivery.objects.filter(pk=delivery_id).only("channel", "target").first()
    if row is None or not ways.open(channel_of(row.channel).way(row.target), at):
        return False
    channel = channel_of(row.channel)
    for claimed in _claim(channel, _due(channel, at).filter(pk=delivery_id), at):
        ((_row, outcome),) = _turn(channel, [claimed])
        return outcome is not None and _settle(channel, claimed, outcome, at)
    return False


# --- claiming ---------------------------------------------------------------------------------------------------------


def _due(channel: Channel, at: datetime) -> QuerySet[Delivery]:
    free = Q(state__in=(WAITING, RETRYING), next_at__lte=at) | Q(state=SENDING, claimed_until__lte=at)
    rows = Delivery.objects.filter(free, channel=channel.key, ready=True).order_by("next_at", "position")
    shut = [way for way in ways.shut(at) if way == channel.key or way.startswith(f"{channel.key} ")]
    if not shut:
        return rows
    return rows.exclude(target__in=[way.partition(" ")[2] for way in shut]) if channel.by_target else rows.none()


def _claim(channel: Channel, due: QuerySet[Delivery], at: datetime) -> list[Delivery]:
    """Mark what is due as being sent by this call. The try counts from here on, also if its sender falls over."""
    if not due.exists():
        return []
    with transaction.atomic():
        claimed: list[Delivery] = []
        of_way: dict[str, int] = {}
        for row in due.select_for_update(of=("self",))[: BATCH * 4]:
            way = channel.way(row.target)
            if of_way.get(way, 0) >= OF_A_WAY:
                continue
            if row.state == SENDING and row.attempts >= channel.backoff.attempts:
                _end(row, STUCK, at, problem="its sender fell over each time")
                continue
            of_way[way] = of_way.get(way, 0) + 1
            row.state = step("lapse" if row.state == SENDING else "claim", row.state)
            row.claim, row.claimed_until, row.attempts = uuid.uuid4(), at + LEASE, row.attempts + 1
            row.save(update_fields=["state", "claim", "claimed_until", "attempts"])
            claimed.append(row)
            if len(claimed) >= BATCH:
                break
    for row in claimed:
        row.found = _looked_up(channel, row)
    return claimed


def _looked_up(channel: Channel, row: Delivery) -> object:
    if channel.look_up is None:
        return None
    try:
        return channel.look_up(row)
    except Exception as error:
        log.error("outbox", channel=channel.key, delivery=str(row.pk), exc_info=error)
        return retry(type(error).__name__)


# --- sending ----------------------------------------------------------------------------------------------------------


def _turns(channel: Channel, turns: Sequence[list[Delivery]]) -> Iterable[list[Tried]]:
    """Every way's turn, as each is over."""
    if len(turns) <= 1:
        yield from (_turn(channel, rows) for rows in turns)
        return
    with ThreadPoolExecutor(min(THREADS, len(turns)), thread_name_prefix=f"outbox-{channel.key}") as pool:
        for done in as_completed([pool.submit(_turn, channel, rows) for rows in turns]):
            yield done.result()


def _turn(channel: Channel, rows: Sequence[Delivery]) -> list[Tried]:
    """Send one after the other, until the way is shut or its turn is over. Touches no database."""
    tried: list[Tried] = []
    until = time.monotonic() + _BUSY_SECONDS
    for row in rows:
        if tried and (time.monotonic() > until or (tried[-1][1] is None or tried[-1][1].closed)):
            tried.append((row, None))
        else:
            tried.append((row, _sent(channel, row)))
    return tried


def _sent(channel: Channel, row: Delivery) -> Outcome:
    if isinstance(row.found, Outcome):
        return row.found
    try:
        return channel.send(row)
    except Exception as error:
        log.error("outbox", channel=channel.key, delivery=str(row.pk), exc_info=error)
        return retry(type(error).__name__)


# --- marking ----------------------------------------------------------------------------------------------------------


def _release(row: Delivery) -> int:
    """Its turn did not come: it waits as before."""
    mine = Delivery.objects.filter(pk=row.pk, state=SENDING, claim=row.claim)
    mine.update(state=step("release", SENDING), claim=None, claimed_until=None, attempts=F("attempts") - 1)
    return 0


def _settle(channel: Channel, row: Delivery, outcome: Outcome, at: datetime) -> bool:
    """Mark what came of a try; whether the delivery is over. Nothing where the claim is lost: whoever has it marks."""
    if outcome.closed:
        ways.fail(channel.way(row.target), at)
    elif outcome.kind == "delivered":
        ways.succeed(channel.way(row.target))
    try:
        with transaction.atomic():
            mine = _mine(row)
            return mine is not None and _mark(channel, mine, outcome, at)
    except Exception as error:  # a handler: its try counts, so that in the end a person sees it
        log.error("outbox", channel=channel.key, delivery=str(row.pk), exc_info=error)
        with transaction.atomic():
            mine = _mine(row)
            if mine is not None:
                _again(channel, mine, retry(f"afterwards: {type(error).__name__}"), at)
        return False


def _mine(row: Delivery) -> Delivery | None:
    return Delivery.objects.select_for_update().filter(pk=row.pk, state=SENDING, claim=row.claim).first()


def _mark(channel: Channel, row: Delivery, outcome: Outcome, at: datetime) -> bool:
    if outcome.kind == "retry":
        return _again(channel, row, outcome, at)
    if outcome.kind == "refused":
        _end(row, step("refuse", row.state), at, problem=outcome.reason)
        return True
    row.sequence, row.answer = outcome.sequence, dict(outcome.answer)
    if channel.private:
        row.content, row.sealed, row.target = "", False, masked(row.target)
    _end(row, step("deliver", row.state), at)
    if row.undo_of_id:
        first = Delivery.objects.select_for_update().filter(pk=row.undo_of_id, state=DELIVERED).first()
        if first is not None:
            _end(first, step("undo", first.state), at)
    return True


def _again(channel: Channel, row: Delivery, outcome: Outcome, at: datetime) -> bool:
    row.attempts -= not outcome.counts
    if row.attempts >= channel.backoff.attempts:
        _end(row, step("give_up", row.state), at, problem=outcome.reason)
        return True
    wait = channel.backoff.wait(row.attempts, row.key)
    row.next_at = at + max(wait, min(outcome.after or wait, _LONGEST_AFTER))
    row.state, row.problem = step("fail", row.state), outcome.reason[:LONGEST_PROBLEM]
    row.claim = row.claimed_until = None
    row.save(update_fields=["state", "claim", "claimed_until", "attempts", "next_at", "problem"])
    return False


def _end(row: Delivery, state: str, at: datetime, problem: str = "") -> None:
    """Write a state that needs nothing more from a sender, release what comes next in order, tell who asked."""
    row.state, row.problem = state, problem[:LONGEST_PROBLEM]
    row.claim = row.claimed_until = None
    row.ended_at = None if state == STUCK else (row.ended_at or at)
    row.save()
    if state not in OPEN:
        release_next(row.order)
    tell(row)
    if state in (STUCK, REFUSED):
        log.warning("outbox", channel=row.channel, delivery=str(row.pk), state=state, problem=row.problem)


def release_next(order: str) -> None:
    """Whatever now stands first in its order may go."""
    if order:
        first = Delivery.objects.filter(order=order, state__in=OPEN).order_by("position").first()
        if first is not None and not first.ready:
            Delivery.objects.filter(pk=first.pk).update(ready=True)


def tell(row: Delivery) -> None:
    """Call the room's handler; where it has none, the end is a ledger entry of the outbox."""
    if not tell_room(row) and row.state != UNDONE:
        about = {"channel": row.channel, "sequence": row.sequence, "attempts": row.attempts}
        record(SYSTEM, f"outbox.{row.state}", row.about_type or "delivery", row.about_id or row.pk, about)


def tell_room(row: Delivery) -> bool:
    """Call the handler of the delivery's state; whether there is one."""
    handler = handlers_of(row.about_type).of(row.state)
    if handler is not None:
        handler(row)
    return handler is not None
