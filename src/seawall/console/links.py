"""Where a thing's page is. Apps register their pages; the kit links to them without importing an app."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import NoReverseMatch, reverse

_BUILDERS: dict[str, Callable[[str], str]] = {}


def register(kind: str, builder: Callable[[str], str] | str) -> None:
    """Say where things of a kind ("entity:customer", "case", …) live: a URL name taking the id, or a function of it."""
    _BUILDERS[kind] = builder if callable(builder) else lambda key, name=builder: reverse(name, args=[key])


def url_of(kind: str, key: object) -> str | None:
    """The address of a thing, or None where no app shows this kind (`entity:customer` falls back to `entity`)."""
    builder = _BUILDERS.get(kind)
    argument = str(key)
    if builder is None and ":" in kind:
        family, _, own = kind.partition(":")
        builder, argument = _BUILDERS.get(family), f"{own}:{argument}"
    if builder is None:
        return None
    try:
        return builder(argument)
    except NoReverseMatch:
        return None
