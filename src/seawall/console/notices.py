"""Banners over every page: rooms say what everybody must know as long as it is so, such as a kill switch that is on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from seawall.console.words import Text


@dataclass(frozen=True)
class Notice:
    """One banner: what is so, why, since when; `url` leads to its page; `tone` and `icon` as a word's."""

    title: Text
    text: Text = ""
    since: datetime | int | None = None
    by: str = ""
    url: str = ""
    icon: str = "alert"
    tone: str = "bad"


Provider = Callable[[HttpRequest], Iterable[Notice]]
_PROVIDERS: dict[str, Provider] = {}


def register(key: str, provider: Provider) -> None:
    """Have a function asked on every page for a signed-in person: one cheap query at most. The same key replaces."""
    _PROVIDERS[key] = provider


def notices(request: HttpRequest) -> list[Notice]:
    """What stands over this page."""
    return [one for provider in _PROVIDERS.values() for one in provider(request)]
