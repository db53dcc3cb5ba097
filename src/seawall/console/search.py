"""What ⌘K finds: pages from the rail, and whatever the apps' providers return."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from seawall.console import navigation
from seawall.console.words import Text

LONGEST_QUERY = 100
HITS_A_PROVIDER = 8


@dataclass(frozen=True)
class Hit:
    """One line of the palette: what it is called, what it is, where it leads."""

    title: str
    url: str
    detail: str = ""
    icon: str = "chevron-right"


Provider = Callable[[HttpRequest, str], Iterable[Hit]]


@dataclass(frozen=True)
class _Source:
    title: Text
    permission: str
    find: Provider


@dataclass(frozen=True)
class Found:
    """The hits of one provider under its title."""

    title: Text
    hits: list[Hit]


_SOURCES: dict[str, _Source] = {}


def provider(key: str, title: Text, permission: str) -> Callable[[Provider], Provider]:
    """Register a function of (request, words typed) that yields hits, best first; it is asked only if permitted.

    Read no more than the first HITS_A_PROVIDER rows, by an index: it runs while the person types.
    """

    def add(find: Provider) -> Provider:
        _SOURCES[key] = _Source(title, permission, find)
        return find

    return add


def pages(request: HttpRequest, query: str) -> Iterable[Hit]:
    """Pages of the rail whose title or key holds what was typed; all of them for an empty query."""
    wanted = query.casefold()
    for group in navigation.menu(request, badges=False):
        for entry in group.entries:
            title = str(entry.item.title)
            if wanted in title.casefold() or wanted in entry.item.key.casefold():
                keys = f"g {entry.item.keys}" if entry.item.keys else ""
                yield Hit(
                    title, entry.url, " · ".join(part for part in (str(group.title), keys) if part), entry.item.icon
                )


def find(request: HttpRequest, query: str) -> list[Found]:
    """Everything that matches, by provider; pages first. Long queries are cut."""
    query = " ".join(query.split())[:LONGEST_QUERY]
    found = [Found(_("Pages"), list(pages(request, query))[: HITS_A_PROVIDER if query else 40])]
    for source in _SOURCES.values() if query else ():
        if navigation.allowed(request, source.permission):
            hits = []
            for hit in source.find(request, query):
                hits.append(hit)
                if len(hits) == HITS_A_PROVIDER:
                    break
            found.append(Found(source.title, hits))
    return [one for one in found if one.hits]
