"""Decisions and entities in the navigation, links to them, and what ⌘K finds."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from seawall.apps.accounts.permissions import person
from seawall.apps.decisions import queries
from seawall.console import formatting, links, navigation, search
from seawall.console.words import ENTITIES, OUTCOMES, word

navigation.register(
    "decide",
    navigation.Item(
        "decisions", _("Decisions"), "decisions:decisions", "decisions.view", "bolt", keys="d", rank=10,
        covers=("decisions:decision",),
    ),
)  # fmt: skip
navigation.register(
    "domains",
    navigation.Item(
        "entities", _("Entities"), "decisions:entities", "entities.view", "users", keys="e", rank=10,
        covers=("decisions:entity",),
    ),
)  # fmt: skip


def _entity(key: str) -> str:
    kind, _colon, value = key.partition(":")
    return reverse("decisions:entity", args=[kind, value])


links.register("decision", "decisions:decision")
links.register("entity", _entity)


@search.provider("entities", _("Entities"), "entities.view")
def find_entities(request: HttpRequest, query: str) -> Iterable[search.Hit]:
    """Entities whose value begins so."""
    found = queries.entities(person(request)).filter(value__startswith=query).order_by("value")
    for one in found[: search.HITS_A_PROVIDER]:
        kind = word(ENTITIES, one.kind)
        yield search.Hit(formatting.short_id(one.value), _entity(f"{one.kind}:{one.value}"), str(kind.title), kind.icon)


@search.provider("decisions", _("Decisions"), "decisions.view")
def find_decisions(request: HttpRequest, query: str) -> Iterable[search.Hit]:
    """A decision by its id, or the decisions of an event by its id."""
    rows = queries.decisions(person(request))
    try:
        rows = rows.filter(decision_id=UUID(query))
    except ValueError:
        rows = rows.filter(event_id=query)
    for row in rows.order_by("-sequence")[: search.HITS_A_PROVIDER]:
        outcome = word(OUTCOMES, row.outcome)
        url = reverse("decisions:decision", args=[row.decision_id])
        yield search.Hit(f"{formatting.when(row.effective_at)} · {outcome.title}", url, row.event_type, outcome.icon)
