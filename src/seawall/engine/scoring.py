"""Models as a step of the policy: the scores of rows, what happens where a model fails, and the reasons they give."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from .columns import MISSING, Floats, Ints
from .faults import REASON, Faults
from .language import Type
from .model import Model, Reason, top_reasons
from .model.base import Matrix, Vector
from .pack.model import ModelDefinition

BatchEvent = tuple[int, int, str]  # place in the batch, row of the buffers, event type
_Chosen = tuple[int, int, list[Any]]  # place in the batch, row of the buffers, row as expressions read it
_FEW = 6  # rows that are scored faster one by one


@dataclass(frozen=True, slots=True)
class FieldInput:
    """An input that is a field: its place among the inputs, its slot in a row, and its type there."""

    place: int
    slot: int
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class ModelStep:
    """One model of a policy, ready to score.

    `slot` holds its score in a row, `slots` its inputs in the model's order. Inputs that are features stand in the
    vector of `content_hash` as doubles already: input `places[i]` is its column `columns[i]`; the rest are `fields`.
    """

    definition: ModelDefinition
    model: Model
    inputs: tuple[str, ...]  # names in the pack
    slot: int
    slots: tuple[int, ...]
    places: Ints
    columns: Ints
    fields: tuple[FieldInput, ...]
    label: str  # `models.NAME`
    switch: int = -1  # the slot of the switch that it runs under; -1: none

    def runs(self, row: Sequence[Any]) -> bool:
        """Whether the model is to be run on a row; a switch without a value is on."""
        return self.switch < 0 or row[self.switch] is not False

    def running(self, words: Ints, chosen: Ints) -> Ints:
        """Those of a block's chosen rows on which it is to be run."""
        return chosen if self.switch < 0 else chosen[words[chosen, self.switch] != 0]

    def of_rows(self, vectors: Floats, rows: Sequence[Sequence[Any]]) -> Matrix:
        """The inputs of n events: vectors float64[n, F], and their rows as expressions read them."""
        matrix = self._of_vectors(vectors)
        for field in self.fields:
            values = [row[field.slot] for row in rows]
            matrix[:, field.place] = [np.nan if value is None else value for value in values]
        return matrix

    def of_one(self, vector: Floats, row: Sequence[Any]) -> Vector:
        """The same of one event: its vector float64[F], and its row."""
        if not self.fields:
            return vector.take(self.columns)
        values = np.empty(len(self.slots))
        values[self.places] = vector[self.columns]
        for field in self.fields:
            value = row[field.slot]
            values[field.place] = np.nan if value is None else value
        return values

    def of_columns(self, vectors: Floats, words: Ints, chosen: Ints) -> Matrix:
        """The inputs of the chosen rows of a block: vectors float64[m, F], words int64[m, w] as column programs read
        them."""
        matrix = self._of_vectors(vectors[chosen])
        for field in self.fields:
            given = words[chosen, field.slot]
            is_double = field.type is Type.DOUBLE
            matrix[:, field.place] = given.view(np.float64) if is_double else np.where(given == MISSING, np.nan, given)
        return matrix

    def of_row(self, row: Sequence[Any]) -> Vector:
        """The inputs of one decided event, from its row alone."""
        return np.array([row[slot] for slot in self.slots], np.float64)  # None becomes NaN

    def scores(self, matrix: Matrix) -> tuple[Floats, list[int]]:
        """The score of each row, NaN where it is not finite or the model raised, and the rows on which it raised."""
        raised: list[int] = []
        try:
            found = self.model.score_rows(matrix)
        except Exception:  # whatever it is, it costs only the rows at fault their score
            found, raised = self._one_by_one(matrix)
        return np.where(np.isfinite(found), found + 0.0, np.nan), raised

    def top(self, inputs: Vector) -> list[Reason]:
        """The inputs that raised the score most."""
        return top_reasons(self.model.features, self.model.contributions(inputs), self.definition.top)

    def _of_vectors(self, vectors: Floats) -> Matrix:
        if not self.fields:
            return vectors.take(self.columns, axis=1)
        matrix = np.empty((len(vectors), len(self.slots)))
        matrix[:, self.places] = vectors[:, self.columns]
        return matrix

    def _one_by_one(self, matrix: Matrix) -> tuple[Floats, list[int]]:
        found, raised = np.full(len(matrix), np.nan), []
        for index, row in enumerate(matrix):
            try:
                found[index] = self.model.score(row)
            except Exception:
                raised.append(index)
        return found, raised


class Scored(NamedTuple):
    """What a model of a policy was given on a block, and what it gave: inputs float64[m, features of the model], scores
    float64[m], NaN where it has none, of the rows at these places in the block."""

    policy: str  # name@version
    step: ModelStep
    rows: Ints
    inputs: Matrix
    scores: Floats


Watch = Callable[[Scored], None]


class BatchScorer:
    """The models' scores over the events of one batch; `scores` is the models' part of the vectors, by buffer row."""

    def __init__(self, steps: Sequence[ModelStep], size: int) -> None:
        self.steps = steps
        self.scores = np.full((size, len(steps)), np.nan)
        self._bytes = self.scores.data.cast("B")
        self._size = 8 * len(steps)

    def run(
        self, events: Sequence[BatchEvent], rows: Sequence[list[Any]], vectors: Floats, faults: dict[int, Faults]
    ) -> None:
        """Score the events, whose rows are given beside them; the scores go into the rows.

        `faults`, by place in the batch, names what is not to be run; what raises joins them.
        """
        for number, step in enumerate(self.steps):
            on, label = step.definition.on, step.label
            chosen = []
            for event, row in zip(events, rows, strict=True):
                index, at, kind = event
                self.scores[at, number] = np.nan
                if kind in on and label not in faults.get(index, ()) and step.runs(row):
                    chosen.append((index, at, row))
            if len(chosen) > _FEW:
                self._together(number, step, chosen, vectors, faults)
            else:
                for one in chosen:
                    self._alone(number, step, one, vectors, faults)

    def _alone(self, number: int, step: ModelStep, chosen: _Chosen, vectors: Floats, faults: dict[int, Faults]) -> None:
        index, at, row = chosen
        try:
            score = step.model.score(step.of_one(vectors[at], row))
        except Exception:  # whatever it is, it costs this row its score and nothing else
            faults[index] = (*faults.get(index, ()), step.label)
            return
        if isfinite(score):
            row[step.slot] = self.scores[at, number] = score + 0.0

    def _together(
        self, number: int, step: ModelStep, chosen: Sequence[_Chosen], vectors: Floats, faults: dict[int, Faults]
    ) -> None:
        places = [at for _, at, _ in chosen]
        scores, raised = step.scores(step.of_rows(vectors[places], [row for _, _, row in chosen]))
        self.scores[places, number] = scores
        for (_, _, row), score in zip(chosen, scores.tolist(), strict=True):
            if score == score:
                row[step.slot] = score
        for failed in raised:
            index = chosen[failed][0]
            faults[index] = (*faults.get(index, ()), step.label)

    def vector(self, place: int) -> memoryview:
        """The scores of one buffer row as bytes."""
        return self._bytes[place * self._size : (place + 1) * self._size]


class ModelReason(NamedTuple):
    """A reason code that a model gave, and the artefact's feature it stands for."""

    code: str
    step: ModelStep
    feature: str


def tops(inputs: Mapping[ModelStep, Vector], faults: Faults) -> tuple[dict[ModelStep, list[Reason]], Faults]:
    """The inputs that raised each model's score most; what `faults` names is not computed, what raises joins them."""
    found: dict[ModelStep, list[Reason]] = {}
    for step, values in inputs.items():
        fault = REASON + step.definition.name
        if fault not in faults:
            try:
                found[step] = step.top(values)
            except Exception:
                faults = (*faults, fault)
    return found, faults


def model_reasons(highest: Mapping[ModelStep, Sequence[Reason]], given: Collection[str]) -> list[ModelReason]:
    """The codes that the models' highest inputs add to the `given` ones, each once, in the models' order."""
    found: dict[str, ModelReason] = {}
    for step, top in highest.items():
        codes = step.definition.reasons
        for reason in top:
            code = codes.get(reason.feature)
            if code and code not in given and code not in found:
                found[code] = ModelReason(code, step, reason.feature)
    return list(found.values())
