"""The generated functions: bits, tuples, exactness at the edges, and nothing but what was checked in the text."""

from __future__ import annotations

import pytest

from seawall.engine.language import Name, Scope, Type, check, compile_row, compile_rules

NAMES = {
    "x": Name("x", Type.DOUBLE),
    "y": Name("y", Type.DOUBLE),
    "n": Name("n", Type.INT),
    "m": Name("m", Type.INT),
    "s": Name("s", Type.STRING),
    "b": Name("b", Type.BOOL),
}
SLOTS = {name: place for place, name in enumerate(NAMES)}
TOP = 2**63 - 1


def fires(text: str, **row: object) -> bool:
    rules = compile_rules([check(text, Scope(NAMES), Type.BOOL)], SLOTS)
    return bool(rules([row.get(name) for name in SLOTS]))


@pytest.mark.parametrize(
    ("text", "row", "fired"),
    [
        ("x > 1.0", {"x": 2.0}, True),
        ("x > 1.0", {}, False),
        ("!(x > 1.0)", {}, False),
        ("x != 1.0", {}, False),
        ("x == y", {}, False),
        ("x != y", {"x": 1.0}, False),
        ("x * y > 1.0", {"x": 1e200, "y": 1e200}, False),
        ("x * y < 1.0", {"x": -1e200, "y": 1e200}, False),
        ("1.0 / (x * y) < 1.0", {"x": 1e200, "y": 1e200}, False),
        ("!(x * y < 1.0)", {"x": 1e200, "y": 1e200}, False),
        ("-(x * y) < 1.0", {"x": 1e200, "y": 1e200}, False),
        ("x / y > 1.0", {"x": 1.0, "y": 0.0}, False),
        ("x / y > 1.0", {"x": 1.0, "y": -0.0}, False),
        ("x / n > 1.0", {"x": 4.0, "n": 2}, True),
        ("n + m > 0", {"n": TOP, "m": 1}, False),
        ("n + m - m > 0", {"n": TOP, "m": 1}, False),
        ("n * m < x", {"n": TOP, "m": 2, "x": 1e300}, False),
        ("n * m == n * m", {"n": TOP, "m": 2}, False),
        ("n == x", {"n": 2**53 + 1, "x": 2.0**53}, False),
        ("n > x", {"n": 2**53 + 1, "x": 2.0**53}, True),
        ("n % m == 0", {"n": 4, "m": 0}, False),
        ("n in [1, 2]", {"n": 2}, True),
        ("!(n in [1, 2])", {}, False),
        ("b || x > 1.0", {"x": 2.0}, True),
        ("b && x > 1.0", {"x": 2.0}, False),
        ("!(b && x > 1.0)", {"x": 0.0}, True),
        ("!(b || x > 1.0)", {"b": False, "x": 0.0}, True),
        ("b ? x > 1.0 : y > 1.0", {"b": False, "y": 2.0}, True),
        ("b ? x > 1.0 : y > 1.0", {"x": 2.0, "y": 2.0}, False),
        ("has(x) == b", {"b": False}, True),
        ("s.startsWith('a')", {}, False),
        ("!s.startsWith('a')", {"s": "b"}, True),
        ("s.matches('^a')", {"s": "ab"}, True),
    ],
)
def test_a_rule_fires_only_when_exactly_true(text: str, row: dict[str, object], fired: bool) -> None:
    assert fires(text, **row) is fired


def test_every_rule_has_its_bit() -> None:
    texts = [f"n == {number}" for number in range(200)]
    rules = compile_rules([check(text, Scope(NAMES)) for text in texts], SLOTS)
    for number in (0, 63, 64, 199):
        assert rules([None, None, number, None, None, None]) == 1 << number
    assert rules([None] * 6) == 0


def test_a_row_of_results() -> None:
    texts = ["n + 1", "s + '!'", "x / y", "b", "n in [1]", "[1, 2]", "size(s)"]
    run = compile_row([check(text, Scope(NAMES)) for text in texts], SLOTS)
    assert run((1.0, 2.0, 1, None, "é", None)) == (2, "é!", 0.5, None, True, (1, 2), 1)
    assert run((1.0, 0.0, TOP, None, None, True)) == (None, None, None, True, False, (1, 2), None)


def test_sparse_slots_are_read_one_by_one() -> None:
    run = compile_row([check("n + m", Scope(NAMES))], {"n": 500, "m": 3})
    row: list[object] = [None] * 501
    row[500], row[3] = 40, 2
    assert run(row) == (42,)


def test_string_constants_cannot_become_code() -> None:
    hostile = "'); __import__('os').abort() #\n\\"
    literal = '"' + hostile.replace("\\", "\\\\").replace("\n", "\\n") + '"'
    assert fires(f"s == {literal}", s=hostile)
    assert fires(f"s in [{literal}]", s=hostile)
    assert not fires(f"s == {literal}", s="")


def test_generated_code_has_no_builtins() -> None:
    rules = compile_rules([check("n > 1", Scope(NAMES))], SLOTS)
    assert rules.__globals__["__builtins__"] == {}  # type: ignore[attr-defined]


def test_long_chains_and_deep_trees_compile() -> None:
    chain = " || ".join(f"n == {number}" for number in range(600))
    nested = "n > 0"
    for _ in range(40):
        nested = f"(b ? {nested} : n < 5)"
    sums = " + ".join(["n"] * 60) + " > 0"
    for text in (chain, nested, sums, "!" * 31 + "b"):
        assert fires(text, n=3, b=text != "!" * 31 + "b")


def test_a_conditional_as_its_own_condition_does_not_explode() -> None:
    text = "b"
    for _ in range(24):
        text = f"({text} ? b : n > 1)"
    assert fires(text, b=True)
