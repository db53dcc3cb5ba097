"""Models over a block: scores of its rows, what they lead to where they fail, and the reasons they add."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .columns import Block, Decided, Floats, Ints
from .faults import Faults, degraded_by
from .policy import CompiledPolicy
from .ruleset import Fired, Ruleset
from .scoring import Scored, Watch, model_reasons, tops


class BlockScores:
    """The scores of one block's rows, float64[n, models] in name order, NaN where there is none.

    They are written into `rows` too, at the models' slots. `vectors` are the features, float64[n, F]. `watch` is shown
    what each model was given.
    """

    def __init__(
        self, policy: CompiledPolicy, block: Block, rows: Ints, vectors: Floats | None, watch: Watch | None = None
    ) -> None:
        self.policy = policy
        self._block, self._rows, self._vectors = block, rows, vectors
        self.scores = np.full((len(block), len(policy.models)), np.nan)
        self._faults: dict[int, Faults] = {}  # by row
        for number, step in enumerate(policy.models):
            codes = [code for code, name in enumerate(block.type_names) if name in step.definition.on]
            chosen = step.running(rows, np.flatnonzero(np.isin(block.types, codes)))
            if len(chosen):
                assert vectors is not None, "models need the features' vectors"
                inputs = step.of_columns(vectors, rows, chosen)
                found, raised = step.scores(inputs)
                self.scores[chosen, number] = found
                if watch is not None:
                    watch(Scored(policy.label, step, chosen, inputs, found))
                for row in chosen[raised].tolist():
                    self._faults[row] = (*self._faults.get(row, ()), step.label)
            rows[:, step.slot] = self.scores[:, number].view(np.int64)

    def failed(self, chosen: Ints, ruleset: Ruleset) -> npt.NDArray[np.bool_]:
        """bool[m, models of the ruleset]: which have no score on these rows of its event type."""
        numbers = [self.policy.models.index(step) for step in ruleset.models]
        missing: npt.NDArray[np.bool_] = np.isnan(self.scores[chosen][:, numbers])
        return missing

    def mark(self, decided: Decided, sets: Sequence[Fired]) -> None:
        """Put what failed into `degraded` and `faults`; `sets` holds what fired, a decision each."""
        for place in [place for place, fired in enumerate(sets) if fired.failed]:
            faults = self._faults.get(int(decided.rows[place]), ())
            decided.degraded[place] = [*decided.degraded.get(place, []), *degraded_by(sets[place].failed, faults)]
            if faults:
                decided.faults[place] = faults

    def with_reasons(self, decided: Decided, sets: Sequence[Fired]) -> list[Fired]:
        """The same sets, where fired entries read models with these models' reasons."""
        found = list(sets)
        asking = [place for place, fired in enumerate(sets) if fired.models]
        if not asking:
            return found
        assert self._vectors is not None, "models need the features' vectors"
        inputs = {}
        for step in self.policy.models:
            places = [place for place in asking if step in sets[place].models]
            matrix = step.of_columns(self._vectors, self._rows, decided.rows[places])
            inputs[step] = dict(zip(places, matrix, strict=True))
        for place in asking:
            fired, before = sets[place], decided.faults.get(place, ())
            highest, faults = tops({step: inputs[step][place] for step in fired.models}, before)
            ruleset = self.policy.rulesets[self._block.type_names[self._block.types[decided.rows[place]]]]
            codes = tuple(one.code for one in model_reasons(highest, fired.reasons))
            found[place] = ruleset.fired(fired.bits, codes)
            if faults != before:
                decided.faults[place] = faults
                decided.degraded[place] = [*decided.degraded.get(place, []), *degraded_by((), faults)]
        return found
