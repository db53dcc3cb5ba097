"""What each rule catches, alone and with others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.analytics.backtest.decisions import Bools, Decisions, Ints
from seawall.analytics.backtest.quality import Quality, quality


@dataclass(frozen=True, slots=True)
class RuleStatistics:
    """hits: events it fired on. exclusive: those where no other rule fired. frauds_only_here: known frauds among these.

    amount: minor units of all its hits. quality: the rule taken as the only alert.
    """

    rule: str
    hits: int
    exclusive: int
    frauds_only_here: int
    amount: int
    quality: Quality


def rule_statistics(decisions: Decisions, rules: tuple[str, ...] = ()) -> list[RuleStatistics]:
    """Statistics by rule id, most hits first; `rules` names those to report even if they never fired."""
    sizes = np.array([len(names) for names in decisions.combinations], dtype=np.int64)
    alone = sizes[decisions.fired] == 1 if len(sizes) else np.zeros(len(decisions), dtype=bool)
    hits = decisions.rule_hits()
    never: Bools = np.zeros(len(decisions), dtype=bool)
    found = []
    for name in sorted(hits.keys() | set(rules)):
        fired = hits.get(name, never)
        found.append(
            RuleStatistics(
                rule=name,
                hits=int(fired.sum()),
                exclusive=int((fired & alone).sum()),
                frauds_only_here=int((fired & alone & decisions.bad).sum()),
                amount=int(decisions.money[fired].sum()),
                quality=quality(decisions, fired),
            )
        )
    return sorted(found, key=lambda rule: (-rule.hits, rule.rule))


def overlap(decisions: Decisions, rules: list[str]) -> Ints:
    """int64[r, r]: events on which both rules fired; a rule's hits on the diagonal."""
    weights = np.bincount(decisions.fired, minlength=len(decisions.combinations)).astype(np.int64)
    member = np.array([[name in names for name in rules] for names in decisions.combinations], dtype=np.int64)
    if not member.size:
        return np.zeros((len(rules), len(rules)), dtype=np.int64)
    return np.asarray(member.T @ (member * weights[:, None]), dtype=np.int64)
