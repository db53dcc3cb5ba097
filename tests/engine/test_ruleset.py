"""Combining: sums and caps, worst outcomes, decision tables, allow lists, legal rules."""

from __future__ import annotations

import json

import pytest

from seawall.engine.language import Expression, Name, Scope, Type, check
from seawall.engine.pack.model import Policy
from seawall.engine.ruleset import LEVEL, Entry, Group, Ruleset
from tests.engine.world import policy as everything

ALWAYS: Expression = check("x", Scope(names={"x": Name("x", Type.BOOL)}))
POLICY = Policy("p", 1, ("pay",), 100, {"challenge": 30, "review": 60, "decline": 90})


def entry(name: str, score: int, outcome: str = "approve", table: str = "", **more: object) -> Entry:
    return Entry(name, {}, ALWAYS, score, LEVEL[outcome], "low", name.upper(), table=table, **more)  # type: ignore[arg-type]


def ruleset(entries: list[Entry], groups: tuple[Group, ...] = ()) -> Ruleset:
    return Ruleset(entries, groups, POLICY, lambda row: 0)


def test_nothing_fired_approves_with_zero() -> None:
    fired = ruleset([entry("a", 10)]).fired(0)
    assert (fired.score, fired.level, fired.rules) == (0, 0, ())


def test_scores_add_up_and_order_reasons_by_score_then_id() -> None:
    rules = ruleset([entry("b", 20), entry("c", 50), entry("a", 20)])
    fired = rules.fired(0b111)
    assert fired.rules == ("c", "a", "b")
    assert fired.reasons == ("C", "A", "B")
    assert (fired.score, fired.level) == (90, LEVEL["decline"])


@pytest.mark.parametrize(("scores", "expected"), [((80, 80), 100), ((-40, 10), 0), ((29,), 29)])
def test_the_score_stays_between_zero_and_the_cap(scores: tuple[int, ...], expected: int) -> None:
    rules = ruleset([entry(f"r{i}", score) for i, score in enumerate(scores)])
    assert rules.fired((1 << len(scores)) - 1).score == expected


@pytest.mark.parametrize(("score", "level"), [(29, 0), (30, 1), (59, 1), (60, 2), (89, 2), (90, 3)])
def test_a_threshold_is_reached_at_its_score(score: int, level: int) -> None:
    assert ruleset([entry("a", score)]).fired(1).level == level


def test_the_worst_outcome_wins_over_the_thresholds() -> None:
    assert ruleset([entry("a", 1, "decline"), entry("b", 40)]).fired(0b11).level == LEVEL["decline"]


def table(hit: str, collect: str = "") -> Ruleset:
    rows = [entry("t/1", 5, table="t"), entry("t/2", 9, "review", table="t"), entry("t/3", 7, table="t")]
    return ruleset([entry("rule", 1), *rows], (Group("t", {}, hit, collect, 1, 4),))


@pytest.mark.parametrize(
    ("hit", "collect", "rules", "score"),
    [
        ("first", "", ("t/2",), 9),
        ("all", "", ("t/2", "t/3"), 16),
        ("collect", "sum", ("t",), 16),
        ("collect", "max", ("t",), 9),
        ("collect", "min", ("t",), 7),
        ("collect", "count", ("t",), 2),
    ],
)
def test_decision_tables_resolve_by_their_hit_policy(
    hit: str, collect: str, rules: tuple[str, ...], score: int
) -> None:
    fired = table(hit, collect).fired(0b1100)
    assert (fired.rules, fired.score, fired.level) == (rules, score, LEVEL["review"])


def test_a_table_without_a_matching_row_adds_nothing() -> None:
    assert table("first").fired(0b0001).rules == ("rule",)


def test_the_canonical_tail_is_json_in_key_order() -> None:
    fired = ruleset([entry("a", 3), entry("b", 2)]).fired(0b11)
    assert json.loads(b"{" + fired.after_policy + b"7}") == {
        "reasons": ["A", "B"], "rules": ["a", "b"], "score": 5, "sequence": 7,
    }  # fmt: skip


def test_remembered_sets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.engine.ruleset._MAX_COMBINATIONS", 8)
    rules = ruleset([entry(f"r{i}", 1) for i in range(5)])
    sizes = [rules.fired(bits) and len(rules._memo) for bits in range(32)]
    assert max(sizes) <= 8
    assert rules.fired(31).score == 5


@pytest.mark.parametrize(
    ("level", "legal", "hits", "after"),
    [
        (LEVEL["review"], False, ["trusted/t1"], 0),
        (LEVEL["challenge"], False, ["trusted/t1"], 0),
        (LEVEL["decline"], False, ["trusted/t1"], LEVEL["decline"]),
        (LEVEL["review"], True, ["trusted/t1"], LEVEL["review"]),
        (LEVEL["review"], False, ["watched/w1"], LEVEL["review"]),
        (LEVEL["review"], False, [], LEVEL["review"]),
    ],
)
def test_an_allow_entry_lifts_up_to_its_level_but_never_the_law(
    level: int, legal: bool, hits: list[str], after: int
) -> None:
    assert everything().lifted(level, legal, hits) == after
