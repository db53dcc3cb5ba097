"""Tabs of saved views, for every list page: the kit asks who keeps them and offers what can be kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.http import HttpRequest, QueryDict
from django.test import Client, RequestFactory

from seawall.console import saved
from seawall.console.pages import View
from seawall.console.saved import Kept, Offer, keepable, opened

ASKED: list[str] = []


def keeper(request: HttpRequest, page: str) -> Kept:
    ASKED.append(page)
    return Kept([View("7", "Declines", "outcome=decline"), View("8", "Theirs", "outcome=review&q=x", "users")],
                "/save", "/manage")  # fmt: skip


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(saved, "_KEEPERS", [])
    saved.register(keeper)
    yield
    ASKED.clear()


def body(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_a_list_shows_what_is_kept_of_it(client: Client, kept: None) -> None:
    page = body(client, "/?outcome=decline&columns=id")
    assert ASKED == ["decisions"]
    assert '<a href="?outcome=decline" aria-current="page">Declines</a>' in page
    assert '<a href="?outcome=review&amp;q=x"><svg' in page
    assert 'hx-get="/manage"' in page
    assert "/save?of=" not in page, "it is kept already"
    assert 'hx-get="/save?of=' in body(client, "/?outcome=decline&outcome=review")


def test_without_a_keeper_nothing_is_offered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "_KEEPERS", [])
    page = body(client, "/?outcome=decline")
    assert "Save this view" not in page
    assert "My views" not in page


def test_strangers_keep_nothing(kept: None) -> None:
    request = RequestFactory().get("/")
    assert saved.kept(request, "decisions") == Kept()
    assert ASKED == []


def test_only_the_lists_own_parameters_are_kept() -> None:
    asked = QueryDict("b=2&b=1&a_from=2026-01-01&place=zz&export=csv&sort=-x&columns=k&other=1&empty=&c_other=1")
    assert keepable(asked, ["a", "b", "empty"]) == "a_from=2026-01-01&b=2&b=1&columns=k&sort=-x"
    assert keepable(QueryDict(f"b={'x' * saved.LONGEST_QUERY}"), ["b"]) == ""
    assert keepable(QueryDict(""), ["b"]) == ""


def test_an_offer_survives_its_seal() -> None:
    offer = Offer("cases", "/cases/", "state=%E5%BC%80&q=x")
    assert opened(offer.sealed()) == offer
