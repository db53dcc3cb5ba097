"""ETag, If-Match and If-None-Match of the REST API, for every room.

A tag is `"MARK-FINGERPRINT"`, opaque to clients. The fingerprint is of the record as it was sent. The mark is its
version where it counts one, else the newest ledger entry about it: by that a refusal can say what changed since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from ninja import Schema

from seawall.apps.audit.models import Outbox
from seawall.apps.audit.words import action_word
from seawall.apps.errors import InvalidError, StaleError, UnconditionalError

ANY = "*"
CONDITION = "seawall_if_match"
MOST_TOLD = 20
About = Sequence[tuple[str, object]]  # (type, id) of the objects whose ledger entries tell of the record


F = TypeVar("F", bound=Callable[..., Any])


def conditional(*, required: bool = True) -> Callable[[F], F]:
    """Mark an operation that reads If-Match, so that its OpenAPI description says so; `required` as it asks for it."""

    def mark(operation: F) -> F:
        setattr(operation, CONDITION, required)
        return operation

    return mark


def tagged(
    request: HttpRequest, response: HttpResponse, row: Any, schema: type[Schema] | None = None, *,
    version: int | None = None, about: About = (),
) -> Any:  # fmt: skip
    """`row` as the operation's answer, with its ETag; 304 for a GET whose If-None-Match has it already.

    `schema` is what the row is sent as; None where the row is the answer itself (a Schema or plain JSON).
    """
    tag = f'"{_newest(about) if version is None else version}-{_fingerprint(row, schema)}"'
    if request.method in ("GET", "HEAD") and _matches(tag, parse_etags(request.headers.get("If-None-Match", ""))):
        return HttpResponse(status=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return row


def version_asked(request: HttpRequest, required: bool = True) -> int | None:
    """The version that If-Match names, for services that compare it under their lock; None where any will do.

    UnconditionalError (428) without the header where it is required; InvalidError for a tag that none of ours is.
    """
    marks = {mark for mark, _print in _asked(request, required)}
    if not marks:
        return None
    if len(marks) > 1:
        raise InvalidError(_("Name one version in If-Match: the ETag of the record as it was read."))
    return marks.pop()


@contextmanager
def unchanged(
    request: HttpRequest, show: Callable[[], Any], schema: type[Schema] | None = None, *, about: About = (),
    required: bool = True,
) -> Iterator[None]:  # fmt: skip
    """A change in one transaction with the check that the record still is what If-Match names.

    `show` reads the record as the person may see it; its refusals come first. StaleError (412) tells what changed,
    UnconditionalError (428) asks for the header.
    """
    with transaction.atomic():
        row = show()
        asked = _asked(request, required)
        now = _fingerprint(row, schema) if asked else ""
        if asked and all(fingerprint != now for _mark, fingerprint in asked):
            changes = list(_entries(about).filter(id__gt=max(mark for mark, _print in asked)).order_by("id"))
            done = [str(action_word(one.action).title) for one in changes[-5:]]
            said = ", ".join(done) or _("a change without an entry")
            words = _("This was changed after you read it: %(changes)s. Read it again, then decide.")
            raise StaleError(words % {"changes": said}, changes)
        yield


def told(entry: Outbox) -> dict[str, Any]:
    """A ledger entry as a problem's `changes` list it."""
    return {
        "at": entry.created_at.isoformat(), "actor": entry.actor, "action": entry.action,
        "changed": entry.data.get("changed", {}),
    }  # fmt: skip


def _asked(request: HttpRequest, required: bool) -> list[tuple[int, str]]:
    """(mark, fingerprint) of each tag in If-Match; [] where none is asked for."""
    header = request.headers.get("If-Match")
    if header is None:
        if required:
            raise UnconditionalError(_("Send If-Match with the ETag of the record that you decided on, or * for any."))
        return []
    tags = parse_etags(header)
    if tags == [ANY]:
        return []
    return [_parts(tag) for tag in tags] or _unreadable()


def _parts(tag: str) -> tuple[int, str]:
    mark, _dash, fingerprint = tag.removeprefix("W/").strip('"').partition("-")
    return (int(mark), fingerprint) if mark.isdecimal() and len(mark) < 16 else _unreadable()


def _unreadable() -> Any:
    raise InvalidError(_("If-Match must be the ETag of the record as it was read."))


def _matches(tag: str, asked: Sequence[str]) -> bool:
    return any(one == ANY or one.removeprefix("W/") == tag for one in asked)


def _fingerprint(row: Any, schema: type[Schema] | None) -> str:
    shown = schema.from_orm(row) if schema else row
    if isinstance(shown, Schema):
        text = shown.model_dump_json()
    else:
        text = json.dumps(shown, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _entries(about: About) -> QuerySet[Outbox]:
    wanted = Q()
    for kind, key in about:
        wanted |= Q(object_type=kind, object_id=str(key))
    return Outbox.objects.filter(wanted) if about else Outbox.objects.none()


def _newest(about: About) -> int:
    return _entries(about).aggregate(newest=Max("id"))["newest"] or 0
