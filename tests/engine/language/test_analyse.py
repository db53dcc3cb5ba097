"""Warnings claim only what is proved, and name the rules."""

from __future__ import annotations

import random

import pytest

from seawall.engine.language import Name, Scope, Type, analyse, check, evaluate
from seawall.engine.language.ranges import impossible, negate, normalise

from .generate import SCOPE, Writer, row

NAMES = {
    "n": Name("n", Type.INT),
    "x": Name("x", Type.DOUBLE),
    "s": Name("s", Type.STRING),
    "b": Name("b", Type.BOOL),
}


def warnings(*texts: str) -> list[str]:
    problems = analyse([(f"r{i}", check(text, Scope(NAMES))) for i, text in enumerate(texts)])
    assert all(problem.severity == "warning" for problem in problems)
    return [problem.message for problem in problems]


@pytest.mark.parametrize(
    "text",
    [
        "n > 5 && n < 3",
        "n > 5 && n < 6",
        "n > 5 && 5 >= n",
        "x >= 1.0 && x < 1.0",
        "n == 3 && n > 5",
        "n == 3 && n == 4",
        "n in [1, 2] && n in [3]",
        "n in [1, 2] && n > 2",
        "n in [1, 2] && !(n in [2, 1])",
        "n >= 1 && n <= 2 && n != 1 && n != 2",
        "s == 'a' && s == 'b'",
        "s == 'a' && s != 'a'",
        "b && !b",
        "!has(n) && n > 5",
        "has(n) && !has(n)",
        "(n > 5 && n < 3) || (s == 'a' && s == 'b')",
        "b && (n > 5 || n > 7) && n < 3",
        "!(n <= 5 || n >= 3)",
    ],
)
def test_never_true(text: str) -> None:
    assert warnings(text) == ["the condition of rule 'r0' can never be true"]


@pytest.mark.parametrize(
    "text", ["n > 5 && n < 7", "x > 5.0 && x < 6.0", "n > 5 || n < 3", "s == 'a' || s == 'b'", "n >= 3 && n <= 3", "b"]
)
def test_nothing_to_say(text: str) -> None:
    assert warnings(text) == []


def test_always_true_when_present() -> None:
    assert warnings("n > 5 || n < 7") == ["the condition of rule 'r0' is true whenever its values are present"]


def test_constant_conditions() -> None:
    assert warnings("1 < 2", "1 > 2", "1 % 0 == 0") == [
        "the condition of rule 'r0' is always true",
        "the condition of rule 'r1' is always false",
        "the condition of rule 'r2' is always missing, so it never fires",
    ]


def test_duplicates_and_opposites() -> None:
    assert warnings("n > 5 && b", "b && 5 < n") == ["rule 'r1' has the same condition as rule 'r0'"]
    assert warnings("n > 5 || b", "!b && n <= 5") == [
        "rule 'r1' is the opposite of rule 'r0': one of them always fires"
    ]


def test_claims_hold_on_random_conditions() -> None:
    rng = random.Random(11)
    writer, claimed = Writer(rng), 0
    for _ in range(400):
        tree = check(writer.text(Type.BOOL, 3), SCOPE)
        never, opposite, same = impossible(tree.tree), negate(tree.tree), normalise(tree.tree)
        claimed += never
        for values in (row(rng) for _ in range(10)):
            value = evaluate(tree, values)
            assert not (never and value is True), tree.text
            assert evaluate(type(tree)("", same, ()), values) is value, tree.text
            assert evaluate(type(tree)("", opposite, ()), values) is (None if value is None else not value), tree.text
    assert claimed
