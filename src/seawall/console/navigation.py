"""What the left rail shows: sections by the work, items registered by the apps, only what a person may open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import pgettext_lazy

from seawall.console.words import Text

SECTIONS: dict[str, Text] = {
    "now": pgettext_lazy("section", "Now"),
    "decide": pgettext_lazy("section", "Decide"),
    "work": pgettext_lazy("section", "Work"),
    "domains": pgettext_lazy("section", "Domains"),
    "govern": pgettext_lazy("section", "Govern"),
    "system": pgettext_lazy("section", "System"),
}
BADGE_CAP = 99


class NavigationError(Exception):
    """An item that contradicts another, or names no section."""


@dataclass(frozen=True)
class Item:
    """One entry of the rail.

    `permission` is asked of `request.user.has_perm`; "" means anyone who is signed in. `keys` is the letter after `g`
    that goes there. `badge` gives the number of things that wait for this person, and is called only for those who may
    open the page. `covers` lists URL names or namespaces ("cases:") whose pages light this item up.
    """

    key: str
    title: Text
    url_name: str
    permission: str
    icon: str
    keys: str = ""
    badge: Callable[[HttpRequest], int] | None = None
    covers: tuple[str, ...] = ()
    rank: int = 50

    def current(self, view_name: str) -> bool:
        return view_name == self.url_name or any(
            view_name.startswith(one) if one.endswith(":") else view_name == one for one in self.covers
        )


@dataclass(frozen=True)
class Entry:
    """An item as one person sees it."""

    item: Item
    url: str
    current: bool
    badge: str


@dataclass(frozen=True)
class Group:
    """A section with the entries a person may open; never empty."""

    key: str
    title: Text
    entries: list[Entry]


_ITEMS: dict[str, tuple[str, Item]] = {}


def register(section: str, *items: Item) -> None:
    """Add items to a section. Registering the same item again changes nothing (modules may be imported twice)."""
    if section not in SECTIONS:
        raise NavigationError(f"section {section!r} is not one of {', '.join(SECTIONS)}")
    for item in items:
        taken = [other.key for _, other in _ITEMS.values() if item.keys and other.keys == item.keys]
        if taken and taken != [item.key]:
            raise NavigationError(f"{item.key}: g {item.keys} already goes to {taken[0]}; choose another letter")
        _ITEMS[item.key] = (section, item)


def items() -> list[tuple[str, Item]]:
    """(section, item) in the order of the rail."""
    order = list(SECTIONS)
    return sorted(_ITEMS.values(), key=lambda pair: (order.index(pair[0]), pair[1].rank))


def allowed(request: HttpRequest, permission: str) -> bool:
    """May this person open it? Anonymous people may open nothing."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return False
    return not permission or bool(user.has_perm(permission))


def menu(request: HttpRequest, badges: bool = True) -> list[Group]:
    """The rail for this person and page."""
    match = request.resolver_match
    view_name = match.view_name if match else ""
    groups: dict[str, list[Entry]] = {}
    for section, item in items():
        if not allowed(request, item.permission):
            continue
        try:
            url = reverse(item.url_name)
        except NoReverseMatch:
            continue  # the app is not part of this installation
        count = item.badge(request) if badges and item.badge else 0
        badge = "" if count <= 0 else str(count) if count <= BADGE_CAP else f"{BADGE_CAP}+"
        groups.setdefault(section, []).append(Entry(item, url, item.current(view_name), badge))
    return [Group(key, SECTIONS[key], entries) for key, entries in groups.items()]
