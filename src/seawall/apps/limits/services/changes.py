"""Asking for a change, and carrying it out once a second person agrees; turning a switch on needs nobody else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.approvals import services as approvals
from seawall.apps.approvals.models import Request
from seawall.apps.audit.services import record
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.limits import queries
from seawall.apps.limits.declared import definition, is_sensitive, is_switch, shown, title
from seawall.apps.limits.models import Change, Entry
from seawall.apps.limits.services import delivery
from seawall.apps.reasons import reason_of
from seawall.engine.errors import EventError
from seawall.engine.settings import ALL, SettingDefinition, SettingEntry, Value, check_setting

CHANGE = "limits.change"
EDIT, APPROVE, STOP = "limits.edit", "limits.approve", "limits.stop"
State = Change.State


@dataclass(frozen=True)
class Wanted:
    """A value to be set: for whom, from when, until when. `key` is in the clear; money in minor units."""

    setting: str
    value: Value
    scope: str = ALL
    key: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def propose(user: User, wanted: Wanted, reason: str) -> Change:
    """Ask for a limit to be set, or a switch to be turned off. DeniedError, InvalidError, UnknownError; ConflictError
    where a change for the same entity or segment waits already."""
    check(user, EDIT)
    declared = _checked(wanted)
    change = Change(
        setting=wanted.setting, scope=wanted.scope, key=wanted.key, value=wanted.value, valid_from=wanted.valid_from,
        valid_until=wanted.valid_until, reason=reason_of(reason), maker=user,
    )  # fmt: skip
    change.entry_id = str(change.pk)
    before = queries.in_force(declared, wanted.scope, wanted.key)
    return _submit(user, change, declared, before)


def propose_removal(user: User, sequence: int, reason: str) -> Change:
    """Ask for an entry to be taken back: what held before it holds again. The same errors."""
    check(user, EDIT)
    entry = Entry.objects.filter(pk=sequence).first()
    if entry is None:
        raise UnknownError(_("There is no such entry."))
    if not entry.current:
        raise ConflictError(_("This entry was replaced or removed already."))
    declared = definition(entry.setting)
    if entry.key and is_sensitive(entry.field):
        raise InvalidError(_("Its key is sensitive; remove the entry by the decision API."))
    change = Change(
        setting=entry.setting, entry_id=entry.entry_id, scope=entry.scope, key=entry.key, value=entry.value,
        removed=True, reason=reason_of(reason), maker=user,
    )  # fmt: skip
    return _submit(user, change, declared, entry.value)


def turn_on(user: User, name: str, reason: str) -> Change:
    """Turn a switch on at once, by one person. ConflictError where it is on."""
    check(user, STOP)
    declared = definition(name)
    if not is_switch(name):
        raise InvalidError(_("This is no switch."))
    with transaction.atomic():
        if queries.in_force(declared, ALL, "") is True or _turning(name):
            raise ConflictError(_("It is on already."))
        change = Change(setting=name, scope=ALL, value=True, reason=reason_of(reason), maker=user)
        change.entry_id = str(change.pk)
        change.save(force_insert=True)
        record(user, "switch.on", "limit", name, {"change": str(change.pk)}, private={"reason": change.reason})
        delivery.send(change, user)
    return change


def execute(request: Request, checker: User) -> None:
    """Carry out an approved change: it goes to the engine. ConflictError where the policy no longer allows it."""
    change = Change.objects.select_for_update().filter(request=request).first()
    if change is None:
        raise UnknownError(_("There is no such change."))
    try:
        _checked(_wanted(change), ends=False)
    except (UnknownError, InvalidError) as error:
        raise ConflictError(str(error)) from None
    if change.valid_until is not None and change.valid_until <= timezone.now():
        raise ConflictError(_("Its end has passed; ask for it again with a later one."))
    change.checker = checker
    change.save(update_fields=["checker"])
    about = {"change": str(change.pk), "scope": change.scope, "removed": change.removed, "maker": str(change.maker_id)}
    record(checker, "limit.changed", "limit", change.setting, about,
           private={"key": change.key, "value": json.dumps(change.value), "reason": change.reason})  # fmt: skip
    delivery.send(change, checker)


def dropped(request: Request) -> None:
    """The request came to nothing. Called in the transaction that closes it, which writes the ledger entry."""
    Change.objects.filter(request=request, state=State.WAITING).update(state=State.DROPPED, ended_at=timezone.now())


def _submit(user: User, change: Change, declared: SettingDefinition, before: Any) -> Change:
    payload = {
        "setting": change.setting, "scope": change.scope, "key": change.key,
        "value": "removed" if change.removed else shown(declared.type, change.value),
        "from": change.valid_from.isoformat() if change.valid_from else "",
        "until": change.valid_until.isoformat() if change.valid_until else "",
    }  # fmt: skip
    whom = hashlib.sha256(change.key.encode()).hexdigest()[:16]  # the ledger names no customer
    place = f"{change.setting}/{change.scope}" + (f"/{whom}" if change.key else "")
    name = f"{title(change.setting)} {change.key}".strip()
    with transaction.atomic():
        change.request = approvals.submit(
            user, CHANGE, "limit", place, payload, change.reason, title=name,
            before={"value": shown(declared.type, before)},
        )  # fmt: skip
        change.save(force_insert=True)
        record(user, "limit.proposed", "limit", change.setting, {"change": str(change.pk), "scope": change.scope},
               private={"key": change.key, "value": json.dumps(change.value), "reason": change.reason})  # fmt: skip
    return change


def _checked(wanted: Wanted, ends: bool = True) -> SettingDefinition:
    """The definition, where the engine would take such an entry."""
    declared = definition(wanted.setting)
    field = declared.field_of(wanted.scope)
    if wanted.key and is_sensitive(field):
        words = _("Keys of this kind are sensitive and are not kept here; set the limit by the decision API.")
        raise InvalidError(words, {"key": words})
    start = int(wanted.valid_from.timestamp() * 1000) if wanted.valid_from else 0
    try:
        check_setting(
            declared,
            SettingEntry(
                setting=wanted.setting, entry_id="-", scope=wanted.scope, type=declared.type, value=wanted.value,
                reason="-", source="-", field=field, key=wanted.key, valid_from=start,
            ),
        )  # fmt: skip
    except EventError as error:
        words = f"{error.field}: {error.message}"
        raise InvalidError(words, {error.field: error.message}) from None
    until = wanted.valid_until
    if ends and until is not None and until <= max(wanted.valid_from or timezone.now(), timezone.now()):
        words = _("The end lies before the beginning, or has passed.")
        raise InvalidError(words, {"valid_until": words})
    return declared


def _wanted(change: Change) -> Wanted:
    return Wanted(change.setting, change.value, change.scope, change.key, change.valid_from, change.valid_until)


def _turning(name: str) -> bool:
    """Whether somebody has just turned it on, and the journal does not say so yet."""
    newest = Change.objects.filter(setting=name, state=State.SENDING).order_by("-created_at", "-id").first()
    return newest is not None and newest.value is True
