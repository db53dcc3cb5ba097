"""What no page may do in any look: serious findings of axe-core in both themes, scrolling sideways, failed charts."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PHONE = {"width": 390, "height": 844}
_GRAVE = ("serious", "critical")
_AT_REST = """() => new Promise((rest) => requestAnimationFrame(() => requestAnimationFrame(rest)))
    .then(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)))"""
COLOURS = ["color-contrast", "link-in-text-block"]


@cache
def axe() -> str:
    """axe-core's script out of the wheel that carries it."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-playwright-python is not installed")
    return (Path(found.origin).parent / "axe.min.js").read_text("utf-8")


def draw_all(page: Any) -> None:
    """Scroll to each chart, so that it is drawn, and wait for all."""
    for figure in page.query_selector_all("[data-chart]"):
        figure.scroll_into_view_if_needed()
    page.wait_for_function("() => [...document.querySelectorAll('[data-chart]')].every((one) => one.dataset.drawn)")
    page.evaluate("scrollTo(0, 0)")


def grave(page: Any, part: str = "html", rules: Sequence[str] = ()) -> list[str]:
    """Serious and critical findings of axe-core (of some rules only) in a part of the page as it stands.

    What is found must be found twice: a part that refreshes itself may be exchanged while axe-core looks at it.
    """
    return _found(page, part, rules) and _found(page, part, rules)


def _found(page: Any, part: str, rules: Sequence[str]) -> list[str]:
    page.evaluate(_AT_REST)
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(axe())
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = page.evaluate("([part, options]) => axe.run(part, options)", [part, options])
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]} {one['nodes'][0]['failureSummary'][:200]}"
        for one in found["violations"]
        if one["impact"] in _GRAVE
    ]


def faults(page: Any) -> list[str]:
    """Everything wrong with the page at hand in light and dark, at its present width and on a phone, in one load."""
    size = page.viewport_size
    draw_all(page)
    found = [f"light {one}" for one in grave(page)]
    if page.query_selector_all("[data-drawn='failed']"):
        found.append("a chart could not be drawn")
    found += sideways(page, size["width"])
    page.emulate_media(color_scheme="dark")
    found += [f"dark {one}" for one in grave(page, rules=COLOURS)]  # other rules do not look at colours
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    found += sideways(page, PHONE["width"])
    page.set_viewport_size(size)
    return found


def sideways(page: Any, width: int) -> list[str]:
    """Whether the page itself scrolls sideways, and the element that makes it."""
    if page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        return []
    widest = page.evaluate(
        """() => [...document.querySelectorAll('body *')]
            .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
            .map((one) => one.outerHTML.slice(0, 120)).slice(-1)[0]"""
    )
    return [f"scrolls sideways at {width}: {widest}"]
