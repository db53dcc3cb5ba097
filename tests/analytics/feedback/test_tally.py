"""Counts and figures against plain loops over the events; parts join into the whole."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.analytics.feedback import Block, Performance, Tally, performance, tally, wilson

RULES = ("a", "b", "c")


def block(seed: int, n: int = 60, rules: int = 3) -> Block:
    rng = np.random.default_rng(seed)
    evaluated = rng.random((n, rules)) < 0.8
    return Block(
        fired=(rng.random((n, rules)) < 0.4) & evaluated,
        known=rng.random(n) < 0.7,
        fraud=rng.random(n) < 0.5,
        amount=rng.integers(0, 1000, n),
        evaluated=evaluated,
    )


def by_hand(part: Block, at: int) -> Performance:
    """Figures of one rule, event by event."""
    found = dict.fromkeys(Performance.__dataclass_fields__, 0)
    assert part.evaluated is not None
    for row in range(len(part.fired)):
        if not part.evaluated[row, at]:
            continue
        known, amount = bool(part.known[row]), int(part.amount[row])
        fraud = known and bool(part.fraud[row])
        found["evaluated"] += 1
        found["labelled"] += known
        found["frauds"] += fraud
        if part.fired[row, at]:
            found["fired"] += 1
            found["fired_amount"] += amount
            found["known_hits"] += known
            found["caught"] += fraud
            found["caught_amount"] += amount * fraud
            if part.fired[row].sum() == 1:
                found["alone"] += 1
                found["alone_caught"] += fraud
                found["alone_caught_amount"] += amount * fraud
    return Performance(**{**found, "rule": RULES[at], "level": 0.95})  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(5))
def test_figures_are_those_of_a_loop_over_the_events(seed: int) -> None:
    counted = Tally(RULES)
    part = block(seed)
    counted.add(part)
    assert performance(counted) == [by_hand(part, at) for at in range(3)]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 60), st.integers(0, 60))
def test_parts_join_into_the_whole(seed: int, first: int, second: int) -> None:
    whole, left, right = Tally(RULES), Tally(RULES), Tally(RULES)
    part = block(seed)
    whole.add(part)
    for cut, target in (
        (slice(0, first), left),
        (slice(first, max(first, second)), left),
        (slice(max(first, second), None), right),
    ):
        target.add(Block(*(getattr(part, name)[cut] for name in ("fired", "known", "fraud", "amount", "evaluated"))))
    right.join(left)
    assert performance(right) == performance(whole)
    assert (right.counts == whole.counts).all()
    assert (right.fired == whole.fired).all()


def test_recall_is_over_all_labelled_events_not_only_hits() -> None:
    counted = Tally(["a"])
    fired = np.array([[1], [0], [0], [0], [1]], dtype=bool)
    known, fraud = np.array([1, 1, 1, 0, 1], dtype=bool), np.array([1, 1, 0, 1, 0], dtype=bool)
    counted.add(Block(fired, known, fraud, np.array([10, 20, 30, 40, 50])))
    (one,) = performance(counted)
    assert (one.precision, one.recall) == (1 / 2, 1 / 2)
    assert (one.frauds, one.caught_amount, one.fired_amount) == (2, 10, 60)
    assert one.recall_interval == wilson(1, 2)


def test_a_rule_is_not_charged_with_frauds_from_before_it_existed() -> None:
    counted = Tally(["old", "new"])
    ones = np.ones(4, dtype=bool)
    evaluated = np.array([[1, 0], [1, 0], [1, 1], [1, 1]], dtype=bool)
    fired = np.array([[1, 0], [0, 0], [0, 1], [0, 1]], dtype=bool)
    counted.add(Block(fired, ones, ones, np.zeros(4, dtype=np.int64), evaluated))
    old, new = performance(counted)
    assert (old.recall, new.recall) == (1 / 4, 1.0)


def test_without_labels_there_is_no_precision() -> None:
    counted = Tally(["a"])
    counted.add(Block(np.ones((3, 1), bool), np.zeros(3, bool), np.ones(3, bool), np.ones(3, np.int64)))
    (one,) = performance(counted)
    assert (one.precision, one.recall, one.precision_interval) == (None, None, (0.0, 1.0))


def test_days_before_and_after_a_change_of_rules_join() -> None:
    before, after, wanted = Tally(["a", "gone"]), Tally(["new", "a"]), Tally(["new", "a"])
    first, second = block(1, rules=2), block(2, rules=2)
    before.add(first)
    after.add(second)
    after.join(before.aligned(after.rules))
    none = np.zeros(60, dtype=bool)
    assert first.evaluated is not None
    wanted.add(second)
    moved = replace(
        first,
        fired=np.stack([none, first.fired[:, 0]], axis=1),
        evaluated=np.stack([none, first.evaluated[:, 0]], axis=1),
    )
    wanted.add(moved)
    assert performance(after) == performance(wanted)
    assert performance(after)[0].evaluated == int(second.evaluated[:, 0].sum())  # type: ignore[index]


@pytest.mark.parametrize("rules", [1, 8, 9])
def test_a_tally_is_kept_as_bytes(rules: int) -> None:
    counted = Tally([f"规则{at}" for at in range(rules)])
    counted.add(block(3, rules=rules))
    again = Tally.from_bytes(counted.to_bytes())
    assert performance(again) == performance(counted)
    empty = Tally.from_bytes(Tally(RULES).to_bytes())
    assert (empty.rules, len(empty.counts)) == (RULES, 0)


def test_bytes_that_are_no_tally_are_refused() -> None:
    counted = Tally(RULES)
    counted.add(block(4))
    good = counted.to_bytes()
    other = io.BytesIO()
    np.savez(
        other, rules=np.frombuffer(b'["a"]', np.uint8), keys=np.zeros((2, 9), np.uint8), counts=np.zeros((2, 5), int)
    )
    for bad in (b"", b"x" * 50, good[: len(good) // 2], good[:100], other.getvalue()):
        with pytest.raises(ValueError, match=r"no tally|pickle"):
            Tally.from_bytes(bad)


# --- refused ----------------------------------------------------------------------------------------------------------


def test_blocks_that_do_not_fit_are_refused_and_nothing_is_counted() -> None:
    good = block(1)
    assert good.evaluated is not None
    wrong = {
        "3 columns": replace(good, fired=good.fired[:, :2], evaluated=good.evaluated[:, :2]),
        "a row an event": replace(good, evaluated=good.evaluated[:-1]),
        "known must have one value for each of the 60": replace(good, known=good.known[:-1]),
        "amount is negative": replace(good, amount=good.amount - 10_000),
        "on which it was not evaluated": replace(good, fired=np.ones_like(good.fired)),
    }
    for words, bad in wrong.items():
        counted = Tally(RULES)
        with pytest.raises(ValueError, match=words):
            counted.add(bad)
        assert len(counted.counts) == 0


def test_rules_are_bounded_and_distinct() -> None:
    for rules in ([], ["a", "a"], [str(at) for at in range(1001)]):
        with pytest.raises(ValueError, match=r"rules are needed|named twice"):
            Tally(rules)
    with pytest.raises(ValueError, match="different rules"):
        Tally(["a"]).join(Tally(["b"]))


def test_combinations_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_COMBINATIONS", 4)
    counted = Tally(RULES)
    with pytest.raises(ValueError, match="more than 4 combinations"):
        counted.add(block(1))
    assert len(counted.counts) == 0


# --- intervals --------------------------------------------------------------------------------------------------------


def test_wilson_of_published_examples() -> None:
    # Newcombe 1998, table I, method 3 (score without continuity correction)
    for hits, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 400), st.integers(0, 400))
def test_wilson_holds_its_share_and_mirrors(hits: int, rest: int) -> None:
    n = hits + rest
    low, high = wilson(hits, n)
    assert 0.0 <= low <= high <= 1.0
    if n:
        assert low <= hits / n <= high
        mirrored = wilson(rest, n)
        assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((low, high), abs=1e-12)


def test_wilson_refuses_what_cannot_be() -> None:
    for hits, n in ((3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="cannot be"):
            wilson(hits, n)
    with pytest.raises(ValueError, match="level"):
        wilson(1, 2, 1.0)
