"""Real Chromium through Playwright, with the system's binary. What a page does wrong fails its test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

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
