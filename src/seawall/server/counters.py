"""What a running service has done since its start, counted as it is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from seawall.engine.engine import Engine
from seawall.engine.journal import EventRecord

from .decided import Decided


@dataclass(slots=True)
class Counters:
    """`results`: by policy, its role, outcome ("" where it failed), and whether it was served."""

    results: dict[tuple[str, str, str, bool], int] = field(default_factory=dict)
    degraded: int = 0
    repeats: int = 0
    commits: int = 0
    commit_seconds: float = 0.0
    last_commit_ms: float = 0.0
    failures: int = 0

    @property
    def outcomes(self) -> dict[str, int]:
        """Decisions by the outcome that was served."""
        found: dict[str, int] = {}
        for (_, _, outcome, is_served), number in self.results.items():
            if is_served:
                found[outcome] = found.get(outcome, 0) + number
        return found

    def count(self, seconds: float, results: Sequence[Any], flying: Mapping[int, EventRecord], engine: Engine) -> None:
        """A commit that took `seconds`, with what its callers are told; `flying` has the records of its decisions."""
        self.commits += 1
        self.commit_seconds += seconds
        self.last_commit_ms = seconds * 1_000
        found, champion = self.results, engine.policy.label
        challenger = engine.deployment.challenger
        rival = challenger.policy.label if challenger is not None else ""
        for result in results:
            if isinstance(result, Decided):
                if result.repeated:
                    self.repeats += 1
                    continue
                decision = result.decision
                role = "champion" if decision.policy == champion else "challenger"
                key = decision.policy, role, decision.outcome, True
                found[key] = found.get(key, 0) + 1
                if decision.degraded:
                    self.degraded += 1
                for other in flying[decision.sequence].others:
                    role = {champion: "champion", rival: "challenger"}.get(other.policy, "shadow")
                    key = other.policy, role, other.outcome, False
                    found[key] = found.get(key, 0) + 1
