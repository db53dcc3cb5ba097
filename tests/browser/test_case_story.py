"""From an event to a label in the journal: two people, one alert, one case; and what a second tab is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seawall.engine.door import Label
from seawall.engine.journal import Journal, Kind, decode
from tests.browser.conftest import MEI, SHEN, Enter, House, Watched, guess_codes

PATIENCE = 30.0
REASON = "The customer has the card at home and knows none of these shops."


def test_from_an_alert_to_a_label_in_the_journal(enter: Enter, house: House, tmp_path: Path) -> None:
    mei, shen = enter(MEI), enter(SHEN)
    decided = guess_codes(house.platform, first=70, cards=1)[-1]
    address = f"/decisions/{decided['decision_id']}/"
    page = once_it_says(mei, address, "CVC_GUESSING")
    page.locator("main a[href^='/alerts/']").first.click()
    page.wait_for_url("**/alerts/*-*/")
    page.get_by_role("button", name="Open a case").click()
    page.wait_for_url("**/cases/*-*/")
    case_url = page.url
    number = page.locator("h1 .quiet").inner_text()
    assert page.locator(".record-head .person").inner_text().endswith("Mei Lin")

    page.fill("#note", "Called the customer on the number of the contract.")
    page.get_by_role("button", name="Note down").click()
    page.wait_for_selector(".timeline >> text=Called the customer")
    file = tmp_path / "call.txt"
    file.write_text("10:42 the customer denies all four payments\n")
    page.set_input_files("#evidence-file", str(file))
    page.fill("#evidence-comment", "What was said on the telephone")
    page.locator("form[action$='/evidence/']").get_by_role("button", name="Add", exact=True).click()
    page.wait_for_selector("text=call.txt")

    page.get_by_role("button", name="Ask for closure").click()
    page.wait_for_selector("#dialog[open] textarea")
    page.locator("#dialog").get_by_label("Fraud", exact=True).check()
    page.locator("#dialog textarea").fill(REASON)
    page.locator("#dialog").get_by_role("button", name="Ask for closure").click()
    page.wait_for_selector("text=a second person must decide")
    page.get_by_role("link", name="To the request").click()
    page.wait_for_url("**/approvals/*-*/")
    assert page.get_by_role("button", name="Approve").count() == 0  # her own
    assert page.get_by_role("button", name="Withdraw").count() == 1
    assert posted(page, f"{page.url}approve/") in (403, 409)
    mei.wrong.clear()  # the refusal, as the browser's console has it

    page = shen.open("/approvals/?state=pending")
    page.locator("tr", has_text=number).locator("a.open").click()
    page.wait_for_selector(f"text={REASON}")
    page.get_by_role("button", name="Approve").click()
    page.locator("#dialog [data-go]").click()
    page.wait_for_selector(".record-head >> text=Approved")

    until(lambda: decided["event_id"] in labelled(house))
    assert labelled(house)[decided["event_id"]] == "fraud"
    page = once_it_says(mei, address, "Labelled: Fraud")
    page.goto(case_url)
    assert page.locator(".record-head >> text=Closed").count() == 1
    assert page.get_by_text("In the journal").count() == 4  # each payment of the alert


def test_the_second_tab_is_told_what_changed(enter: Enter, house: House) -> None:
    first = enter(MEI)
    page = first.open("/cases/")
    page.get_by_role("button", name="Open a case").click()
    page.wait_for_selector("#dialog[open] [name=title]")
    page.fill("#dialog [name=title]", "A payee that everybody pays")
    page.locator("#dialog .buttons button.primary").click()
    page.wait_for_url("**/cases/*-*/")
    tab = page.context.new_page()
    tab.goto(page.url)

    page.get_by_role("button", name="Wait for the customer").click()
    page.fill("#confirm-reason", "Asked for the contract.")
    page.locator("#dialog [data-go]").click()
    page.wait_for_selector(".record-head >> text=Waiting for the customer")

    tab.get_by_role("button", name="Escalate").click()
    tab.fill("#confirm-reason", "More than one victim.")
    tab.locator("#dialog [data-go]").click()
    tab.wait_for_selector("h1 >> text=Changed meanwhile")
    told = tab.locator("main").inner_text()
    assert "Mei Lin saved a change after you opened this. Yours was not saved." in told
    assert "In progress" in told
    assert "Waiting for the customer" in told
    tab.get_by_role("link", name="Reload and decide again").click()
    tab.wait_for_selector(".record-head >> text=Waiting for the customer")


def until(found: Callable[[], Any]) -> None:
    """Look again until it is there."""
    end = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.3)


def once_it_says(visitor: Watched, address: str, words: str) -> Any:
    """The page, opened when the worker has brought there what it should show."""
    until(lambda: words in visitor.page.context.request.get(visitor.base + address).text())
    return visitor.open(address)


def posted(page: Any, url: str) -> int:
    """The status of a POST that no button of the page makes."""
    return int(
        page.evaluate(
            """async (url) => {
                const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
                return (await fetch(url, {method: 'POST', headers: {'X-CSRFToken': token}})).status;
            }""",
            url,
        )
    )


def labelled(house: House) -> dict[str, str]:
    """Event id -> label, as the journal has them."""
    with Journal(house.platform.home / "journal.db", read_only=True) as journal:
        labels = [decode(one) for one in journal.read() if one.kind == Kind.LABEL]
    return {one.event_id: one.label for one in labels if isinstance(one, Label)}
