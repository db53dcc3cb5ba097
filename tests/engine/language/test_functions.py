"""The table of functions is complete, documented in both languages, and the reference shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seawall.engine.language import FUNCTIONS, SPECIAL
from seawall.engine.language.operations import OPERATORS, find

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "expressions.md"


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_the_reference_shows_every_function(function) -> None:  # type: ignore[no-untyped-def]
    dot = "·" if function.receiver else ""
    assert f"| `{function.signature}` | {dot} | {function.zh} | {function.en} |" in REFERENCE.read_text(
        encoding="utf-8"
    )
    assert re.search("[一-鿿]", function.zh)
    assert function.overloads


@pytest.mark.parametrize("special", SPECIAL.values(), ids=SPECIAL)
def test_the_reference_shows_every_constant(special: tuple[str, str, str]) -> None:
    signature, zh, en = special
    assert f"| `{signature}` | | {zh} | {en} |" in REFERENCE.read_text(encoding="utf-8")


def test_no_overload_is_hidden_by_another() -> None:
    for operations in [*OPERATORS.values(), *(function.overloads for function in FUNCTIONS.values())]:
        for operation in operations:
            assert find(operations, operation.arguments) is operation
