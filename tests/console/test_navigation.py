"""The rail and ⌘K show people only what they may open."""

# ruff: noqa: E501
from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory, override_settings

from seawall.console import navigation, search
from seawall.console.navigation import Item, NavigationError


def request(view_name: str = "", *permissions: str, signed_in: bool = True) -> Any:
    made: Any = RequestFactory().get("/")
    made.user = SimpleNamespace(is_authenticated=signed_in, has_perm=lambda one: one in permissions)
    made.resolver_match = SimpleNamespace(view_name=view_name)
    return made


@pytest.fixture(autouse=True)
def gallery_urls() -> Iterable[None]:
    with override_settings(ROOT_URLCONF="tests.console.gallery"):
        yield


def keys(groups: list[navigation.Group]) -> dict[str, list[str]]:
    return {group.key: [entry.item.key for entry in group.entries] for group in groups}


def test_only_what_a_role_may_open() -> None:
    navigation.register("now", Item("room", "Room", "room", "room.view", "gauge"))
    navigation.register(
        "decide", Item("list", "List", "index", "list.view", "list"), Item("free", "Free", "form", "", "x")
    )
    assert keys(navigation.menu(request("", "list.view"))) == {"decide": ["list", "free"]}
    assert keys(navigation.menu(request("", "room.view"))) == {"now": ["room"], "decide": ["free"]}
    assert navigation.menu(request("", "room.view", signed_in=False)) == []


def test_a_page_that_is_not_installed_is_left_out() -> None:
    navigation.register("now", Item("gone", "Gone", "gone:index", "", "x"))
    assert navigation.menu(request()) == []


def test_badges_are_asked_for_only_where_the_page_may_be_opened() -> None:
    asked: list[str] = []

    def badge(count: int) -> Any:
        return lambda _request: asked.append("asked") or count

    navigation.register("now", Item("a", "A", "room", "", "x", badge=badge(3)), Item("b", "B", "index", "", "x", badge=badge(100)),
                        Item("c", "C", "form", "", "x", badge=badge(0)), Item("d", "D", "record", "no", "x", badge=badge(9)))  # fmt: skip
    assert [entry.badge for group in navigation.menu(request()) for entry in group.entries] == ["3", "99+", ""]
    assert len(asked) == 3


def test_the_page_and_those_it_covers_light_up() -> None:
    item = Item("a", "A", "cases:index", "", "x", covers=("cases:", "alert"))
    assert [item.current(name) for name in ("cases:index", "cases:show", "alert", "alerts", "room")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_order_sections_and_letters() -> None:
    navigation.register("system", Item("z", "Z", "room", "", "x", keys="z"))
    navigation.register("now", Item("b", "B", "room", "", "x", rank=9), Item("a", "A", "room", "", "x", rank=1))
    assert [item.key for _, item in navigation.items()] == ["a", "b", "z"]
    with pytest.raises(NavigationError, match="choose another letter"):
        navigation.register("now", Item("y", "Y", "room", "", "x", keys="z"))
    with pytest.raises(NavigationError, match="not one of now"):
        navigation.register("elsewhere", Item("q", "Q", "room", "", "x"))
    navigation.register("system", Item("z", "Z again", "room", "", "x", keys="z"))


def test_search_asks_only_permitted_providers_and_bounds_them() -> None:
    asked: list[str] = []

    @search.provider("open", "Open", "may.see")
    def open_ones(_: HttpRequest, query: str) -> Iterable[search.Hit]:
        asked.append(query)
        for n in range(100):
            yield search.Hit(f"{query}{n}", "/")

    @search.provider("closed", "Closed", "may.not")
    def closed(_: HttpRequest, query: str) -> Iterable[search.Hit]:
        raise AssertionError("asked without permission")

    found = search.find(request("", "may.see"), "  two   words " + "x" * 200)
    assert [len(one.hits) for one in found] == [search.HITS_A_PROVIDER]
    assert asked[0].startswith("two words ")
    assert len(asked[0]) == search.LONGEST_QUERY
    assert search.find(request("", "may.see"), "") == []


def test_pages_are_found_by_title(client: Client) -> None:
    body = client.get("/console/search?q=policies").content.decode()
    assert "策略 Policies" in body
    assert "Room" not in body
    assert "Hidden" not in client.get("/console/search?q=").content.decode()
    assert "Nothing found" in client.get("/console/search?q=zzzz").content.decode()
