"""matches(): the same answers as `re` on the shared syntax, in time linear in the value."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine.language.pattern import Automaton, PatternError

ATOMS = ["a", "b", "c", ".", "[ab]", "[^a]", "[a-c]", r"\d", r"\w", "(a|b)", "(ab|c)", "(?:bc)", "(a|)", "(a*b)"]
PIECES = st.tuples(st.sampled_from(ATOMS), st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,2}", "{0,}", "*?"]))
PATTERNS = st.builds(
    lambda start, pieces, end: start + "".join(atom + repeat for atom, repeat in pieces) + end,
    st.sampled_from(["", "^", "(^|b)"]),
    st.lists(PIECES, max_size=5),
    st.sampled_from(["", "$", "(c|$)"]),
)


@settings(max_examples=400, deadline=None)
@given(PATTERNS, st.lists(st.text("abc1 ", max_size=8), max_size=6))
def test_same_answers_as_re(pattern: str, values: list[str]) -> None:
    automaton = Automaton(pattern)
    for value in values:
        assert automaton.search(value) is (re.search(pattern.replace("$", r"\Z"), value) is not None), value


@pytest.mark.parametrize(
    ("pattern", "value", "found"),
    [
        ("$^", "", True),
        ("$^", "a", False),
        ("", "", True),
        ("^$", "\n", False),
        ("a$", "a\n", False),
        (".", "\n", False),
        (r"^\d{4}-\d{2}$", "2026-11", True),
        (r"\d", "٣", False),
        (r"\w", "é", False),
        (r"\S", "é", True),
        ("[]a]", "]", True),
        ("[a-]", "-", True),
        (r"[\]\-]", "-", True),
        (r"\.", "x", False),
        (r"^[\w.+]+@\w+\.com$", "a.b+c@mail.com", True),
        ("(a|😀){2}", "x😀😀", True),
    ],
)
def test_cases(pattern: str, value: str, found: bool) -> None:
    assert Automaton(pattern).search(value) is found


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "a)", "[", "[a", "[b-a]", "*a", "a**", "a{2", "a{3,2}", "a{101}", "a{,2}", r"\1", r"\b", r"\p{L}", "\\",
     "(?=a)", "(?i)a", "(?P<x>a)", "[[:alpha:]]", "x" * 257, "((a{100}){100}){100}", "(" * 21 + "a" + ")" * 21,
     "((((){100}){100}){100}){100}", "{", "}"],
)  # fmt: skip
def test_patterns_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        Automaton(pattern)


def test_work_is_linear_where_backtracking_is_not() -> None:
    automaton = Automaton("^(a*)*(a|aa)+(a*a*a*a*)b$")
    value = "a" * 20_000
    assert automaton.search(value) is False
    assert automaton.search(value + "b") is True
    assert automaton._moves < 50


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.engine.language.pattern.MAX_CACHED", 10)
    automaton = Automaton("(ab)+c$")
    for number in range(200):
        assert automaton.search(chr(1000 + number) + "ababc") is True
        assert automaton.search(chr(1000 + number) + "abab") is False
        assert automaton._moves <= 11
