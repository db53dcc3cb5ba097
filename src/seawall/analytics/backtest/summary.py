"""Every statistic of a backtest in one record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from seawall.analytics.backtest.alerts import AlertLoad, alerts_per_day
from seawall.analytics.backtest.comparison import Comparison, compare
from seawall.analytics.backtest.cost import FraudMoney, GoodCustomers, fraud_money, good_customers_hurt
from seawall.analytics.backtest.decisions import DAY, OUTCOMES, Decisions
from seawall.analytics.backtest.outcomes import OutcomeCount, count_outcomes, outcomes_by_day
from seawall.analytics.backtest.quality import Coverage, Quality, coverage, quality_at_levels
from seawall.analytics.backtest.rules import RuleStatistics, overlap, rule_statistics
from seawall.analytics.backtest.scores import ScoreBin, ThresholdPoint, score_distribution, threshold_curve


@dataclass(frozen=True, slots=True)
class Source:
    """Where a report comes from: what its footer says. Hashes are SHA-256 of content."""

    events: str
    events_fingerprint: str
    mapping: str
    mapping_hash: str
    policies: tuple[tuple[str, str], ...]  # (name@version, content hash): A, then B
    lists: str
    label: str
    label_delay_ms: int
    currency: str
    exponent: int
    version: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The statistics of one policy."""

    policy: str
    outcomes: list[OutcomeCount]
    quality: dict[str, Quality]
    money: FraudMoney
    customers: GoodCustomers
    alerts: dict[str, AlertLoad]
    rules: list[RuleStatistics]
    overlap: list[list[int]]
    scores: list[ScoreBin]
    curve: list[ThresholdPoint]
    days: list[int]
    daily: list[list[int]]


@dataclass(frozen=True, slots=True)
class Summary:
    """All of a backtest: the period in ms, coverage, policy A, and B with the comparison where there is one."""

    source: Source
    first_ms: int
    last_ms: int
    coverage: Coverage
    a: Judged
    b: Judged | None = None
    comparison: Comparison | None = None


def summarise(
    source: Source,
    a: Decisions,
    rules: Sequence[Sequence[str]],
    b: Decisions | None = None,
) -> Summary:
    """Compute every statistic; `rules` are the rule ids of A and of B."""
    names = [name for name, _ in source.policies]
    return Summary(
        source=source,
        first_ms=int(a.times.min(initial=2**62)) if len(a) else 0,
        last_ms=int(a.times.max(initial=0)),
        coverage=coverage(a),
        a=_judge(names[0], a, rules[0]),
        b=_judge(names[1], b, rules[1]) if b is not None else None,
        comparison=compare(a, b) if b is not None else None,
    )


def _judge(policy: str, decisions: Decisions, rules: Sequence[str]) -> Judged:
    found = rule_statistics(decisions, tuple(rules))
    days, daily = outcomes_by_day(decisions)
    return Judged(
        policy=policy,
        outcomes=count_outcomes(decisions),
        quality=quality_at_levels(decisions),
        money=fraud_money(decisions),
        customers=good_customers_hurt(decisions),
        alerts={name: alerts_per_day(decisions, code) for code, name in enumerate(OUTCOMES) if code},
        rules=found,
        overlap=overlap(decisions, [rule.rule for rule in found]).tolist(),
        scores=score_distribution(decisions),
        curve=threshold_curve(decisions),
        days=days.tolist(),
        daily=daily.tolist(),
    )


def as_json(summary: Summary) -> dict[str, Any]:
    """The summary as JSON-ready data; days as dates."""
    data = asdict(summary)
    for judged in (data["a"], data["b"]):
        if judged is not None:
            judged["days"] = [_instant(day)[:10] for day in judged["days"]]
    if summary.comparison is not None:
        data["comparison"]["transitions"] = np.asarray(summary.comparison.transitions).tolist()
    data["period"] = {
        "first": _instant(summary.first_ms),
        "last": _instant(summary.last_ms),
        "days": (summary.last_ms // DAY) - (summary.first_ms // DAY) + 1,
    }
    return data


def _instant(ms: int) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1_000:03d}Z"
