"""From fired conditions to score, outcome and reasons: the combining half of a policy, for one event type."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .language import Expression
from .pack.model import OUTCOMES, Action, Policy, Title

LEVEL = {outcome: level for level, outcome in enumerate(OUTCOMES)}
_MAX_COMBINATIONS = 1 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One condition that can fire: a rule, or a row of the decision table `table`."""

    id: str
    title: Title = field(hash=False)
    expression: Expression
    score: int
    level: int  # of its own outcome; 0 where it states none
    severity: str
    reason: str
    tags: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    legal: bool = False
    table: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A decision table's rows among the entries: [start, stop). `collect` states how their scores become one."""

    id: str
    title: Title = field(hash=False)
    hit: str
    collect: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Fired:
    """What one set of fired conditions comes to, before allow lists; the same for every event it happens to."""

    entries: tuple[Entry, ...]  # by score descending, then id
    score: int
    level: int
    legal: bool
    rules: tuple[str, ...]
    reasons: tuple[str, ...]
    after_policy: bytes  # the canonical header from "reasons" to "score": its part that no event changes
    index: int


class Ruleset:
    """The conditions that can fire on one event type, and the arithmetic of combining them."""

    def __init__(
        self, entries: Sequence[Entry], groups: Sequence[Group], policy: Policy, run: Callable[[Sequence[object]], int]
    ) -> None:
        self.entries = tuple(entries)
        self.groups = tuple(groups)
        self.policy = policy
        self.run = run
        self._thresholds = sorted((score, LEVEL[outcome]) for outcome, score in policy.thresholds.items())
        self._memo: dict[int, Fired] = {}
        self.combinations: list[tuple[str, ...]] = []

    def fired(self, bits: int) -> Fired:
        """Combine the conditions whose bits are set. Remembered: few of the 2**n sets ever happen."""
        found = self._memo.get(bits)
        if found is None:
            self.make_room(1)
            found = self._memo[bits] = self._combine(bits)
        return found

    def make_room(self, more: int) -> None:
        """Before `more` new sets: start over where the memory of sets would pass its bound."""
        if len(self._memo) + more > _MAX_COMBINATIONS:
            self._memo = {}
            self.combinations = []

    def _combine(self, bits: int) -> Fired:
        hits = [index for index in range(len(self.entries)) if bits >> index & 1]
        entries = [self.entries[index] for index in hits if not self.entries[index].table]
        for group in self.groups:
            entries += self._resolve(group, [self.entries[i] for i in hits if group.start <= i < group.stop])
        entries.sort(key=lambda entry: (-entry.score, entry.id))
        score = max(0, min(self.policy.score_cap, sum(entry.score for entry in entries)))
        level = max([level for least, level in self._thresholds if score >= least], default=0)
        level = max([level, *(entry.level for entry in entries)])
        rules = tuple(entry.id for entry in entries)
        reasons = tuple(entry.reason for entry in entries if entry.reason)
        tail = f'"reasons":{_json(reasons)},"rules":{_json(rules)},"score":{score},"sequence":'
        self.combinations.append(rules)
        return Fired(
            entries=tuple(entries),
            score=score,
            level=level,
            legal=any(entry.legal for entry in entries),
            rules=rules,
            reasons=reasons,
            after_policy=tail.encode(),
            index=len(self.combinations) - 1,
        )

    def _resolve(self, group: Group, rows: list[Entry]) -> list[Entry]:
        """The entries a table contributes by its hit policy."""
        if not rows or group.hit == "all":
            return rows
        if group.hit == "first":
            return rows[:1]
        scores = [row.score for row in rows]
        collected = _COLLECT[group.collect or "sum"](scores)
        worst = max(rows, key=lambda row: (row.level, row.score))
        return [
            Entry(
                id=group.id,
                title=group.title,
                expression=worst.expression,
                score=collected,
                level=worst.level,
                severity=worst.severity,
                reason=worst.reason,
                tags=worst.tags,
                actions=worst.actions,
                legal=any(row.legal for row in rows),
                table=group.id,
            )
        ]


_COLLECT: Mapping[str, Callable[[list[int]], int]] = {"sum": sum, "max": max, "min": min, "count": len}


def _json(values: Sequence[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False, separators=(",", ":"))
