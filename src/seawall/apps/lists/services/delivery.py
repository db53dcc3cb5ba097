"""A change on its way to the engine, and what comes back. A value not yet known by a stand-in goes by a sealed way."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.sealed import unseal
from seawall.apps.audit.services import SYSTEM, actor_name, record
from seawall.apps.lists import states
from seawall.apps.lists.models import Change, Entry
from seawall.apps.lists.states import ADD, DONE, REFUSED, REMOVE, SENDING
from seawall.apps.outbox import engine_channel, handlers
from seawall.apps.outbox import services as outbox
from seawall.apps.outbox.backoff import Backoff
from seawall.apps.outbox.channels import Channel
from seawall.apps.outbox.channels import register as register_channel
from seawall.apps.outbox.models import Delivery
from seawall.engine.lists import FOREVER
from seawall.engine.times import format_instant

ABOUT = "list_change"
OPEN_WAY, SEALED_WAY = engine_channel.KEY, "engine-sealed"
BACKOFF = Backoff(timedelta(seconds=2), timedelta(minutes=15), attempts=120)


def send(change: Change, actor: User) -> None:
    """Put it into the outbox, in the caller's transaction; changes of one entry go in order."""
    entry = change.entry
    change.state = SENDING
    change.save(update_fields=["state", "checker"])
    if change.action == ADD:
        entry.state, entry.owner = states.step("send", entry.state), actor_name(change.maker)
        entry.save(update_fields=["state", "owner"])
    outbox.put(
        SEALED_WAY if entry.sealed else OPEN_WAY, path_of(entry.list), _body(change), key=f"list:{change.pk}",
        order=f"lists/{entry.list}/{entry.pk}", actor=actor, about=(ABOUT, change.pk),
    )  # fmt: skip


def path_of(name: str) -> str:
    """Where entries of a list are sent."""
    return f"/v1/lists/{name}/entries"


def _body(change: Change) -> dict[str, object]:
    entry = change.entry
    until = entry.valid_until if change.action == REMOVE else change.valid_until
    body: dict[str, object] = {
        "entry_id": entry.entry_id, "key": unseal(entry.sealed) if entry.sealed else entry.key,
        "reason": change.reason, "owner": actor_name(change.maker), "valid_from": format_instant(entry.valid_from),
    }  # fmt: skip
    if until < FOREVER:
        body["valid_until"] = format_instant(until)
    if change.checker is not None:
        body["approved_by"] = actor_name(change.checker)
    if change.action == REMOVE:
        body["removed"] = True
    return body


def arrived(delivery: Delivery) -> None:
    """The journal has it. The follower brings the rest: the stand-in, who and why."""
    change = _closed(delivery, DONE)
    entry = change.entry
    if entry.sequence is not None and delivery.sequence is not None and entry.sequence >= delivery.sequence:
        entry.sealed = ""  # the follower was faster
    elif change.action == REMOVE:
        entry.state, entry.ended_at = states.REMOVED, timezone.now()
    elif change.action == ADD:
        entry.state, entry.sequence, entry.sealed = states.step("arrive", entry.state), delivery.sequence, ""
    else:
        entry.valid_until, entry.told_at = change.valid_until, None
    entry.save(update_fields=["state", "sequence", "sealed", "ended_at", "valid_until", "told_at"])
    _record(change, "list_entry.in_force")


def refused(delivery: Delivery) -> None:
    """The engine will not take it, or an operator cancelled it."""
    change = _closed(delivery, REFUSED)
    entry = change.entry
    if change.action == ADD and entry.state == SENDING:
        entry.state, entry.sealed, entry.ended_at = states.step("refuse", entry.state), "", timezone.now()
    entry.problem = delivery.problem[:300]
    entry.save(update_fields=["state", "sealed", "ended_at", "problem"])
    _record(change, "list_entry.refused")


def _closed(delivery: Delivery, state: str) -> Change:
    change = Change.objects.select_for_update().get(pk=delivery.about_id)
    change.entry = Entry.objects.select_for_update().get(pk=change.entry_id)
    change.state, change.sequence, change.problem = state, delivery.sequence, delivery.problem[:300]
    change.ended_at = timezone.now()
    change.save(update_fields=["state", "sequence", "problem", "ended_at"])
    return change


def _record(change: Change, action: str) -> None:
    about = {"list": change.entry.list, "change": str(change.pk), "action": change.action, "sequence": change.sequence}
    record(SYSTEM, action, "list_entry", change.entry_id, about)


def register() -> None:
    """The sealed way, and how deliveries of changes end."""
    title = _("Decision engine, sensitive values")
    register_channel(Channel(SEALED_WAY, title, engine_channel.send, BACKOFF, at_once=True, private=True))
    handlers.on(ABOUT, delivered=arrived, refused=refused, cancelled=refused)
