"""Coming in: the first run, the second factor, recovery codes; and the pages of those who may not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import DESK, MEI, PASSWORD, Enter, House, Watched, sign_in
from tests.browser.furnish import ask
from tests.browser.looks import faults
from tests.browser.platform import Platform, strict_console

STEP = 30  # seconds of a code


def one_time_code(secret: str) -> str:
    """RFC 6238, as an authenticator app makes it; never one that is about to expire."""
    if STEP - time.time() % STEP < 5:
        time.sleep(STEP - time.time() % STEP + 0.1)
    moment = struct.pack(">Q", int(time.time()) // STEP)
    digest = hmac.new(base64.b32decode(secret), moment, hashlib.sha1).digest()
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place : place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


@pytest.fixture(scope="module")
def strict(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with strict_console(tmp_path_factory.mktemp("strict")) as running:
        yield running


@pytest.fixture
def stranger(browser: Any, strict: Platform) -> Iterator[Watched]:
    """Somebody before the door; nothing may go wrong on the pages."""
    context = browser.new_context(viewport=DESK, color_scheme="light", reduced_motion="reduce", locale="en")
    context.add_cookies([{"name": "seawall_language", "value": "en", "url": strict.url}])
    watched = Watched(context.new_page(), strict.url)
    yield watched
    context.close()
    assert watched.wrong == []


def test_the_first_person_and_the_second_factor(stranger: Watched, strict: Platform) -> None:
    page = stranger.open("/")
    assert page.url.endswith("/setup/")
    assert faults(page) == []
    token, name = strict.key, "ada"
    for field, value in {"token": token, "username": name, "password": PASSWORD, "repeated": PASSWORD}.items():
        page.fill(f"[name={field}]", value)
    page.select_option("select[name=language]", "en")
    page.get_by_role("button", name="Make the first person").click()
    page.wait_for_url("**/settings/me/factors/app/")  # an administrator needs a second factor before anything else
    assert stranger.open("/users/").url.endswith("/settings/me/factors/app/")
    assert faults(page) == []

    secret = page.input_value("#secret")
    page.fill("[name=code]", "000000")
    page.get_by_role("button", name="Activate").click()
    page.wait_for_selector(".errorlist")
    assert page.input_value("#secret") == secret
    page.fill("[name=code]", one_time_code(secret))
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url("**/settings/me/factors/codes/")
    codes = page.locator("ol code").all_inner_texts()
    assert len(set(codes)) == 10
    assert faults(page) == []
    page.get_by_role("link", name="Go on").click()
    page.wait_for_selector(".rail")

    leave(page)
    assert faults(page) == []
    knock(page, strict, name)
    assert faults(page) == []
    enter_code(page, "000000")
    assert page.locator(".errorlist").count() == 1  # refused, and said
    enter_code(page, one_time_code(secret))
    page.wait_for_selector(".rail")

    leave(page)
    knock(page, strict, name)
    enter_code(page, codes[0])
    page.wait_for_selector(".rail")
    stranger.open("/settings/me/factors/codes/")
    if page.locator("[name=code], [name=password]").count():  # looking at codes asks again who it is
        assert faults(page) == []
        enter_code(page, codes[1])
    assert page.locator("ol code").count() in (8, 9)

    stranger.open("/users/")
    leave(page)
    knock(page, strict, name)
    enter_code(page, codes[0])
    assert page.url.endswith("/sign-in/code/")
    assert page.locator(".errorlist").count() == 1  # each works once


def test_a_wrong_password_says_no_more_than_that(stranger: Watched, strict: Platform) -> None:
    sign_in(stranger.page, strict.url, "nobody-here", "not-the-password-1")
    assert stranger.page.url.endswith("/sign-in/")
    assert stranger.page.locator(".errorlist").inner_text() != ""


def leave(page: Any) -> None:
    page.locator(".bar details.menu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")


def knock(page: Any, strict: Platform, name: str) -> None:
    sign_in(page, strict.url, name, PASSWORD)
    page.wait_for_url("**/sign-in/code/")


def enter_code(page: Any, code: str) -> None:
    page.fill("[name=code]", code)
    with page.expect_navigation():
        page.press("[name=code]", "Enter")


# --- pages that say what to do ----------------------------------------------------------------------------------------


def said(visitor: Watched) -> str:
    """The words of an error page; the browser's note of its status is expected."""
    visitor.wrong = [line for line in visitor.wrong if "the server responded with a status of 40" not in line]
    assert faults(visitor.page) == []
    return str(visitor.page.locator("main").inner_text())


def test_a_form_of_another_session_can_be_sent_again(enter: Enter, house: House) -> None:
    visitor = enter(MEI)
    page = visitor.open(f"/cases/{house.made['case']}/")
    page.evaluate("for (const one of document.getElementsByName('csrfmiddlewaretoken')) one.value = 'x'.repeat(64)")
    page.fill("#note", "It must not be lost.")
    with page.expect_navigation():
        page.get_by_role("button", name="Note down").click()
    words = said(visitor)
    assert "This form is too old to be sent" in words
    assert "Reload the page and send it again" in words


def test_an_ended_session_leads_back_to_its_page(enter: Enter, house: House) -> None:
    visitor = enter(MEI)
    page = visitor.page
    page.context.clear_cookies()
    sign_in(page, house.url, MEI, PASSWORD)
    page.goto("about:blank")  # a page that refreshes itself would be told first
    cookies = {one["name"]: one["value"] for one in page.context.cookies()}
    ask(Path(house.platform.home), "old_session", key=cookies["seawall_session"], seconds=3_600)
    answer = page.goto(f"{house.url}/cases/transitions/")
    assert "/sign-in/" in page.url
    assert "Your session has ended; sign in again." in answer.text()
    assert page.locator("main .callout").is_visible()  # a toast would have left before somebody looks
    page.fill("[name=login]", MEI)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/cases/transitions/")


def test_a_page_that_refreshes_itself_leads_to_the_same_words(enter: Enter, house: House) -> None:
    page = enter(MEI).page
    page.context.clear_cookies()
    sign_in(page, house.url, MEI, PASSWORD)
    page.goto(f"{house.url}/situation/")
    cookies = {one["name"]: one["value"] for one in page.context.cookies()}
    ask(Path(house.platform.home), "old_session", key=cookies["seawall_session"], seconds=3_600)
    page.wait_for_url("**/sign-in/**", timeout=20_000)
    page.wait_for_selector("main .callout >> text=Your session has ended")
    page.reload()
    assert page.locator("main .callout").is_visible()


def test_a_lost_connection_stays_said_until_it_is_back(enter: Enter) -> None:
    visitor = enter(MEI)
    page = visitor.open("/cases/transitions/")
    page.context.set_offline(True)
    page.wait_for_selector("#lost >> text=check your network")
    page.context.set_offline(False)
    page.wait_for_selector("#lost", state="hidden")
    page.wait_for_selector(".toast >> text=Connected again")
    visitor.wrong = [line for line in visitor.wrong if "ERR_INTERNET_DISCONNECTED" not in line]


def test_a_forbidden_page_says_which_right_is_missing(enter: Enter) -> None:
    visitor = enter(MEI)
    visitor.open("/users/")
    words = said(visitor)
    assert "You may not do this" in words
    assert "See users and roles" in words


@pytest.mark.parametrize("address", ["/decisions/{id}/", "/cases/{id}/", "/alerts/{id}/", "/no/such/page/"])
def test_an_unknown_record_says_where_to_look(enter: Enter, address: str) -> None:
    visitor = enter(MEI)
    visitor.open(address.format(id=uuid.UUID(int=7 << 76)))
    words = said(visitor)
    assert "There is no such page or record" in words
    assert "Ctrl K" in words or "it is not for you to see" in words
