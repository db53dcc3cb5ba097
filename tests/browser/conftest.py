"""Real Chromium through Playwright, with the system's binary. What a page does wrong fails its test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.challenged import challenge_some
from tests.browser.furnish import EVERYTHING, ask
from tests.browser.platform import Platform, platform

CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).parents[2]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Closed when the next test is elsewhere: Playwright leaves an event loop running in the thread meanwhile."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip("there is no /usr/bin/chromium")
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def gallery() -> Iterator[str]:
    """The address of the kit's gallery, served by a process of its own."""
    command = [sys.executable, "-m", "tests.console.serve", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        try:
            assert address.startswith("http://"), "the gallery did not start"
            yield address
        finally:
            process.terminate()


class Watched:
    """A page and what went wrong on it: console errors (CSP violations are), script errors, requests elsewhere."""

    def __init__(self, page: Any, base: str) -> None:
        self.page, self.base, self.wrong = page, base, list[str]()
        page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        page.on("console", lambda line: self._said(line.type, line.text))
        page.on("request", lambda request: self._asked(request.url))

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.wrong.append(f"console: {text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((f"{self.base}/", "data:", "blob:")):
            self.wrong.append(f"request to another host: {url}")

    def open(self, path: str) -> Any:
        self.page.goto(self.base + path)
        return self.page


@pytest.fixture
def visit(browser: Any, gallery: str) -> Iterator[Callable[..., Watched]]:
    """visit(language="en", theme="light", phone=False) opens a fresh session; nothing may go wrong on it."""
    contexts: list[Any] = []
    visits: list[Watched] = []

    def start(language: str = "en", theme: str = "light", phone: bool = False) -> Watched:
        context = browser.new_context(viewport=PHONE if phone else DESK, color_scheme=theme, reduced_motion="reduce")
        code = {"zh": "zh-hans"}.get(language, language)
        context.add_cookies([{"name": "django_language", "value": code, "url": gallery}])
        contexts.append(context)
        visits.append(Watched(context.new_page(), gallery))
        return visits[-1]

    yield start
    for context in contexts:
        context.close()
    assert [line for one in visits for line in one.wrong] == []


# --- a furnished platform, with people --------------------------------------------------------------------------------

PASSWORD = "lantern-harbour-42"
MEI, SHEN, ALL_ZH, ALL_EN, GONE = "mei", "shen", "everybody-zh", "everybody-en", "gone"
_PEOPLE = {
    MEI: {"display_name": "Mei Lin", "language": "en", "roles": ["analyst"]},
    SHEN: {"display_name": "Shen Di", "language": "en", "roles": ["senior_analyst", "compliance_officer"]},
    ALL_ZH: {"display_name": "林海", "language": "zh-hans", "roles": EVERYTHING},
    ALL_EN: {"display_name": "Kay Sea", "language": "en", "roles": EVERYTHING},
    GONE: {"display_name": "Gone By", "language": "en", "roles": ["analyst"]},
}
TRANSFER = {
    "type": "payment.transfer", "card": None, "merchant": None, "counterparty": "acc-777", "direction": "out",
    "payee_name": "Zhou Wanderer", "memo": "rent for the lighthouse",
}  # fmt: skip


@dataclass(frozen=True)
class House:
    """A platform with the pack `payments`, decisions, alerts, cases, and people with one password."""

    platform: Platform
    made: dict[str, str]
    cookies: dict[str, list[Any]]

    @property
    def url(self) -> str:
        return self.platform.url


def sign_in(page: Any, url: str, name: str, password: str) -> None:
    """By the form; what comes after it is the caller's."""
    page.goto(f"{url}/sign-in/")
    page.fill("[name=login]", name)
    page.fill("[name=password]", password)
    with page.expect_navigation():
        page.press("[name=password]", "Enter")


def guess_codes(running: Platform, first: int, cards: int) -> list[dict[str, Any]]:
    """Four payments of each card with a wrong security code, which makes one alert a card; the decisions."""
    decided = []
    for card in range(first, first + cards):
        about = {"card": f"62220299990{card:05d}", "device": f"phone-{card}", "customer": f"guess-{card}"}
        decided += running.decide(1_000 + 10 * card, 4, merchant=f"shop-{card}", cvc="mismatch", **about)
    return decided


def fill(running: Platform) -> dict[str, str]:
    """People, decisions, alerts and cases for an empty platform; the ids of what is spoken of."""
    ask(running.home, "people", password=PASSWORD, people=_PEOPLE)
    guess_codes(running, first=0, cards=6)
    running.decide(100, 6, device="d-many")  # one device with many cards: declined
    (transfer,) = running.decide(200, 1, **TRANSFER)  # its page has a sealed field
    challenge_some(running)
    made = ask(running.home, "work", analyst=MEI, senior=SHEN, other=ALL_ZH, gone=GONE)
    return {**made, "transfer": transfer["decision_id"]}


@pytest.fixture(scope="package")
def house(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with platform(tmp_path_factory.mktemp("house"), "payments") as running:
        made = fill(running)
        cookies: dict[str, list[Any]] = {}
        for name in (MEI, SHEN, ALL_EN, ALL_ZH, ALL_ZH):  # whoever has two sessions may end one
            context = browser.new_context(viewport=DESK)
            sign_in(context.new_page(), running.url, name, PASSWORD)
            cookies[name] = context.cookies()
            context.close()
        yield House(running, made, cookies)


Enter = Callable[..., Watched]


@pytest.fixture
def enter(browser: Any, house: House) -> Iterator[Enter]:
    """enter(name) opens a window of somebody who has signed in; nothing may go wrong on its pages."""
    contexts: list[Any] = []
    visits: list[Watched] = []

    def start(name: str, theme: str = "light") -> Watched:
        context = browser.new_context(
            viewport=DESK, color_scheme=theme, reduced_motion="reduce", extra_http_headers={"Accept-Language": "en"}
        )
        context.add_cookies(house.cookies[name])
        contexts.append(context)
        visits.append(Watched(context.new_page(), house.url))
        return visits[-1]

    yield start
    for context in contexts:
        context.close()
    assert [line for one in visits for line in one.wrong] == []
