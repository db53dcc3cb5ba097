"""Pictures of the main pages over a demo, into docs/screenshots: `python -m tests.browser.shoot [SECONDS]`.

It starts a platform of its own on a temporary home, lets the synthetic fintech use it for SECONDS (default 60), works
some cases, and takes each page in Chinese and English. Look at every picture before it is committed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.conftest import ALL_EN, ALL_ZH, CHROMIUM, DESK, PASSWORD, PHONE, ROOT, fill, sign_in
from tests.browser.looks import draw_all
from tests.browser.platform import Platform, platform

FOLDER = ROOT / "docs" / "screenshots"
USUAL_SECONDS = 60.0
LIGHT, DARK, SMALL = "", "-dark", "-phone"
_PEOPLE = {"zh": ALL_ZH, "en": ALL_EN}
_FIRST_ROW = "main a.open"


@dataclass(frozen=True)
class Shot:
    """A page: where it begins, what is clicked there, which looks are taken in Chinese besides the usual one."""

    name: str
    address: str
    click: str = ""
    looks: tuple[str, ...] = ()


SHOTS = (
    Shot("situation", "/situation/", looks=(DARK, SMALL)),
    Shot("work", "/work/"),
    Shot("approvals", "/approvals/?state=pending"),
    Shot("approval", "/approvals/?state=pending", _FIRST_ROW),
    Shot("alerts", "/alerts/?state=new", looks=(SMALL,)),
    Shot("alert", "/alerts/?state=new&sort=-hits", _FIRST_ROW),
    Shot("cases", "/cases/"),
    Shot("case", "/cases/{case}/", looks=(DARK, SMALL)),
    Shot("decisions", "/decisions/", looks=(SMALL,)),
    Shot("decision", "/decisions/?outcome=decline", _FIRST_ROW, looks=(DARK, SMALL)),
    Shot("entities", "/entities/"),
    Shot("entity", "/entities/customer/guess-1"),
    Shot("backtests", "/policies/backtests/"),
    Shot("backtest", "/policies/backtests/", _FIRST_ROW, looks=(DARK,)),
    Shot("limits", "/limits/", looks=(SMALL,)),
    Shot("limit", "/limits/limits.transfer_day/"),
    Shot("actions", "/actions/", looks=(SMALL,)),
    Shot("action", "/actions/?state=effective", _FIRST_ROW),
    Shot("act", "/actions/new/block/?target_kind=device&target=d-many"),
    Shot("outbox", "/outbox/", looks=(SMALL,)),
    Shot("delivery", "/outbox/?state=stuck", _FIRST_ROW),
    Shot("endpoint", "/outbox/endpoints/", _FIRST_ROW),
    Shot("contacts", "/outbox/contacts/"),
    Shot("own", "/settings/me/"),
    Shot("ledger", "/ledger/"),
    Shot("jobs", "/jobs/"),
    Shot("users", "/users/"),
    Shot("roles", "/users/roles/"),
    Shot("settings", "/settings/platform/"),
)


def main(seconds: float) -> None:
    """Take all pictures; their names are printed."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, platform(Path(folder), "payments") as running, _fintech(running):
        time.sleep(seconds)  # the days behind it first: what is sent after now would make them late
        made = fill(running)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
            for language, person in _PEOPLE.items():
                cookies = _cookies(browser, running, person)
                for look in (LIGHT, DARK, SMALL):
                    _take(browser, running, cookies, made, language, look)
            browser.close()


@contextmanager
def _fintech(running: Platform) -> Iterator[None]:
    """The demo's synthetic fintech, with some days behind it."""
    command = [sys.executable, "-m", "seawall.cli", "simulate", "--stream", "--to", f"http://127.0.0.1:{running.api}"]
    command += ["--seed", "7", "--rate", "20", "--outages", "0.01", "--past-days", "7", "--past-events", "5000"]
    environment = {**os.environ, "SEAWALL_API_KEY": running.key}
    with (running.home / "log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield
        assert process.poll() is None, (running.home / "log").read_text()[-2_000:]
    finally:
        process.terminate()
        process.wait(20)


def _cookies(browser: Any, running: Platform, person: str) -> list[Any]:
    context = browser.new_context(viewport=DESK)
    sign_in(context.new_page(), running.url, person, PASSWORD)
    cookies = list(context.cookies())
    context.close()
    return cookies


def _take(browser: Any, running: Platform, cookies: list[Any], made: dict[str, str], language: str, look: str) -> None:
    shots = [shot for shot in SHOTS if look == LIGHT or (language == "zh" and look in shot.looks)]
    context = browser.new_context(
        viewport=PHONE if look == SMALL else DESK, color_scheme="dark" if look == DARK else "light",
        reduced_motion="reduce", locale="zh-CN" if language == "zh" else "en-GB",
    )  # fmt: skip
    context.add_cookies(cookies)
    page = context.new_page()
    for shot in shots:
        page.goto(running.url + shot.address.format(**made))
        if shot.click:
            with page.expect_navigation():
                page.locator(shot.click).first.click()
        draw_all(page)
        path = FOLDER / f"{shot.name}-{language}{look}.png"
        page.screenshot(path=path)
        print(path.relative_to(ROOT), flush=True)
    context.close()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else USUAL_SECONDS)
