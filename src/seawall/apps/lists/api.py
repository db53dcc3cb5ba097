"""REST: lists, entries and their changes, looking a value up, imports."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema, Status, UploadedFile

from seawall.apps.accounts.permissions import api_requires, person
from seawall.apps.errors import UnknownError
from seawall.apps.etag import conditional, tagged, unchanged
from seawall.apps.lists import queries
from seawall.apps.lists.declared import display
from seawall.apps.lists.models import Change, Entry, Import
from seawall.apps.lists.services import entries, export, imports

router = Router(tags=["lists"])
MOST = 200


class ListOut(Schema):
    """A list of the active policy: its entries by state; hits in 24 hours, in 30 days and those by outcome."""

    name: str
    kind: str
    key: str
    entity: str
    sensitive: bool
    title: dict[str, str]
    four_eyes: bool
    legal: bool
    states: dict[str, int]
    hits_day: int
    hits_month: int
    outcomes: dict[str, int]


class EntryOut(Schema):
    """An entry; times of validity in ms. `key`: as the journal has it; `shown`: what people see of it."""

    id: int
    list: str
    entry_id: str
    key: str
    shown: str
    reason: str
    source: str
    source_ref: str
    valid_from: int
    valid_until: int | None
    state: str
    owner: str
    approved_by: str
    sequence: int | None
    problem: str
    hits: int
    last_hit_at: int | None

    @staticmethod
    def resolve_shown(obj: Entry) -> str:
        """A mask where it is sensitive."""
        return display(obj)

    @staticmethod
    def resolve_valid_until(obj: Entry) -> int | None:
        """Nothing where it has no end."""
        return obj.valid_until if obj.ends else None

    @staticmethod
    def resolve_last_hit_at(obj: Entry) -> int | None:
        """Nothing before the first."""
        return obj.last_hit_at or None


class ChangeOut(Schema):
    """A change somebody asked for; `request_id`: its approval."""

    id: UUID
    entry_id: int
    action: str
    reason: str
    maker_id: UUID
    checker_id: UUID | None
    request_id: UUID | None
    state: str
    sequence: int | None
    problem: str


class EntryIn(Schema):
    """A new entry. `key` in the clear or as a stand-in; without `valid_from` from now on."""

    key: str
    reason: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    case: str = ""
    draft: bool = False


class EndIn(Schema):
    """Another end; null: none."""

    valid_until: datetime | None
    reason: str


class WhyIn(Schema):
    """A reason."""

    reason: str


class KeyIn(Schema):
    """A value in full; it travels in no address."""

    key: str


class ImportOut(Schema):
    """An import with its counts."""

    id: UUID
    list: str
    name: str
    state: str
    lines: int
    fresh: int
    duplicates: int
    present: int
    bad: int
    added: int
    refused: int
    problem: str
    request_id: UUID | None
    run: UUID | None


@router.get("", response=list[ListOut])
@api_requires("lists.view")
def list_lists(request: HttpRequest) -> list[ListOut]:
    """Every list of the active policy."""
    return [_out(one) for one in queries.lists()]


@router.get("/imports/{import_id}", response=ImportOut)
@api_requires("lists.view")
def get_import(request: HttpRequest, response: HttpResponse, import_id: UUID) -> Any:
    """One import."""
    return tagged(request, response, queries.one_import(import_id), ImportOut)


@router.post("/imports/{import_id}/confirm", response={202: ImportOut})
@api_requires("lists.edit")
def confirm_import(request: HttpRequest, import_id: UUID) -> Status[Import]:
    """Put what the check found new on the list, where needed once a second person agrees."""
    return Status(202, imports.confirm(person(request), import_id))


@router.get("/{name}", response=ListOut)
@api_requires("lists.view")
def get_list(request: HttpRequest, response: HttpResponse, name: str) -> Any:
    """One list."""
    return tagged(request, response, _out(queries.one_list(name)), about=[("list", name)])


@router.get("/{name}/entries", response=list[EntryOut])
@api_requires("lists.view")
def list_entries(
    request: HttpRequest, name: str, state: str = "", source: str = "", before: int = 0, limit: int = 100
) -> list[Entry]:
    """Entries, the newest first; `before` is the last id of the page before."""
    wanted: dict[str, Any] = {"state": state, "source": source, "pk__lt": before}
    rows = queries.entries(name).filter(**{key: value for key, value in wanted.items() if value})
    return list(rows.order_by("-pk")[: max(1, min(limit, MOST))])


@router.post("/{name}/entries", response={202: EntryOut})
@api_requires("lists.edit")
def add_entry(request: HttpRequest, name: str, body: EntryIn) -> Status[Entry]:
    """Ask for a new entry; what lowers protection waits for a second person."""
    wanted = entries.Wanted(name, body.key, body.valid_from, body.valid_until, body.case)
    made = entries.add(person(request), wanted, body.reason, draft=body.draft)
    return Status(202, queries.entry(made.pk))


@router.post("/{name}/find", response=EntryOut)
@api_requires("lists.view")
def find_entry(request: HttpRequest, name: str, body: KeyIn) -> Entry:
    """The newest entry of a value, exactly."""
    return export.find_entry(person(request), name, body.key)


@router.post("/{name}/imports", response={202: ImportOut})
@api_requires("lists.edit")
def upload(
    request: HttpRequest, name: str, file: UploadedFile = File(...), reason: str = Form(...),  # noqa: B008
    valid_until: datetime | None = Form(None),  # noqa: B008
) -> Status[Import]:  # fmt: skip
    """Check a file of entries (multipart); confirm it afterwards."""
    return Status(202, imports.upload(person(request), name, file.name or "", file.chunks(), reason, valid_until))


@router.get("/{name}/entries/{entry_id}", response=EntryOut)
@api_requires("lists.view")
def get_entry(request: HttpRequest, response: HttpResponse, name: str, entry_id: int) -> Any:
    """One entry."""
    return tagged(request, response, _entry(name, entry_id), EntryOut, about=_about(entry_id))


@router.post("/{name}/entries/{entry_id}/end", response={202: ChangeOut})
@api_requires("lists.edit")
@conditional(required=False)
def change_end(request: HttpRequest, name: str, entry_id: int, body: EndIn) -> Status[Change]:
    """Ask for another end. If-Match is obeyed where it comes."""
    with _unchanged(request, name, entry_id):
        return Status(202, entries.change_end(person(request), entry_id, body.valid_until, body.reason))


@router.post("/{name}/entries/{entry_id}/remove", response={202: ChangeOut})
@api_requires("lists.edit")
@conditional(required=False)
def remove_entry(request: HttpRequest, name: str, entry_id: int, body: WhyIn) -> Status[Change]:
    """Ask for it to be taken off the list. If-Match is obeyed where it comes."""
    with _unchanged(request, name, entry_id):
        return Status(202, entries.remove(person(request), entry_id, body.reason))


@router.post("/{name}/entries/{entry_id}/submit", response={202: EntryOut})
@api_requires("lists.edit")
@conditional(required=False)
def submit(request: HttpRequest, name: str, entry_id: int) -> Status[Entry]:
    """A draft goes its way."""
    with _unchanged(request, name, entry_id):
        return Status(202, entries.submit(person(request), entry_id))


def _entry(name: str, entry_id: int) -> Entry:
    found = queries.entry(entry_id)
    if found.list != name:
        raise UnknownError("there is no such entry on this list")
    return found


def _about(entry_id: int) -> list[tuple[str, object]]:
    return [("list_entry", entry_id)]


def _unchanged(request: HttpRequest, name: str, entry_id: int) -> Any:
    return unchanged(request, lambda: _entry(name, entry_id), EntryOut, about=_about(entry_id), required=False)


def _out(one: queries.Listed) -> ListOut:
    found = one.definition
    return ListOut(
        name=one.name, kind=found.kind, key=found.key, entity=one.kind, sensitive=one.sensitive,
        title=dict(found.title), four_eyes=found.four_eyes, legal=found.legal, states=one.states,
        hits_day=one.met.day, hits_month=one.met.month, outcomes=one.met.outcomes,
    )  # fmt: skip
