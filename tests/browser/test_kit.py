"""The kit in a real browser: every pattern in both languages, themes and sizes, under the strict policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.looks import draw_all, faults

PAGES = ("/", "/nothing", "/record", "/room", "/form", "/workbench", "/fails/503")
LOOKS = [(language, phone) for language in ("zh", "en") for phone in (False, True)]
Visit = Callable[..., Any]


@pytest.mark.parametrize(("language", "phone"), LOOKS)
def test_every_pattern_in_every_look(visit: Visit, language: str, phone: bool) -> None:
    """No policy violation, script error, foreign request, sideways scrolling, or serious finding, light and dark."""
    visitor, found = visit(language, "light", phone), []
    for path in PAGES:
        found += [f"{path} {one}" for one in faults(visitor.open(path))]
    visitor.wrong = [line for line in visitor.wrong if "status of 503" not in line]
    assert not found, "\n".join(found)


def test_the_palette_finds_pages_by_keyboard(visit: Visit) -> None:
    page = visit().open("/")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette[open] [role=option]")
    page.keyboard.type("room")
    page.wait_for_function("() => document.querySelectorAll('#hits a').length === 1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/room")


def test_letters_go_places_and_rows_open(visit: Visit) -> None:
    page = visit().open("/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("tr.at").get_attribute("class") == "at"
    assert page.locator("tr.at input:checked").count() == 1
    assert page.locator(".selection").is_visible()
    page.locator("tr.at a.open").press("Enter")
    page.wait_for_url("**/record")
    page.keyboard.press("?")
    assert page.locator("#shortcuts").is_visible()
    assert page.locator("[data-page-keys] kbd").all_inner_texts() == ["d", "a"]
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/room")


def test_typing_is_not_a_shortcut(visit: Visit) -> None:
    page = visit().open("/")
    page.keyboard.press("/")
    page.keyboard.type("gd?j")
    assert page.locator("[data-search]").input_value() == "gd?j"
    assert not page.locator("#shortcuts").is_visible()


def test_filters_live_in_the_address(visit: Visit) -> None:
    page = visit().open("/?sort=-score")
    page.get_by_label("Review").first.check()
    page.wait_for_url("**/?sort=-score&outcome=review")
    page.locator("input[name=amount_min]").fill("100")
    page.locator("input[name=amount_min]").press("Enter")
    page.wait_for_url("**amount_min=100**")
    page.get_by_label("Remove filter Outcome: Review").click()
    page.wait_for_url(lambda url: "outcome" not in url and "amount_min=100" in url)


def test_columns_are_chosen(visit: Visit) -> None:
    page = visit().open("/")
    page.get_by_text("Columns", exact=True).click()
    page.locator("[data-columns] label", has_text="Owner").click()
    page.get_by_role("button", name="Show these columns").click()
    page.wait_for_url("**columns=**owner**")
    assert "Owner" in page.locator("thead").inner_text()


def test_a_dangerous_action_asks_why(visit: Visit) -> None:
    page = visit().open("/")
    page.get_by_label("Select all on this page").check()
    page.locator(".selection").get_by_role("button", name="Close").click()
    go = page.locator("#dialog [data-go]")
    assert go.is_disabled()
    page.locator("#confirm-reason").fill("duplicates of one event")
    go.click()
    page.wait_for_selector(".toast")
    assert "20 · duplicates of one event" in page.locator("#toasts").inner_text()


def test_a_typed_confirmation(visit: Visit) -> None:
    page = visit().open("/record")
    page.get_by_label("More").click()
    page.get_by_role("button", name="Delete").click()
    go = page.locator("#dialog [data-go]")
    page.locator("#confirm-typed").fill("D-0004")
    assert go.is_disabled()
    page.locator("#confirm-typed").fill("D-0003")
    assert go.is_enabled()


def test_a_form_in_a_dialog_keeps_its_errors_there(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("/record")
    page.keyboard.press("d")
    page.wait_for_selector("#dialog[open] textarea")
    page.evaluate("document.querySelector('#dialog form').noValidate = true")
    page.locator("#dialog textarea").fill("short")
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector("#dialog .errorlist")
    page.locator("#dialog textarea").fill("long enough to be a reason")
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector(".toast")
    visitor.wrong = [line for line in visitor.wrong if "422" not in line]


def test_language_and_theme_switch_in_place(visit: Visit) -> None:
    page = visit().open("/record")
    page.locator(".bar details.menu > summary").click()
    page.get_by_role("button", name="中文").click()
    page.wait_for_selector("html[lang=zh-Hans]")
    page.locator(".bar details.menu > summary").click()
    page.get_by_role("button", name="深色").click()
    page.wait_for_selector("html[data-theme=dark]")
    assert page.url.endswith("/record")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(15, 19, 23)"


def test_polling_refreshes_and_rests_while_hidden(visit: Visit) -> None:
    page = visit().open("/room")
    page.wait_for_selector("#fresh p")
    first = page.locator("#fresh").inner_text()
    page.wait_for_function("(old) => document.querySelector('#fresh').innerText !== old", arg=first)
    asked: list[str] = []
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
    page.wait_for_timeout(300)
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2_500)
    assert [url for url in asked if "/fragment" in url] == []


def test_a_lost_connection_is_said_and_taken_back(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("/room")
    page.context.set_offline(True)
    page.wait_for_selector("#lost:not([hidden])")
    page.context.set_offline(False)
    page.wait_for_selector("#lost[hidden]", state="attached")
    expected = ("ERR_INTERNET_DISCONNECTED", "htmx", "console: Event")
    visitor.wrong = [line for line in visitor.wrong if not any(one in line for one in expected)]


def test_a_refusal_becomes_a_toast_and_the_page_stays(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("/room")
    page.evaluate("htmx.ajax('GET', '/fails/403', {target: '#fresh'})")
    page.wait_for_selector("#toasts [role=alert]")
    assert "cases.close" in page.locator("#toasts").inner_text()
    assert page.locator("h1").inner_text() == "Situation room"
    visitor.wrong = [line for line in visitor.wrong if "403" not in line]


def test_charts_follow_the_theme_and_lead_to_rows(visit: Visit) -> None:
    page = visit(theme="dark").open("/room")
    draw_all(page)
    colours = page.evaluate(
        "[...document.querySelectorAll('.chart path[fill]')].map((one) => one.getAttribute('fill'))"
    )
    assert "#45aec4" in colours
    page.locator("[data-chart] .mark-rect.role-mark path").first.click()
    page.wait_for_url("**/?rule=0")


def test_the_phone_has_cards_and_a_drawer(visit: Visit) -> None:
    page = visit(phone=True).open("/")
    assert page.locator("thead").is_hidden()
    assert page.locator(".facets form").is_hidden()
    assert not page.locator("#rail").is_visible()
    page.get_by_label("Menu").click()
    assert page.locator("#rail").is_visible()
    page.locator("#rail").get_by_text("Room").click()
    page.wait_for_url("**/room")
