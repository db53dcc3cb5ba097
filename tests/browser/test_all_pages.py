"""Every page the console has, found by itself: from the URL configuration, the rail, and the links of each page."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.browser.conftest import ALL_EN, ALL_ZH, Enter, House
from tests.browser.furnish import ask
from tests.browser.looks import COLOURS, faults, grave

_ADDRESSES = re.compile(r'\s(href|hx-get|hx-post|action|formaction)="(/[^"#]*|\?show=[^"#]*)')
# What in an address tells sorts of a page apart, by parameter; of the name `limits.card_day` the word before the dot.
_SHOWN = re.compile(r"[?&]show=([a-z]+)")  # the part of an editor
_SORTS = {"action": re.compile("[a-z_-]+"), "name": re.compile(r"[a-z]+(?=\.)")}

# No pages for somebody who has signed in: test_sign_in.py looks at those that are pages to others.
AT_THE_DOOR = {
    "start", "accounts:setup", "account_login", "mfa_authenticate", "account_inactive", "account_logout",
    "account_reauthenticate", "mfa_reauthenticate", "account_set_password", "mfa_activate_totp",
    "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes",
}  # fmt: skip
ENOUGH = 6  # addresses of one kind
NOT_LINKED = {
    "console:vega",  # a script
    "jobs:cancel", "jobs:progress", "backtests:cancel", "backtests:progress",  # while it runs
    "lists:import_cancel", "lists:import_again",  # while it runs, and where it stopped
    "policies:way", "policies:submit", "policies:stop", "policies:rollback",  # beside a second version, past its gates
}  # fmt: skip


@dataclass
class Walk:
    """What somebody who may do everything meets: pages and dialogs by kind with one address each, names of the rest."""

    table: list[dict[str, Any]]
    pages: dict[str, str] = field(default_factory=dict)
    dialogs: dict[str, str] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)

    def through(self, url: str, request: Any, *begin: str) -> Walk:
        """Ask for some addresses of each kind, at last for those that nothing links; of the pages the fullest stays."""
        waiting = [("href", one) for one in begin]
        unlinked = [("href", re.sub(r"\\(.)", r"\1", one["regex"])) for one in self.table if one["plain"]]
        asked: dict[str, set[str]] = defaultdict(set)
        fullest: dict[str, int] = {}
        while waiting or unlinked:
            how, address = waiting.pop(0) if waiting else unlinked.pop(0)
            name, kind = self.kind(address)
            path = address.partition("?")[0]
            if not name or name in AT_THE_DOOR or path in asked[kind] or len(asked[kind]) == ENOUGH:
                continue
            asked[kind].add(path)
            self.met.add(name)
            asks = {} if how == "href" else {"HX-Request": "true"}
            answer = request.get(url + address, headers=asks)
            text = answer.text() if "text/html" in answer.headers.get("content-type", "") else ""
            if how == "href" and answer.status in (400, 403, 404, 500, 503):
                self.failed.append(f"{address} answers {answer.status}")
            if answer.status != 200 or not text or "content-disposition" in answer.headers:
                continue
            came_to = answer.url.removeprefix(url)
            if self.kind(came_to)[0] != name:
                waiting.append((how, came_to))
            elif "<html" in text:
                if len(text) > fullest.get(kind, 0):
                    self.pages[kind], fullest[kind] = came_to, len(text)
            elif 'id="dialog-title"' in text:
                self.dialogs[kind] = came_to
            here = came_to.partition("?")[0]
            for how_next, to in _ADDRESSES.findall(text):
                waiting.append((how_next, (here if to.startswith("?") else "") + html.unescape(to)))
        return self

    def kind(self, address: str) -> tuple[str, str]:
        """The name of an address, and with it what tells sorts of it apart: which action, which sort of entity."""
        for one in self.table:
            if found := re.fullmatch(one["regex"], address.partition("?")[0]):
                given = found.groupdict()
                sorts = [sort[0] for key, of in _SORTS.items() if (sort := of.match(given.get(key) or ""))]
                return one["name"], " ".join([one["name"], *sorts, *_SHOWN.findall(address)])
        return "", ""


@pytest.fixture(scope="module")
def walk(browser: Any, house: House) -> Walk:
    context = browser.new_context()
    context.add_cookies(house.cookies[ALL_ZH])
    try:
        made = house.made  # one of few decisions with a sealed field, of few entries that are drafts
        begin = f"/decisions/{made['transfer']}/", f"/lists/entries/{made['entry']}/"
        return Walk(ask(house.platform.home, "addresses")).through(house.url, context.request, *begin)
    finally:
        context.close()


def test_every_address_was_met(walk: Walk) -> None:
    """A new page must be linked from another one, or have no parameters; a new command needs its button."""
    assert walk.failed == []
    unmet = sorted({one["name"] for one in walk.table} - walk.met - AT_THE_DOOR - NOT_LINKED)
    assert not unmet, f"link these, or let furnish.work make what they need: {', '.join(unmet)}"
    shown = {kind.partition(" ")[0] for kind in walk.pages}
    assert sorted({one["name"] for one in walk.table if one["in_rail"]} - shown) == []


@pytest.mark.parametrize(("name", "language"), [(ALL_ZH, "zh-Hans"), (ALL_EN, "en")])
def test_every_page(enter: Enter, walk: Walk, name: str, language: str) -> None:
    """No policy violation, script error, foreign request, sideways scrolling, or serious finding, in either theme."""
    visitor, wrong = enter(name), []
    for kind, address in walk.pages.items():
        page = visitor.open(address)
        if page.get_attribute("html", "lang") != language:
            wrong.append(f"{kind}: is not in {language}")
        wrong += [f"{kind}: {one}" for one in (*faults(page), *visitor.wrong)]
        visitor.wrong.clear()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", [ALL_ZH, ALL_EN])
def test_every_dialog(enter: Enter, walk: Walk, name: str) -> None:
    """The same of dialogs. Some are of ALL_ZH's own things: nobody else can open those."""
    visitor, wrong = enter(name), []
    page = visitor.open("/cases/")
    for kind, address in walk.dialogs.items():
        if name != ALL_ZH and page.request.get(visitor.base + address, headers={"HX-Request": "true"}).status != 200:
            continue
        page.evaluate("(address) => htmx.ajax('GET', address, '#dialog')", address)
        page.wait_for_selector("#dialog[open] [data-close]")
        found = grave(page, "#dialog")
        page.emulate_media(color_scheme="dark")
        found += [f"dark {one}" for one in grave(page, "#dialog", COLOURS)]
        page.emulate_media(color_scheme="light")
        wrong += [f"{kind}: {one}" for one in (*found, *visitor.wrong)]
        visitor.wrong.clear()
        page.keyboard.press("Escape")
        page.wait_for_selector("#dialog[open]", state="hidden")
    assert not wrong, "\n".join(wrong)
