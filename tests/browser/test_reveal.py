"""A sealed field is looked at for a purpose, by those who may, once; the ledger names who and why."""

from __future__ import annotations

import re

from tests.browser.conftest import MEI, SHEN, TRANSFER, Enter, House

NAME = TRANSFER["payee_name"]
REASON = "The bank of the payee asks for the name."


def test_a_reveal_asks_for_a_purpose_and_is_recorded(enter: Enter, house: House) -> None:
    address = f"/decisions/{house.made['transfer']}/"
    visitor = enter(SHEN)
    page = visitor.open(address)
    assert NAME not in page.content()
    field = page.locator("dt", has_text="Name of the payee").locator("xpath=following-sibling::dd[1]")
    assert "Sealed" in field.inner_text()
    field.get_by_role("button", name="Reveal").click()
    page.wait_for_selector("#dialog[open] [name=purpose]")
    page.get_by_role("button", name="Show").click()  # without a purpose nothing is shown
    assert page.locator("#dialog output").count() == 0
    page.select_option("#dialog [name=purpose]", index=1)
    purpose = page.locator("#dialog [name=purpose] option:checked").inner_text()
    page.fill("#dialog [name=reason]", REASON)
    page.get_by_label("The whole value").check()
    page.get_by_role("button", name="Show").click()
    page.wait_for_selector("#dialog output")
    assert page.locator("#dialog output").inner_text() == NAME

    page = visitor.open(address)  # seen once
    assert NAME not in page.content()
    moment = page.locator(".timeline li", has_text="looked at").inner_text()
    assert "Shen Di" in moment
    assert purpose in moment

    page = visitor.open("/ledger/")
    page.locator("tr", has_text=re.compile("reveal")).first.locator("a.open").click()
    page.wait_for_url("**/ledger/*/")
    entry = page.locator("main").inner_text()
    assert "Shen Di" in entry
    assert "payee_name" in entry
    assert "Purpose" in entry
    assert NAME not in page.content()
    assert REASON not in page.content()


def test_an_analyst_may_not_look(enter: Enter, house: House) -> None:
    visitor = enter(MEI)
    page = visitor.open(f"/decisions/{house.made['transfer']}/")
    assert page.get_by_text("Sealed", exact=True).count() >= 1
    assert page.get_by_role("button", name="Reveal").count() == 0
    refused = page.context.request.get(f"{house.url}/decisions/{house.made['transfer']}/reveal/payee_name/")
    assert refused.status == 403
    assert NAME not in refused.text()
