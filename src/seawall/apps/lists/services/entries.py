"""Commands on entries: add, keep as a draft, change the end, remove. Whatever lowers protection takes two people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.accounts.sealed import seal
from seawall.apps.approvals import services as approvals
from seawall.apps.approvals.models import Request
from seawall.apps.audit.services import record
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.ids import uuid7
from seawall.apps.lists import states
from seawall.apps.lists.declared import definition, entity_kind, key_of, title
from seawall.apps.lists.models import Change, Entry
from seawall.apps.lists.services import delivery
from seawall.apps.lists.states import (
    ADD,
    CASE,
    DRAFT,
    EXTEND,
    OPEN,
    PERSON,
    REMOVE,
    SENDING,
    SHORTEN,
    TWO_PEOPLE,
    WAITING,
)
from seawall.apps.reasons import reason_of
from seawall.engine.errors import EventError
from seawall.engine.lists import FOREVER, ListDefinition, ListEntry, check_entry

CHANGE = "lists.change"
EDIT, APPROVE = "lists.edit", "lists.approve"


@dataclass(frozen=True)
class Wanted:
    """An entry to be made: `key` as people know it; without `valid_from` from now, without `valid_until` for good.
    `case` is the number of a case that it comes from."""

    list: str
    key: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    case: str = ""


def needs_two(found: ListDefinition, action: str) -> bool:
    """Whether a second person must agree."""
    return found.four_eyes or found.legal or (action, found.kind) in TWO_PEOPLE


def add(user: User, wanted: Wanted, reason: str, *, draft: bool = False) -> Entry:
    """A new entry: kept as a draft, put before a second person, or sent at once. DeniedError, UnknownError (no such
    list), InvalidError; ConflictError where the list has an open entry of this value."""
    check(user, EDIT)
    found, reason = definition(wanted.list), reason_of(reason)
    key = key_of(found, wanted.key)
    start, end = _instant(wanted.valid_from, timezone.now()), _until(wanted.valid_until)
    check_times(found, start, end)
    entry = Entry(
        list=found.name, entry_id=str(uuid7()), kind=entity_kind(found), key=key.key, shown=key.shown,
        sealed=seal(key.clear) if key.clear else "", reason=reason, source=CASE if wanted.case else PERSON,
        source_ref=wanted.case[:80], valid_from=start, valid_until=end, author=user, state=DRAFT, quiet_since=start,
    )  # fmt: skip
    with transaction.atomic():
        _check_free(entry)
        entry.save(force_insert=True)
        if draft:
            _record(user, "list_entry.drafted", entry, ADD, reason)
        else:
            _ask(user, found, Change(entry=entry, action=ADD, valid_until=end, reason=reason, maker=user))
    return entry


def submit(user: User, entry_id: int) -> Entry:
    """A draft goes its way, by whoever may edit. The same errors as `add`."""
    with transaction.atomic():
        entry = _locked(user, entry_id)
        states.step("submit", entry.state)
        found = definition(entry.list)
        check_times(found, entry.valid_from, entry.valid_until)
        change = Change(entry=entry, action=ADD, valid_until=entry.valid_until, reason=entry.reason, maker=user)
        _ask(user, found, change)
    return entry


def discard(user: User, entry_id: int) -> Entry:
    """Throw a draft away; what was written of its value goes at once."""
    with transaction.atomic():
        entry = _locked(user, entry_id)
        entry.state, entry.sealed, entry.ended_at = states.step("discard", entry.state), "", timezone.now()
        entry.save(update_fields=["state", "sealed", "ended_at"])
        record(user, "list_entry.discarded", "list_entry", entry.pk, {"list": entry.list})
    return entry


def change_end(user: User, entry_id: int, valid_until: datetime | None, reason: str) -> Change:
    """A later or earlier end (None: none). ConflictError where it is not active or another change waits."""
    with transaction.atomic():
        entry = _active(user, entry_id)
        found, end = definition(entry.list), _until(valid_until)
        check_times(found, entry.valid_from, end)
        if end == entry.valid_until:
            says = _("It ends then already.")
            raise InvalidError(says, {"valid_until": says})
        action = EXTEND if end > entry.valid_until else SHORTEN
        change = Change(entry=entry, action=action, valid_until=end, reason=reason_of(reason), maker=user)
        _ask(user, found, change)
    return change


def remove(user: User, entry_id: int, reason: str) -> Change:
    """Take an entry off its list. The same errors."""
    with transaction.atomic():
        entry = _active(user, entry_id)
        change = Change(entry=entry, action=REMOVE, valid_until=entry.valid_until, reason=reason_of(reason), maker=user)
        _ask(user, definition(entry.list), change)
    return change


def execute(request: Request, checker: User) -> None:
    """Carry out an approved change. ConflictError where the policy or the entry no longer allows it."""
    change = Change.objects.select_for_update().filter(request=request).first()
    if change is None:
        raise UnknownError(_("There is no such change."))
    change.entry = Entry.objects.select_for_update().get(pk=change.entry_id)
    try:
        found = definition(change.entry.list)
        if change.action != REMOVE:
            check_times(found, change.entry.valid_from, change.valid_until)
    except (UnknownError, InvalidError) as error:
        raise ConflictError(str(error)) from None
    if change.action != ADD and change.entry.state != states.ACTIVE:
        states.step("remove", change.entry.state)
    change.checker = checker
    _record(checker, "list_entry.approved", change.entry, change.action, change.reason, change)
    delivery.send(change, checker)


def dropped(request: Request) -> None:
    """The request came to nothing. Called in the transaction that closes it, which writes the ledger entry."""
    for change in Change.objects.filter(request=request, state=WAITING).select_related("entry"):
        change.state, change.ended_at = states.DROPPED, timezone.now()
        change.save(update_fields=["state", "ended_at"])
        if change.action == ADD:
            entry = change.entry
            entry.state, entry.sealed = states.step("refuse", entry.state), ""
            entry.ended_at, entry.problem = change.ended_at, str(request.comment)[:300]
            entry.save(update_fields=["state", "sealed", "ended_at", "problem"])


def check_times(found: ListDefinition, start: int, end: int) -> None:
    """InvalidError where the engine would not take such a validity, or it is over already."""
    if end <= int(timezone.now().timestamp() * 1000):
        says = _("The end lies before the beginning, or has passed.")
        raise InvalidError(says, {"valid_until": says})
    try:
        check_entry(found, ListEntry(list=found.name, entry_id="-", key="-", reason="-", owner="maker",
                                     valid_from=start, valid_until=end, approved_by="checker"))  # fmt: skip
    except EventError as error:
        raise InvalidError(f"{error.field}: {error.message}", {error.field: error.message}) from None


def _ask(user: User, found: ListDefinition, change: Change) -> None:
    """Before a second person where that is needed, else to the engine."""
    entry, two = change.entry, needs_two(found, change.action)
    if two:
        payload = {
            "list": found.name, "kind": found.kind, "action": change.action, "value": entry.shown or entry.key,
            "from": entry.begins.isoformat(), "until": _written(change.valid_until),
        }  # fmt: skip
        before = {"until": _written(entry.valid_until)} if change.action != ADD else {}
        change.request = approvals.submit(
            user, CHANGE, "list_entry", entry.pk, payload, change.reason, before=before,
            title=f"{title(found.name)} {entry.shown or entry.key}".strip(),
        )  # fmt: skip
    change.save(force_insert=True)
    _record(user, "list_entry.proposed" if two else "list_entry.changed", entry, change.action, change.reason, change)
    if not two:
        delivery.send(change, user)
    elif change.action == ADD:
        entry.state = states.step("submit", entry.state)
        entry.save(update_fields=["state"])


def _check_free(entry: Entry) -> None:
    if entry.key and Entry.objects.filter(list=entry.list, key=entry.key, state__in=OPEN).exists():
        raise ConflictError(_("This value is on the list already, or on its way; open its entry."))


def _locked(user: User, entry_id: int) -> Entry:
    check(user, EDIT)
    entry = Entry.objects.select_for_update().filter(pk=entry_id).first()
    if entry is None:
        raise UnknownError(_("There is no such entry."))
    return entry


def _active(user: User, entry_id: int) -> Entry:
    entry = _locked(user, entry_id)
    states.step("remove", entry.state)
    if entry.changes.filter(state__in=(WAITING, SENDING)).exclude(action=ADD).exists():
        raise ConflictError(_("Another change of this entry waits; decide it first."))
    if not entry.key:
        raise ConflictError(_("The journal has just taken this entry; try again in a moment."))
    return entry


def _record(user: User, what: str, entry: Entry, action: str, reason: str, change: Change | None = None) -> None:
    about = {"list": entry.list, "action": action} | ({"change": str(change.pk)} if change else {})
    record(user, what, "list_entry", entry.pk, about, private={"reason": reason})


def _instant(at: datetime | None, default: datetime) -> int:
    return int((at or default).timestamp() * 1000)


def _until(at: datetime | None) -> int:
    return FOREVER if at is None else int(at.timestamp() * 1000)


def _written(end: int) -> str:
    return "" if end >= FOREVER else datetime.fromtimestamp(end / 1000, timezone.get_current_timezone()).isoformat()
