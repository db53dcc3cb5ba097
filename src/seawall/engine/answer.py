"""The answer to a caller: a decision as JSON, with texts in the caller's language and, when asked, its explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from .decision import Decision
from .errors import StateError
from .language import explain
from .model import Reason
from .policy import CompiledPolicy
from .ruleset import Entry, Ruleset
from .scope import fields_of
from .scoring import ModelStep, model_reasons, tops

LANGUAGES = ("zh", "en")
_MAX_FRAGMENTS = 1 << 14
_encode = msgspec.json.Encoder().encode
_NO_MODELS = msgspec.Raw(b"{}")
_Highest = Mapping[ModelStep, Sequence[Reason]]


class _Answer(msgspec.Struct, gc=False):
    """Members in the order in which callers see them."""

    decision_id: str
    event_id: str
    policy: str
    sequence: int
    mode: str
    outcome: str
    score: int
    degraded: tuple[str, ...]
    late_by_ms: int
    latency_us: int
    reasons: msgspec.Raw
    rules: tuple[str, ...]
    list_hits: tuple[str, ...]
    models: msgspec.Raw
    features: Any
    explain: Any
    content_hash: str


class _Said(NamedTuple):
    """What a set of fired rules comes to in answers: its reasons, and the models that its rules read."""

    reasons: list[dict[str, object]]
    encoded: msgspec.Raw
    models: tuple[ModelStep, ...]


class Answers:
    """Writes the answers of one policy in one language.

    What depends only on the fired rules is encoded once and kept, a bounded number of times over.
    """

    def __init__(self, policy: CompiledPolicy, language: str = "zh") -> None:
        assert language in LANGUAGES, f"language is one of {LANGUAGES}"
        self.policy = policy
        self.language = language
        names = policy.feature_names
        # members f0, f1, …: a feature may be called what a Python member may not
        members = {f"f{index}": name for index, name in enumerate(names)}
        self._features: Any = msgspec.defstruct("Features", [(key, Any) for key in members], rename=members, gc=False)
        self._count = len(names)
        self._entries = {
            kind: {entry.id: entry for entry in ruleset.entries} for kind, ruleset in policy.rulesets.items()
        }
        # a collecting table's score lies in which of its rows matched, not in what fired: it is combined again
        self._collecting = {
            kind for kind, ruleset in policy.rulesets.items() if any(group.hit == "collect" for group in ruleset.groups)
        }
        self._titles = {step: self._input_titles(step) for step in policy.models}
        self._said: dict[tuple[str, tuple[str, ...]], _Said] = {}

    def _input_titles(self, step: ModelStep) -> dict[str, str]:
        """The title of what stands in for each of the artefact's features, its name where it has none."""
        pack = self.policy.pack
        declared = {name: fields[0].title for name, fields in fields_of(pack, step.definition.on).items()}
        declared |= {name: feature.title for name, feature in pack.features.items()}
        inputs = zip(step.model.features, step.inputs, strict=True)
        return {feature: declared.get(name, {}).get(self.language, name) for feature, name in inputs}

    def write(
        self, decision: Decision, decision_id: str, latency_us: int, mode: str = "live", explained: bool = False
    ) -> bytes:
        """The answer as UTF-8 JSON; with `explained`, every leaf of every fired rule. The ids and the time are given.

        StateError when the decision is another policy version's: its row has another layout.
        """
        if decision.policy != self.policy.label:
            which = f"{decision.event_id} was decided by {decision.policy}, not by {self.policy.label}"
            raise StateError(f"{which}: answer with that version's pack")
        ruleset = self.policy.rulesets[decision.event_type]
        said = self._said.get((decision.event_type, decision.rules)) or self._say(decision)
        reasons = said.encoded
        models = _NO_MODELS
        if ruleset.models:
            highest = self._highest(ruleset.models if explained else said.models, decision)
            models = self._models(ruleset, decision, highest)
            if len(said.reasons) < len(decision.reasons):
                reasons = msgspec.Raw(_encode([*said.reasons, *self._model_reasons(decision, highest)]))
        return _encode(
            _Answer(
                decision_id,
                decision.event_id,
                decision.policy,
                decision.sequence,
                mode,
                decision.outcome,
                decision.score,
                decision.degraded,
                decision.late_by_ms,
                latency_us,
                reasons,
                decision.rules,
                decision.list_hits,
                models,
                self._features(*decision.row[: self._count]),
                self._explanation(decision) if explained else msgspec.UNSET,
                decision.content_hash,
            )
        )

    def _fired(self, decision: Decision) -> list[Entry]:
        """The entries that fired, in reason order."""
        if decision.event_type in self._collecting:
            ruleset = self.policy.rulesets[decision.event_type]
            return list(ruleset.fired(ruleset.conditions(decision.row, decision.faults)[0]).entries)
        known = self._entries[decision.event_type]
        return [known[rule] for rule in decision.rules]

    def _say(self, decision: Decision) -> _Said:
        """What the fired rules of a decision come to in its answer."""
        fired = self._fired(decision)
        reasons: list[dict[str, object]] = [
            {"code": one.reason, "rule": one.id, "score": one.score, "text": one.title[self.language]}
            for one in fired
            if one.reason
        ]
        read = {leaf for one in fired for leaf in one.expression.leaves}
        models = tuple(step for step in self.policy.rulesets[decision.event_type].models if step.label in read)
        said = _Said(reasons, msgspec.Raw(_encode(reasons)), models)
        if decision.event_type not in self._collecting:
            if len(self._said) >= _MAX_FRAGMENTS:
                self._said.clear()
            self._said[decision.event_type, decision.rules] = said
        return said

    # --- models -------------------------------------------------------------------------------------------------------

    def _highest(self, models: Sequence[ModelStep], decision: Decision) -> _Highest:
        """The highest inputs of each of these models that has a score, from the decision's row."""
        scored = [step for step in models if decision.row[step.slot] is not None]
        return tops({step: step.of_row(decision.row) for step in scored}, decision.faults)[0]

    def _model_reasons(self, decision: Decision, highest: _Highest) -> list[dict[str, object]]:
        ruleset = self.policy.rulesets[decision.event_type]
        fired = ruleset.fired(ruleset.conditions(decision.row, decision.faults)[0])
        found = model_reasons({step: highest.get(step, ()) for step in fired.models}, fired.reasons)
        return [
            {
                "code": one.code, "model": one.step.definition.name, "feature": one.feature,
                "text": self._titles[one.step][one.feature],
            }
            for one in found
        ]  # fmt: skip

    def _models(self, ruleset: Ruleset, decision: Decision, highest: _Highest) -> msgspec.Raw:
        found = {}
        for step in ruleset.models:
            one = found[step.definition.name] = {"score": decision.row[step.slot]}
            if step in highest:
                one["top"] = [
                    {
                        "feature": reason.feature, "contribution": reason.contribution,
                        "code": step.definition.reasons.get(reason.feature),
                    }
                    for reason in highest[step]
                ]  # fmt: skip
        return msgspec.Raw(_encode(found))

    def _explanation(self, decision: Decision) -> dict[str, list[dict[str, object]]]:
        row = {name: decision.row[slot] for name, slot in self.policy.slots.items()}
        return {entry.id: explain(entry.expression, row) for entry in self._fired(decision)}


def answer(
    decision: Decision,
    policy: CompiledPolicy,
    decision_id: str,
    latency_us: int,
    language: str = "zh",
    mode: str = "live",
    explained: bool = False,
) -> bytes:
    """One answer by itself; whoever writes many keeps an `Answers`."""
    return Answers(policy, language).write(decision, decision_id, latency_us, mode, explained)
