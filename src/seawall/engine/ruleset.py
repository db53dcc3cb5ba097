"""From fired conditions to score, outcome and reasons: the combining half of a policy, for one event type."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .faults import RULE, Faults
from .language import Expression, evaluate
from .pack.model import OUTCOMES, Action, Policy, Title
from .scoring import ModelStep

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
    """What one set of fired conditions and failed models comes to, before allow lists; the same for every event it
    happens to. `bits` are what `Ruleset.conditions` gave. `models`: those that the fired entries read, in the order of
    reading, and that have a score and reasons.
    """

    entries: tuple[Entry, ...]  # by score descending, then id
    score: int
    level: int
    legal: bool
    rules: tuple[str, ...]
    reasons: tuple[str, ...]
    after_policy: bytes  # the canonical header from "reasons" to "score": its part that no event changes
    bits: int
    models: tuple[ModelStep, ...] = ()
    failed: tuple[str, ...] = ()  # models without a score, as `models.NAME`


class Ruleset:
    """The conditions that can fire on one event type, and the arithmetic of combining them.

    `run` gives the conditions of a row that are true, as bits; the bits above them mark the `models` that failed.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        groups: Sequence[Group],
        policy: Policy,
        run: Callable[[Sequence[object]], int],
        models: Sequence[ModelStep] = (),
        slots: Mapping[str, int] | None = None,
    ) -> None:
        self.entries = tuple(entries)
        self.groups = tuple(groups)
        self.policy = policy
        self.run = run
        self.models = tuple(models)
        self._slots = slots or {}
        self._scores = [(1 << place, model.slot) for place, model in enumerate(models, len(entries))]
        self._thresholds = sorted((score, LEVEL[outcome]) for outcome, score in policy.thresholds.items())
        self._memo: dict[object, Fired] = {}

    def conditions(self, row: Sequence[object], faults: Faults = ()) -> tuple[int, Faults]:
        """Bits of the conditions that are true and of the models without a score; the faults, and what joined them.

        A condition that `faults` names is not run, one that raises is a fault: neither is true.
        """
        if not faults or not any(fault.startswith(RULE) for fault in faults):
            try:
                bits = self.run(row)
            except Exception:  # generated code is total; should it not be, one rule costs no other
                bits, faults = self._one_by_one(row, faults)
        else:
            bits, faults = self._one_by_one(row, faults)
        for bit, slot in self._scores:
            if row[slot] is None:
                bits |= bit
        return bits, faults

    def _one_by_one(self, row: Sequence[object], faults: Faults) -> tuple[int, Faults]:
        values = {name: row[slot] for name, slot in self._slots.items()}
        bits = 0
        for index, entry in enumerate(self.entries):
            if RULE + entry.id in faults:
                continue
            try:
                if evaluate(entry.expression, values) is True:
                    bits |= 1 << index
            except Exception:
                faults = (*faults, RULE + entry.id)
        return bits, faults

    def fired(self, bits: int, codes: tuple[str, ...] = ()) -> Fired:
        """Combine what `conditions` gave; `codes` are reasons from models, after the rules' own.

        Remembered: few of the 2**n sets ever happen.
        """
        key = (bits, codes) if codes else bits
        found = self._memo.get(key)
        if found is None:
            self.make_room(1)
            found = self._memo[key] = self._combine(bits, codes)
        return found

    def make_room(self, more: int) -> None:
        """Before `more` new sets: start over where the memory of sets would pass its bound."""
        if len(self._memo) + more > _MAX_COMBINATIONS:
            self._memo = {}

    def _combine(self, bits: int, codes: tuple[str, ...]) -> Fired:
        hits = [index for index in range(len(self.entries)) if bits >> index & 1]
        entries = [self.entries[index] for index in hits if not self.entries[index].table]
        for group in self.groups:
            entries += self._resolve(group, [self.entries[i] for i in hits if group.start <= i < group.stop])
        entries.sort(key=lambda entry: (-entry.score, entry.id))
        failed = [model for model, (bit, _) in zip(self.models, self._scores, strict=True) if bits & bit]
        fallback = self.policy.fallback
        points = sum(entry.score for entry in entries) + len(failed) * fallback.model_score
        score = max(0, min(self.policy.score_cap, points))
        level = max([level for least, level in self._thresholds if score >= least], default=0)
        level = max([level, *(entry.level for entry in entries), *(LEVEL[fallback.model_outcome] for _ in failed)])
        rules = tuple(entry.id for entry in entries)
        reasons = (*(entry.reason for entry in entries if entry.reason), *codes)
        read = dict.fromkeys(leaf for entry in entries for leaf in entry.expression.leaves)
        asked = {model.label: model for model in self.models if model.definition.reasons and model not in failed}
        tail = f'"reasons":{_json(reasons)},"rules":{_json(rules)},"score":{score},"sequence":'
        return Fired(
            entries=tuple(entries),
            score=score,
            level=level,
            legal=any(entry.legal for entry in entries),
            rules=rules,
            reasons=reasons,
            after_policy=tail.encode(),
            bits=bits,
            models=tuple(asked[leaf] for leaf in read if leaf in asked),
            failed=tuple(model.label for model in failed),
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
