"""A backtest over a home's own journal: one or two policies over the same history, every statistic. No Django."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seawall import __version__
from seawall.analytics.backtest import OUTCOMES, Decisions
from seawall.analytics.backtest.summary import Source, Summary, summarise
from seawall.apps.policies.backtesting.facts import Facts
from seawall.apps.policies.backtesting.side import Going, Observe, Side
from seawall.engine.columns import Ints
from seawall.engine.errors import SeawallError
from seawall.engine.history.lived import JournalHistory, Survey, survey
from seawall.engine.money import EXPONENTS
from seawall.engine.policy import CompiledPolicy
from seawall.engine.relive import longest_reach

ALL, AUTO = -1, -2  # warm-ups: from the first record on; as long as the features look back
SAMPLES = 12  # events shown of each transition
Progress = Callable[[int, int], None]  # (records done, records in all)


class BacktestError(SeawallError):
    """A backtest that cannot be made; one line that says why."""


class StoppedError(Exception):
    """The caller asked to stop."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. Times are effective times in ms, `until` excluded; None: from the first, to the newest record.
    `first` and `end` say the same by the numbers of records, where they are given; `end` excluded.

    labels: any of them tells a fraud. label_delay_ms None: the longest seen. warm_up_ms: history before the period that
    only fills windows, or ALL, or AUTO.
    """

    from_ms: int | None = None
    until_ms: int | None = None
    first: int | None = None
    end: int | None = None
    warm_up_ms: int = AUTO
    labels: tuple[str, ...] = ()
    label_delay_ms: int | None = None


@dataclass(slots=True)
class Measured:
    """summary; samples: by "outcome>outcome" the largest events that change so; figures: how it was made."""

    summary: Summary
    samples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)


def measure(
    history: JournalHistory,
    policies: Sequence[CompiledPolicy],
    question: Question,
    *,
    hashes: bool = False,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    observe: Observe | None = None,
    cache_dir: Path | None = None,
) -> Measured:
    """Decide the period's events under policy A and, where there are two, B; compute the statistics.

    Counted are events that every policy knows. BacktestError where there is none, StoppedError when `stop` turns true
    (asked at least every 65,536 records); errors of the journal as they are.
    """
    began = time.monotonic()
    _check(policies, question)
    seen = survey(history)
    bounds = _bounds(policies, question, seen)
    facts = Facts(policies, seen.labelled(question.labels), bounds.first, bounds.end)
    sides = [Side(bounds.first, bounds.end) for _ in policies]
    going = Going(policies, hashes, cache_dir)
    going.begin(history, bounds.warm_from, seen.clock_before(bounds.warm_from))
    done = 0
    for table in _tables(history, bounds, {*facts.columns(), *going.columns()}):
        facts.take(table)
        for number, stretch in going.take(table):
            sides[number].add(stretch, number, observe)
        if stop is not None and stop():
            raise StoppedError
        done += len(table)
        if progress is not None:
            progress(min(done, bounds.records), bounds.records)
    common = sides[0].sequences() if len(sides) == 1 else np.intersect1d(sides[0].sequences(), sides[1].sequences())
    if not len(common):
        raise BacktestError("no event of the period is of a type that every policy has; choose another period or base")
    delay = question.label_delay_ms if question.label_delay_ms is not None else facts.longest_delay(common)
    decided = [facts.decisions(common, *side.of(common), delay, seen.end_ms) for side in sides]
    names = [[entry.id for entry in policy.entries] for policy in policies]
    source = _source(history, policies, question, delay)
    summary = summarise(source, decided[0], names, decided[1] if len(decided) > 1 else None)
    samples = _samples(common, decided, facts.amounts_of(common)) if len(decided) > 1 else {}
    seconds = round(time.monotonic() - began, 3)
    counts = {"counted": len(common), "left_out": facts.count() - len(common), "seconds": seconds}
    return Measured(summary, samples, asdict(bounds) | counts)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Records of the period: first <= number < end; before it the warm-up. `records`: events and labels from there."""

    warm_from: int
    first: int
    end: int
    records: int


def _bounds(policies: Sequence[CompiledPolicy], question: Question, seen: Survey) -> _Bounds:
    first = question.first if question.first is not None else seen.first_at(question.from_ms or 0)
    end = question.end
    if end is None:
        end = seen.first_at(2**62 if question.until_ms is None else question.until_ms)
    warm = _warm_from(policies, question, seen, first)
    records = int(np.searchsorted(seen.sequences, end) - np.searchsorted(seen.sequences, warm))
    return _Bounds(warm, first, end, max(0, records))


def _tables(history: JournalHistory, bounds: _Bounds, columns: set[str]) -> Iterator[Any]:
    """From the warm-up to the end of the period."""
    for table in history.tables(sorted(columns), bounds.warm_from - 1):
        rows = table.slice(0, int(np.searchsorted(table.column("sequence").to_numpy(), bounds.end)))
        yield rows
        if len(rows) < len(table):
            return


def _check(policies: Sequence[CompiledPolicy], question: Question) -> None:
    assert 1 <= len(policies) <= 2, "one policy, or two to compare"
    bases = {policy.pack.base_currency for policy in policies}
    if len(bases) > 1:
        raise BacktestError(f"the policies count in {' and '.join(sorted(bases))}; compare policies of one currency")
    known = policies[0].pack.labels
    for name in question.labels:
        if name not in known:
            raise BacktestError(f"{policies[0].label} has no label {name!r}; it has: {', '.join(known) or 'none'}")


def _warm_from(policies: Sequence[CompiledPolicy], question: Question, seen: Survey, first: int) -> int:
    """The record with which the warm-up begins."""
    beginning = seen.first_at(0)
    if question.warm_up_ms == ALL or first <= beginning:
        return min(first, beginning)
    reach = max(longest_reach(policy) for policy in policies) if question.warm_up_ms == AUTO else question.warm_up_ms
    return min(first, seen.first_at(max(0, seen.clock_before(first) - reach)))


def _source(history: JournalHistory, policies: Sequence[CompiledPolicy], question: Question, delay: int) -> Source:
    base = policies[0].pack.base_currency
    return Source(
        events="journal",
        events_fingerprint=history.journal.chain.hex() if history.journal.last == history.last else "",
        mapping="",
        mapping_hash="",
        policies=tuple((policy.label, policy.pack.content_hash) for policy in policies),
        lists="asof",
        label=", ".join(question.labels),
        label_delay_ms=delay,
        currency=base,
        exponent=EXPONENTS[base],
        version=__version__,
    )


def _samples(common: Ints, decided: Sequence[Decisions], amounts: Ints) -> dict[str, list[dict[str, Any]]]:
    """Of every transition that changes the outcome, the events that move most money."""
    a, b = decided
    found: dict[str, list[dict[str, Any]]] = {}
    for before, before_name in enumerate(OUTCOMES):
        for after, after_name in enumerate(OUTCOMES):
            rows = (
                np.flatnonzero((a.outcomes == before) & (b.outcomes == after)) if before != after else np.empty(0, int)
            )
            if len(rows):
                largest = rows[np.argsort(-amounts[rows], kind="stable")[:SAMPLES]]
                found[f"{before_name}>{after_name}"] = [_sample(int(row), common, a, b) for row in largest]
    return found


def _sample(row: int, common: Ints, a: Decisions, b: Decisions) -> dict[str, Any]:
    fraud = bool(a.fraud[row]) if a.known[row] else None
    sides = [{"score": int(one.scores[row]), "rules": list(one.combinations[one.fired[row]])} for one in (a, b)]
    return {
        "sequence": int(common[row]), "time": int(a.times[row]), "amount": int(a.money[row]), "fraud": fraud,
        "a": sides[0], "b": sides[1],
    }  # fmt: skip
