"""Rules that could go, each with the figures that say so. People decide, after a backtest without the rule.

In this order, one reason a rule: it never fires; it costs more than it keeps; the others catch what it catches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from seawall.analytics.feedback.interval import LEVEL, Interval, wilson
from seawall.analytics.feedback.performance import Performance, performance
from seawall.analytics.feedback.tally import FRAUD_AMOUNT, FRAUDS, Bools, Ints, Tally


class Reason(StrEnum):
    """Why a rule could go."""

    NEVER_FIRES = "never_fires"
    BELOW_BREAK_EVEN = "below_break_even"
    REDUNDANT = "redundant"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an alert costs and what counts as enough evidence.

    `alert_cost`: minor units a hit, mostly an analyst's time. `false_positive_cost`: minor units more for each good
    customer stopped. `recovered`: share of a caught fraud's amount that is really kept. `least_events`: evaluated
    events before silence counts; `least_hits`: labelled hits before precision counts; `least_caught`: known frauds
    before redundancy counts. `protected`: rules that a law or a duty asks for, never proposed. `level`: of intervals.
    """

    alert_cost: int
    false_positive_cost: int = 0
    recovered: float = 1.0
    least_events: int = 10_000
    least_hits: int = 50
    least_caught: int = 30
    protected: frozenset[str] = frozenset()
    level: float = LEVEL

    def __post_init__(self) -> None:
        if min(self.alert_cost, self.false_positive_cost) < 0 or self.alert_cost + self.false_positive_cost == 0:
            raise ValueError("costs must be 0 or more, and one of them above 0")
        if not 0.0 < self.recovered <= 1.0:
            raise ValueError("recovered must be above 0 and at most 1")
        if min(self.least_events, self.least_hits, self.least_caught) < 1:
            raise ValueError("the least numbers must be 1 or more")
        if not 0.0 < self.level < 1.0:
            raise ValueError("the level must be between 0 and 1")


@dataclass(frozen=True, slots=True)
class Proposal:
    """`interval`: of the hit rate (never_fires), the precision (below_break_even), or the share of its frauds that only
    it catches (redundant). `bound`: for below_break_even, the precision at which it would pay. `others`: for redundant,
    the rules that catch its frauds, those with most first.
    """

    rule: str
    reason: Reason
    figures: Performance
    interval: Interval
    bound: float | None = None
    others: tuple[str, ...] = ()


def break_even(figures: Performance, terms: Terms) -> float | None:
    """The precision at which a hit costs what it keeps; above 1 where none would do, None without a fraud caught.

    A hit keeps recovered × mean amount of its frauds with probability p, and costs alert_cost, and false_positive_cost
    with probability 1 − p.
    """
    if not figures.caught:
        return None
    kept = terms.recovered * figures.caught_amount / figures.caught
    gain = kept + terms.false_positive_cost
    return (terms.alert_cost + terms.false_positive_cost) / gain if gain else math.inf


def proposals(tally: Tally, terms: Terms) -> list[Proposal]:
    """At most one for each rule. Redundant ones are found one after the other: of two alike, only one is proposed."""
    figures = performance(tally, terms.level)
    found: list[Proposal] = []
    for one in figures:
        proposal = None if one.rule in terms.protected else _silent(one, terms) or _too_dear(one, figures, terms)
        if proposal is not None:
            found.append(proposal)
    return found + _redundant(tally, figures, {one.rule for one in found}, terms)


def _silent(one: Performance, terms: Terms) -> Proposal | None:
    if one.fired or one.evaluated < terms.least_events:
        return None
    return Proposal(one.rule, Reason.NEVER_FIRES, one, one.hit_interval)


def _too_dear(one: Performance, figures: list[Performance], terms: Terms) -> Proposal | None:
    """Where even the upper limit of its precision is below break-even. Without a fraud of its own: the dearest mean."""
    if one.known_hits < terms.least_hits:
        return None
    bounds = [bound for bound in (break_even(each, terms) for each in figures) if bound is not None]
    bound = break_even(one, terms)
    if bound is None:
        bound = min(bounds, default=None)
    if bound is None or one.precision_interval.high >= bound:
        return None
    return Proposal(one.rule, Reason.BELOW_BREAK_EVEN, one, one.precision_interval, bound)


def _redundant(tally: Tally, figures: list[Performance], gone: set[str], terms: Terms) -> list[Proposal]:
    """Rules all of whose known frauds another rule that stays catches too; the least precise goes first."""
    fraud = tally.counts[:, FRAUDS] > 0
    fired, counts = tally.fired[fraud], tally.counts[fraud]
    stays = np.array([rule not in gone for rule in tally.rules])
    order = sorted(range(len(figures)), key=lambda at: (figures[at].precision or 0.0, figures[at].rule))
    found = []
    for at in order:
        one = figures[at]
        if not stays[at] or one.rule in terms.protected or one.caught < terms.least_caught:
            continue
        others = fired[fired[:, at]] & stays
        others[:, at] = False
        if not others.any(axis=1).all():
            continue
        stays[at] = False
        share = wilson(0, one.caught, terms.level)
        names = _most_first(others, counts[fired[:, at]], tally.rules)
        found.append(Proposal(one.rule, Reason.REDUNDANT, one, share, others=names))
    return found


def _most_first(others: Bools, counts: Ints, rules: tuple[str, ...]) -> tuple[str, ...]:
    """Rules by how many of the frauds they catch, then by their amount, then by name."""
    weight = others.astype(np.int64).T @ counts[:, [FRAUDS, FRAUD_AMOUNT]]
    order = sorted(range(len(rules)), key=lambda at: (-weight[at, 0], -weight[at, 1], rules[at]))
    return tuple(rules[at] for at in order if weight[at, 0])
