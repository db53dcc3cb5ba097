"""The frame around every page: the palette, the shortcuts, language and theme."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.browser.conftest import ALL_EN, ALL_ZH, MEI, Enter, House


def found_by_keyboard(page: Any, words: str, group: str) -> None:
    """Type into the palette, go down to the group, open its first hit: all without the mouse."""
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette[open] [role=option]")
    with page.expect_response(lambda response: response.url.endswith(f"?q={quote(words)}")):
        page.keyboard.type(words)
    page.wait_for_selector(f"#hits h3 >> text={group}")
    selected = page.locator("#hits a[aria-selected=true]")
    above = "(one) => { while (one.tagName !== 'H3') one = one.previousElementSibling; return one.textContent }"
    for _step in range(page.locator("#hits a").count()):
        if selected.evaluate(above) == group:
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def test_the_palette_opens_pages_entities_cases_and_decisions(enter: Enter, house: House) -> None:
    page = enter(MEI).open("/situation/")
    found_by_keyboard(page, "decis", "Pages")
    page.wait_for_url("**/decisions/")
    found_by_keyboard(page, "guess-1", "Entities")
    page.wait_for_url("**/entities/customer/guess-1")
    found_by_keyboard(page, house.made["number"], "Cases")
    page.wait_for_url(f"**/cases/{house.made['case']}/")
    found_by_keyboard(page, house.made["transfer"], "Decisions")
    page.wait_for_url(f"**/decisions/{house.made['transfer']}/")


def test_a_fast_enter_opens_what_was_typed(enter: Enter) -> None:
    page = enter(MEI).open("/situation/")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette[open] [role=option]")
    page.keyboard.type("entit")
    page.keyboard.press("Enter")
    page.wait_for_url("**/entities/")


def test_the_palette_finds_only_what_the_person_may_open(enter: Enter) -> None:
    page = enter(MEI).open("/situation/")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette[open] [role=option]")
    page.keyboard.type("users")
    page.wait_for_selector("#hits >> text=Nothing found")


@pytest.mark.parametrize(("name", "other", "code"), [(ALL_EN, "中文", "zh-Hans"), (ALL_ZH, "EN", "en")])
def test_the_language_changes_and_the_page_stays(enter: Enter, name: str, other: str, code: str) -> None:
    page = enter(name).open("/decisions/?outcome=review&sort=-score")
    before, back = page.url, page.get_attribute("html", "lang")
    heading = page.locator("h1").inner_text()
    switch(page, other)
    page.wait_for_selector(f"html[lang={code}]")
    assert page.url == before
    assert page.locator("h1").inner_text() != heading
    switch(page, "EN" if back == "en" else "中文")
    page.wait_for_selector(f"html[lang={back}]")
    assert page.locator("h1").inner_text() == heading


def test_the_theme_stays_with_the_person(enter: Enter) -> None:
    page = enter(MEI).open("/cases/transitions/")
    light = background(page)
    switch(page, "Dark")
    page.wait_for_selector("html[data-theme=dark]")
    assert page.url.endswith("/cases/transitions/")
    page.reload()
    dark = background(page)
    assert dark != light
    switch(page, "As the system")
    page.wait_for_selector("html:not([data-theme])")
    assert background(page) == light


def test_shortcuts_are_listed_and_work(enter: Enter) -> None:
    page = enter(MEI).open("/situation/")
    page.keyboard.press("?")
    page.wait_for_selector("#shortcuts[open]")
    lines = page.locator("#shortcuts .keys > div").all_inner_texts()
    assert any("Cases" in line and "g" in line and "c" in line for line in lines)
    page.keyboard.press("Escape")
    page.wait_for_selector("#shortcuts[open]", state="hidden")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/cases/**")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/*-*/")


def switch(page: Any, title: str) -> None:
    page.locator(".bar details.menu > summary").click()
    page.locator(".bar details.menu").get_by_role("button", name=title, exact=True).click()


def background(page: Any) -> str:
    return str(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
