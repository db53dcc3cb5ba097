"""REST: limits and switches, their entries, and asking for changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status

from seawall.apps.accounts.permissions import api_requires, person
from seawall.apps.etag import conditional, tagged, unchanged
from seawall.apps.limits import queries
from seawall.apps.limits.models import Change, Entry
from seawall.apps.limits.services import changes

router = Router(tags=["limits"])
MOST = 200


class SettingOut(Schema):
    """A limit or switch. `value`: in force for everyone else; money in minor units of the base currency."""

    name: str
    type: str
    title: dict[str, str]
    entity: str
    segment: str
    default: bool | int | float | None
    value: bool | int | float | None
    entries: int


class EntryOut(Schema):
    """An entry as the journal has it; times in ms, valid_from 0: from its own record on."""

    sequence: int
    setting: str
    entry_id: str
    scope: str
    key: str
    value: bool | int | float
    valid_from: int
    valid_until: int | None
    reason: str
    source: str
    removed: bool
    current: bool


class ChangeOut(Schema):
    """A change somebody asked for; `request_id`: its approval."""

    id: UUID
    setting: str
    scope: str
    key: str
    value: bool | int | float
    valid_from: datetime | None
    valid_until: datetime | None
    removed: bool
    reason: str
    maker_id: UUID
    checker_id: UUID | None
    request_id: UUID | None
    state: str
    sequence: int | None
    problem: str
    created_at: datetime


class ChangeIn(Schema):
    """A new value. `key` in the clear; money in minor units; without `valid_from` as soon as it is approved."""

    value: bool | int | float
    reason: str
    scope: str = "all"
    key: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class WhyIn(Schema):
    """A reason."""

    reason: str


@router.get("", response=list[SettingOut])
@api_requires("limits.view")
def list_settings(request: HttpRequest) -> list[SettingOut]:
    """Every limit and switch of the active policy."""
    return [_out(one) for one in queries.settings()]


@router.get("/entries", response=list[EntryOut])
@api_requires("limits.view")
def list_entries(
    request: HttpRequest,
    setting: str = "",
    key: str = "",
    current: bool | None = None,
    before: int = 0,
    limit: int = 100,
) -> list[Entry]:
    """Entries, the newest first; `before` is the last sequence of the page before."""
    wanted: dict[str, Any] = {"setting": setting, "key": key, "sequence__lt": before}
    rows = queries.entries().filter(**{name: value for name, value in wanted.items() if value})
    rows = rows if current is None else rows.filter(current=current)
    return list(rows.order_by("-sequence")[: max(1, min(limit, MOST))])


@router.get("/changes/{change_id}", response=ChangeOut)
@api_requires("limits.view")
def get_change(request: HttpRequest, response: HttpResponse, change_id: UUID) -> Any:
    """One change."""
    return tagged(request, response, queries.change(change_id), ChangeOut)


@router.get("/{name}", response=SettingOut)
@api_requires("limits.view")
def get_setting(request: HttpRequest, response: HttpResponse, name: str) -> Any:
    """One limit or switch, by its full name (limits.NAME, switches.NAME)."""
    return tagged(request, response, _out(queries.setting(name)), about=_about(name))


@router.post("/{name}/changes", response={202: ChangeOut})
@api_requires("limits.edit")
@conditional(required=False)
def propose(request: HttpRequest, name: str, body: ChangeIn) -> Status[Change]:
    """Ask for a new value; a second person decides. If-Match is obeyed where it comes."""
    value: Any = body.value
    declared = queries.setting(name).definition
    if declared.type == "number" and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    wanted = changes.Wanted(name, value, body.scope, body.key, body.valid_from, body.valid_until)
    with unchanged(request, lambda: _out(queries.setting(name)), about=_about(name), required=False):
        return Status(202, changes.propose(person(request), wanted, body.reason))


@router.post("/{name}/on", response={202: ChangeOut})
@api_requires("limits.stop")
def turn_on(request: HttpRequest, name: str, body: WhyIn) -> Status[Change]:
    """Turn a switch on, at once."""
    return Status(202, changes.turn_on(person(request), name, body.reason))


@router.post("/{name}/off", response={202: ChangeOut})
@api_requires("limits.edit")
def turn_off(request: HttpRequest, name: str, body: WhyIn) -> Status[Change]:
    """Ask for a switch to be turned off; a second person decides."""
    return Status(202, changes.propose(person(request), changes.Wanted(name, value=False), body.reason))


def _about(name: str) -> list[tuple[str, object]]:
    return [("limit", name)]


def _out(one: queries.Shown) -> SettingOut:
    declared = one.definition
    return SettingOut(
        name=one.name, type=declared.type, title=dict(declared.title), entity=declared.entity, segment=declared.segment,
        default=declared.default, value=one.value, entries=one.entries,
    )  # fmt: skip
