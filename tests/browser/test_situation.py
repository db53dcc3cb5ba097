"""The situation room over a real platform: figures that move, the feed, its explanation, jobs by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.conftest import DESK, Watched
from tests.browser.platform import Platform, platform

Enter = Callable[..., Watched]
DECIDED = "(count) => document.querySelectorAll('#figures .figure .value')[1].innerText === count"


@pytest.fixture(scope="module")
def served(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform(tmp_path_factory.mktemp("home")) as running:
        running.decide(0, 60)
        yield running


@pytest.fixture(scope="module")
def cookies(browser: Any, served: Platform) -> list[Any]:
    """Of somebody who has signed in by the form."""
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.goto(f"{served.url}/")
    page.fill("[name=login]", served.name)
    page.fill("[name=password]", served.password)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/situation/")
    found = context.cookies()
    context.close()
    return list(found)


@pytest.fixture
def enter(browser: Any, served: Platform, cookies: list[Any]) -> Iterator[Enter]:
    """enter() is signed in already; nothing may go wrong on the pages."""
    contexts: list[Any] = []
    visits: list[Watched] = []

    def start() -> Watched:
        context = browser.new_context(viewport=DESK, reduced_motion="reduce")
        context.add_cookies(cookies)
        contexts.append(context)
        visits.append(Watched(context.new_page(), served.url))
        visited = visits[-1]
        visited.open("/situation/")
        visited.page.evaluate(
            """async () => {
                const form = document.querySelector('.menu form');
                const body = new FormData(form);
                body.set('language', 'en');
                await fetch(form.action, {method: 'POST', body});
            }"""
        )
        return visited

    yield start
    for context in contexts:
        context.close()
    assert [line for one in visits for line in one.wrong] == []


def test_figures_move_by_themselves_and_lead_to_their_rows(enter: Enter, served: Platform) -> None:
    page = enter().open("/situation/")
    page.wait_for_function(DECIDED, arg="60")
    served.decide(60, 40)
    page.wait_for_function(DECIDED, arg="100")
    page.wait_for_function("() => !document.querySelector('#health .tone-bad')", timeout=15_000)
    page.locator("#figures .figure").nth(1).click()
    page.wait_for_url("**/decisions/?time=24h")


def test_the_newest_stopped_decision_arrives_in_the_feed(enter: Enter, served: Platform) -> None:
    page = enter().open("/situation/")
    served.decide(1_000, 6, card="6222020000099999", customer="c-burst")  # the sixth payment of a card in ten minutes
    page.wait_for_selector("#feed >> text=c-burst")
    page.locator("#feed tr[data-row] a.open").first.click()
    page.wait_for_url("**/decisions/*/")


def test_the_explanation_is_put_away_and_comes_back(enter: Enter) -> None:
    page = enter().open("/situation/")
    page.click("text=Put away")
    page.wait_for_selector("text=Put away", state="detached")
    page.click("button:has-text('What you see here')")
    page.wait_for_selector("text=Put away")


def test_a_job_started_by_hand_is_followed_to_its_end(enter: Enter) -> None:
    page = enter().open("/jobs/")
    page.locator("tr", has_text="Remove ended sessions").hover()
    page.locator("tr", has_text="Remove ended sessions").locator("button").click()
    page.click("#dialog [data-go]")
    page.wait_for_url("**/jobs/runs/*/")
    page.wait_for_selector("text=Ended sessions were removed.")
