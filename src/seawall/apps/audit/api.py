"""REST: the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from seawall.apps.accounts.permissions import api_requires
from seawall.apps.audit import queries
from seawall.apps.audit.models import Outbox
from seawall.apps.etag import tagged

router = Router(tags=["ledger"])


class EntryOut(Schema):
    """An entry of the index."""

    id: int
    ledger_index: int | None
    created_at: datetime
    actor: str
    action: str
    object_type: str
    object_id: str
    data: dict[str, Any]
    commitments: dict[str, str]


class ProofOut(Schema):
    """That an entry is in the tree: RFC 9162 audit path, hashes in hexadecimal."""

    index: int
    size: int
    root: str
    path: list[str]


@router.get("/entries", response=list[EntryOut])
@api_requires("ledger.view")
def list_entries(
    request: HttpRequest,
    before: int = 0,
    action: str = "",
    object_type: str = "",
    object_id: str = "",
    limit: int = 100,
) -> list[Outbox]:
    """Entries, the newest first; `before` is the last id of the page before."""
    rows = queries.entries().order_by("-id")
    wanted = {"id__lt": before, "action": action, "object_type": object_type, "object_id": object_id}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    return list(rows[: max(1, min(limit, 200))])


@router.get("/entries/{index}/proof", response=ProofOut)
@api_requires("ledger.view")
def proof(request: HttpRequest, response: HttpResponse, index: int) -> Any:
    """The inclusion proof of one entry under the tree of now."""
    shown = queries.entry(index)
    made = ProofOut(index=index, size=shown.size, root=shown.root, path=list(shown.path))
    return tagged(request, response, made, version=shown.size)
