"""From an edited threshold to another decision and back: one person edits, another approves, the engine switches."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from seawall.bench.attacked import policy
from tests.browser.conftest import ALL_EN, SHEN, Enter, House, Watched

PATIENCE = 60.0
SHIPPED = f"payments@{policy().pack.policy.version}"
BEFORE, AFTER = 90, 75  # from which score on an event is declined; a burst at many merchants scores 85


def test_a_threshold_is_edited_tried_approved_published_and_rolled_back(enter: Enter, house: House) -> None:
    kay, shen = enter(ALL_EN), enter(SHEN)
    assert burst(house, 1) == "review"

    page = kay.open("/policies/")
    page.locator("table.data a", has_text=SHIPPED).first.click()
    page.wait_for_url("**/policies/versions/*/")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.fill("#dialog [name=title]", "Decline bursts at many merchants")
    page.get_by_role("button", name="Open a draft").click()
    page.wait_for_url("**/policies/drafts/*/")
    draft = page.url.partition("?")[0]

    an_error_stands_at_its_line(page, draft)
    page.goto(f"{draft}?show=thresholds")
    page.fill("[name=decline]", str(AFTER))
    page.wait_for_selector(f"#checks >> text=Threshold for Decline: {BEFORE} → {AFTER}")
    page.wait_for_selector("#checks >> text=Holds together")

    page.locator("#gate [data-check=cases]").click()
    page.wait_for_selector("#gate tr:has([data-check=cases]) >> text=Passed", timeout=1_000 * PATIENCE)
    page.locator("#gate [data-check=backtest]").click()
    page.locator("#dialog").get_by_role("button", name="Start").click()
    page.wait_for_url("**/policies/backtests/*/")
    once(page, page.url, "h2:has-text('What would have come of it')")
    page.goto(draft)
    assert page.locator("#gate tr:has([data-check=backtest])", has_text="Passed").count() == 1

    page.get_by_role("button", name="Freeze as a version").click()
    page.wait_for_selector("#dialog >> text=Threshold for Decline")
    page.get_by_role("button", name="Freeze", exact=True).click()
    page.wait_for_url("**/policies/versions/*/")
    version = page.url
    assert page.locator(".record-head >> text=Backtested").count() == 1
    label = page.locator("h1").inner_text().split()[-1]

    submitted(page, "Submit for review", "Shadow")
    approved(shen, label)
    once(page, version, ".record-head >> text=Shadow")
    assert burst(house, 2) == "review"  # a shadow changes nothing

    submitted(page, "Submit for another role", "Champion")
    began = approved(shen, label)
    until(lambda: active(house) == label)
    took = time.monotonic() - began
    assert burst(house, 3) == "decline"
    print(f"from approval to the switch: {took:.2f} s")  # a figure to read, no test
    once(page, version, ".record-head >> text=Champion")

    page.goto(f"{kay.base}/policies/")
    page.get_by_role("button", name=f"Roll back to {SHIPPED}").click()
    page.wait_for_selector("#dialog >> text=no second person is asked")
    page.fill("#dialog [name=reason]", "It declines customers who shop in a mall.")
    page.fill("#dialog [name=typed]", SHIPPED)
    page.locator("#dialog").get_by_role("button", name="Roll back").click()
    page.wait_for_url("**/policies/versions/*/")
    until(lambda: active(house) == SHIPPED)
    assert burst(house, 4) == "review"
    once(page, version, ".record-head >> text=Retired")


def an_error_stands_at_its_line(page: Any, draft: str) -> None:
    """policy.yaml as text with a threshold that is no number; then as it was."""
    page.goto(f"{draft}?show=text:policy.yaml")
    area = page.locator("[data-code] textarea")
    good = area.input_value()
    line = next(at for at, text in enumerate(good.splitlines(), 1) if f"decline: {BEFORE}" in text)
    area.fill(good.replace(f"decline: {BEFORE}", "decline: ninety"))
    page.wait_for_selector(f"#checks [data-problem][data-line='{line}']")
    page.wait_for_selector(f"[data-gutter] .tone-bad[data-marked='{line}']")
    area.focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("F8")
    at = page.evaluate(
        "() => { const t = document.querySelector('[data-code] textarea');"
        " return t.value.slice(0, t.selectionStart).split('\\n').length; }"
    )
    assert at == line
    assert page.locator("[data-says]").inner_text().startswith(f"{line}:")
    area.fill(good)
    page.wait_for_selector("#checks >> text=Holds together")


def submitted(page: Any, button: str, role: str) -> None:
    """Ask for a role."""
    page.get_by_role("button", name=button).click()
    page.locator("#dialog").get_by_label(role, exact=True).check()
    page.fill("#dialog [name=reason]", "Bursts at many merchants were stolen cards.")
    page.locator("#dialog").get_by_role("button", name="Submit for review").click()
    page.wait_for_selector(".callout >> text=a second person must decide")


def approved(checker: Watched, label: str) -> float:
    """By the second person, who reads the difference and the gates first; when it was clicked."""
    page = checker.open("/approvals/?state=pending")
    page.locator("tr", has_text=label).locator("a.open").click()
    page.wait_for_selector(f"text=Threshold for Decline: {BEFORE} → {AFTER}")
    assert page.locator("tr", has_text="Unit cases").locator("text=Passed").count() == 1
    page.get_by_role("button", name="Approve").click()
    began = time.monotonic()
    page.locator("#dialog [data-go]").click()
    page.wait_for_selector(".record-head >> text=Approved")
    return began


def burst(house: House, round_: int) -> str:
    """The outcome of the fifth payment of a card within minutes, each at another merchant and on another device."""
    decided: list[dict[str, Any]] = []
    for number in range(5):
        about = {"customer": f"burst-{round_}", "device": f"burst-{round_}-{number}",
                 "merchant": f"burst-{round_}-{number}", "card": f"62220277770{round_:05d}"}  # fmt: skip
        decided += house.platform.decide(50_000 + 10 * round_ + number, 1, amount=10_000, **about)
    return str(decided[-1]["outcome"])


def active(house: House) -> str:
    """What the decision service says it runs."""
    about = {"type": "payment.transfer", "card": None, "merchant": None, "counterparty": "acc-1", "direction": "out"}
    number = 60_000 + time.monotonic_ns() % 1_000_000_000
    (decided,) = house.platform.decide(number, 1, customer="probe-x", **about)
    return str(decided["policy"])


def once(page: Any, address: str, selector: str) -> None:
    """Load a page again until the worker has brought it there."""

    def found() -> bool:
        page.goto(address)
        return bool(page.locator(selector).count())

    until(found)


def until(found: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.3)
