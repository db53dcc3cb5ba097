"""REST: decisions, entities, reveals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from seawall.apps.accounts.permissions import api_requires, person
from seawall.apps.decisions import queries, selection, services
from seawall.apps.decisions.archive import ArchiveError
from seawall.apps.decisions.models import Entity
from seawall.apps.decisions.reading import explained
from seawall.apps.errors import InvalidError
from seawall.apps.etag import tagged
from seawall.console.filters import Bound, FilterError, Search
from seawall.console.keyset import LARGEST_PAGE, CursorError, Order, QuerySource
from seawall.console.words import OUTCOMES

router = Router(tags=["decisions"])
entities_router = Router(tags=["entities"])


class DecisionOut(Schema):
    """A decision as the explorer lists it; times in ms since 1970, amounts in minor units of `currency`."""

    sequence: int
    decision_id: UUID
    event_id: str
    event_type: str
    outcome: str
    score: int
    severity: str
    policy: str
    effective_at: int
    received_at: int
    base_amount: int
    currency: str
    subject_kind: str
    subject: str
    rules: list[str]
    degraded: bool
    late_by_ms: int


class DecisionsOut(Schema):
    """A page of decisions; `next` is the cursor of the page after it, "" on the last."""

    decisions: list[DecisionOut]
    next: str


class EntityOut(Schema):
    """An entity; `value` is a stand-in where the key is sensitive."""

    kind: str
    value: str
    decisions: int
    flagged: int
    first_at: int
    last_at: int
    erased_at: int | None


class LinkedOut(Schema):
    """An entity and how many decisions it shares with the one asked about."""

    kind: str
    value: str
    shared: int


class EntityPageOut(EntityOut):
    """An entity with what surrounds it."""

    linked: list[LinkedOut]
    features: dict[str, str]


class LookUpIn(Schema):
    """An entity by its value as people know it."""

    kind: str
    value: str


class RevealIn(Schema):
    """Which sealed field, what for and why; masked unless the whole value is asked for."""

    field: str
    purpose: str
    reason: str
    whole: bool = False


class RevealOut(Schema):
    """The value, once."""

    field: str
    text: str
    masked: bool
    erased: bool


@router.get("", response=DecisionsOut)
@api_requires("decisions.view")
def list_decisions(request: HttpRequest, limit: int = 100) -> DecisionsOut:
    """Decisions, the newest first; the parameters are those of the explorer's address: `outcome`, `type`, `rule` (each
    may repeat), `time` (1h, 24h, 7d, 30d) or `time_from` and `time_to` (days), `amount_min`, `amount_max`, `entity`
    (kind:value), `q`, `sort` (-sequence, -score, -base_amount …) and `at`, the cursor."""
    currency = queries.base_currency()
    bound = Bound([
        Search(find=selection.anything), selection.OneOf("outcome", "outcome", "outcome", OUTCOMES),
        selection.When("time", "time", "effective_at", milliseconds=True),
        _AnyType("type", "type", "event_type"), selection.Amounts("amount", "amount", "base_amount", currency=currency),
        _AnyRule("rule", "rule", "rule"), selection.OfEntity("entity", "entity", ""),
    ], request.GET)  # fmt: skip
    if bound.problems:
        raise InvalidError("; ".join(bound.problems))
    order = Order.parse(request.GET.get("sort", "-sequence"))
    if order.field not in ("sequence", "score", "base_amount"):
        raise InvalidError("sort is one of sequence, score, base_amount, each with - before it for the largest first")
    source = QuerySource(bound.narrow(queries.decisions(person(request))))
    try:
        page = source.page(order, request.GET.get("at", ""), max(1, min(limit, LARGEST_PAGE)))
    except CursorError as error:
        raise InvalidError(str(error)) from None
    return DecisionsOut(decisions=[DecisionOut.from_orm(row) for row in page.rows], next=page.next)


class _Any:
    """Values that need not be among the known ones."""

    def parse(self, asked: Any) -> list[str]:
        values: list[str] = list(dict.fromkeys(asked.getlist(self.key)))
        if any("\x00" in one for one in values) or len(values) > 50:
            raise FilterError("at most 50 plain values")
        return values


class _AnyType(_Any, selection.OneOf):
    """Event types."""


class _AnyRule(_Any, selection.Rules):
    """Rules."""


@router.get("/{decision_id}", response=dict[str, Any])
@api_requires("decisions.view")
def get_decision(request: HttpRequest, decision_id: UUID, response: HttpResponse) -> Any:
    """One decision explained, as the decision API gives it, with its event; sealed values are left out."""
    row = queries.get_decision(person(request), decision_id)
    shown = explained(row)
    if shown is None:
        raise ArchiveError("the journal no longer holds this decision; restore it and control.db from one backup")
    labels = [{"label": one.label, "label_time": one.label_time} for one in queries.labels_of(row)]
    return tagged(request, response, shown.raw | {"labels": labels}, version=len(labels))


@router.post("/{decision_id}/reveal", response=RevealOut)
@api_requires("decisions.reveal")
def reveal(request: HttpRequest, decision_id: UUID, body: RevealIn) -> Any:
    """Look at a sealed field; an entry in the ledger."""
    return services.reveal(person(request), decision_id, body.field, body.purpose, body.reason, whole=body.whole)


@entities_router.get("", response=list[EntityOut])
@api_requires("entities.view")
def list_entities(request: HttpRequest, kind: str, after: str = "", limit: int = 100) -> list[Entity]:
    """Entities of a kind by value, after a value; at most 200."""
    rows = queries.entities(person(request)).filter(kind=kind, value__gt=after).order_by("value")
    return list(rows[: max(1, min(limit, LARGEST_PAGE))])


@entities_router.post("/find", response=EntityOut)
@api_requires("entities.view")
def find_entity(request: HttpRequest, body: LookUpIn) -> Entity:
    """The entity of a clear value, which must be whole; looking a sensitive one up is an entry in the ledger."""
    return services.find_entity(person(request), body.kind, body.value)


@entities_router.get("/one", response=EntityPageOut)
@api_requires("entities.view")
def get_entity(request: HttpRequest, response: HttpResponse, kind: str, value: str) -> Any:
    """One entity with its features of now and the entities it shares decisions with."""
    me = person(request)
    found = queries.get_entity(me, kind, value)
    features = {one.name: one.text for one in queries.features_now(me, found)}
    linked = [
        LinkedOut(kind=one.entity.kind, value=one.entity.value, shared=one.shared)
        for one in queries.linked(found, queries.newest_of(me, found, queries.NEWEST))
    ]
    own = {name: getattr(found, name) for name in EntityOut.model_fields}
    page = EntityPageOut(**own, linked=linked, features=features)
    return tagged(request, response, page, version=found.decisions)
