"""A pack's models read from their artefacts, their inputs found among its features and fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .errors import Problem
from .faults import SCORE
from .language import Name, Type
from .model import CalibratedModel, Model, ModelError, parse_calibration, parse_model
from .pack.model import ModelDefinition, Pack, Place
from .pack.reader import did_you_mean
from .scope import field_names
from .scoring import FieldInput, ModelStep

_NUMERIC = (Type.BOOL, Type.INT, Type.MONEY, Type.DOUBLE, Type.DURATION, Type.TIMESTAMP)
_SHOWN = 10  # problems of one model: an artefact for another pack would fill the screen


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model whose inputs are known by name and type, in the model's order."""

    definition: ModelDefinition
    model: Model
    inputs: tuple[Name, ...]

    def step(self, slots: Mapping[str, int], features: int) -> ModelStep:
        """The model at its place in a row whose first `features` slots are the features."""
        places = tuple(slots[name.name] for name in self.inputs)
        of_features = [place for place, slot in enumerate(places) if slot < features]
        label = SCORE + self.definition.name
        return ModelStep(
            label=label,
            definition=self.definition,
            model=self.model,
            switch=slots[self.definition.switch] if self.definition.switch else -1,
            inputs=tuple(name.name for name in self.inputs),
            slot=slots[label],
            slots=places,
            places=np.array(of_features, np.int64),
            columns=np.array([places[place] for place in of_features], np.int64),
            fields=tuple(
                FieldInput(place, slot, name.type)
                for place, (slot, name) in enumerate(zip(places, self.inputs, strict=True))
                if slot >= features
            ),
        )


def load_models(pack: Pack, features: Mapping[str, Type]) -> tuple[list[LoadedModel], list[Problem]]:
    """The pack's models in name order, and every problem found; `features` gives the types of its features."""
    loaded: list[LoadedModel] = []
    problems: list[Problem] = []
    for name, definition in sorted(pack.models.items()):
        model = _read(pack, definition, problems)
        if model is None:
            continue
        known = field_names(pack, definition.on, "") | {one: Name(one, kind) for one, kind in features.items()}
        found = [_input(pack, definition, feature, known) for feature in model.features]
        refused = [one for one in found if isinstance(one, Problem)]
        problems += refused[:_SHOWN]
        if len(refused) > _SHOWN:
            message = f"{definition.file}: {len(refused) - _SHOWN} more inputs are refused"
            problems.append(_at(Problem(message), pack.places.get(("model", name, "file"))))
        problems += _unknown_features(pack, definition, model)
        problems += _off_from_the_start(pack, definition)
        loaded.append(LoadedModel(definition, model, tuple(one for one in found if isinstance(one, Name))))
    return loaded, problems


def _read(pack: Pack, definition: ModelDefinition, problems: list[Problem]) -> Model | None:
    """The model of an artefact, calibrated where that is declared; None where a file is no use, which is noted."""
    file, key = definition.file, "file"
    try:
        model = parse_model(pack.artefacts[file], definition.sha256)
        if definition.calibration is None:
            return model
        file, key = definition.calibration.file, "calibration"
        return CalibratedModel(model, parse_calibration(pack.artefacts[file], definition.calibration.sha256))
    except ModelError as error:
        problems.append(_at(Problem(f"{file}: {error}"), pack.places.get(("model", definition.name, key))))
        return None


def _input(pack: Pack, definition: ModelDefinition, feature: str, known: Mapping[str, Name]) -> Name | Problem:
    """What the pack has for one of the artefact's features, or why there is nothing."""
    source = definition.inputs.get(feature, feature)
    found = known.get(source)
    if found is None:
        near = [name.name for name in known.values() if not name.refusal and name.type in _NUMERIC]
        message = f"{definition.file} needs {feature}: there is no feature or field {source!r}"
        problem = Problem(message, did_you_mean(source, near) or "declare it, or map it under inputs")
    elif found.refusal:
        why = found.refusal.partition(";")[0]
        problem = Problem(f"{source} cannot be an input: it {why}", "map it to another value under inputs")
    elif found.type not in _NUMERIC:
        message = f"{source} cannot be an input: it is {found.type.noun}"
        problem = Problem(message, "inputs are numbers, conditions and times; map it to one under inputs")
    else:
        return found
    places = pack.places
    place = places.get(("model", definition.name, "inputs", feature)) or places.get(("model", definition.name, "file"))
    return _at(problem, place)


def _unknown_features(pack: Pack, definition: ModelDefinition, model: Model) -> list[Problem]:
    """Names under `inputs` and `reasons` that the artefact does not have."""
    problems = []
    keys: Sequence[tuple[str, Mapping[str, str]]] = (("inputs", definition.inputs), ("reasons", definition.reasons))
    for key, given in keys:
        for feature in given:
            if feature not in model.features:
                severity = "warning" if key == "inputs" else "error"
                hint = did_you_mean(feature, model.features) or "remove it"
                problem = Problem(f"{definition.file} has no feature {feature!r}", hint, severity=severity)
                problems.append(_at(problem, pack.places.get(("model", definition.name, key, feature))))
    return problems


def _off_from_the_start(pack: Pack, definition: ModelDefinition) -> list[Problem]:
    """A switch that nobody has turned on yet: the model would fail on every event."""
    switch = pack.settings.get(definition.switch)
    if switch is None or switch.default is True:
        return []
    message = f"{switch.name} is off until someone turns it on: {definition.name} does not run before"
    problem = Problem(message, "declare it with default: true", severity="warning")
    return [_at(problem, pack.places.get(("model", definition.name)))]


def _at(problem: Problem, place: Place | None) -> Problem:
    return replace(problem, file=place.file, line=place.line, column=place.column) if place else problem
