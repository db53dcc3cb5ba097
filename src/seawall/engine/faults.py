"""Steps of a policy that failed on an event: what they are called, and how they are given back as an input.

A fault is `models.NAME` (the model raised), `rules.ID` (the condition raised), `reasons.NAME` (the model's
contributions could not be computed) or `challenger` (it was the challenger's turn and it could not decide).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from .errors import StateError

Faults = tuple[str, ...]
SCORE, RULE, REASON = "models.", "rules.", "reasons."
CHALLENGER = "challenger"


def check_faults(faults: Mapping[int, Sequence[str]], known: Collection[str], policy: str) -> None:
    """StateError where a fault names no step of the policy."""
    for index, names in faults.items():
        strange = [name for name in names if name not in known]
        if strange:
            message = f"record {index} of the batch has the fault {strange[0]}, a step that {policy} does not have"
            raise StateError(f"{message}: replay it under the policy that decided it")


def part_of(faults: Mapping[int, Sequence[str]] | None, start: int, size: int) -> dict[int, Faults]:
    """The faults of the `size` records of a batch from `start` on, by place among these."""
    if not faults:
        return {}
    return {index - start: tuple(names) for index, names in faults.items() if names and start <= index < start + size}


def degraded_by(failed_models: Sequence[str], faults: Sequence[str]) -> list[str]:
    """What follows the features in `degraded`: models without a score, then the other steps that failed, by name."""
    return [*failed_models, *sorted(fault for fault in faults if not fault.startswith(SCORE))]
