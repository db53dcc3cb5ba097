"""A pack compiled: expressions checked, features planned, rules indexed by event type, everything ready to step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter

from .errors import PackError, Problem
from .faults import REASON, RULE, SCORE
from .feature.definition import Feature
from .feature.plan import Plan, make_plan
from .language import Expression, ExpressionError, Scope, Type, analyse, check, compile_rules
from .model_steps import LoadedModel, load_models
from .pack.model import OUTCOMES, Pack, Place, Text
from .pack.rules import cell_expression
from .ruleset import LEVEL, Entry, Group, Ruleset
from .scope import LATE_BY, SETTING_TYPES, FieldSlot, feature_type, field_type, fields_of, scope_for
from .scoring import ModelStep

_VALUE_TYPES = (Type.BOOL, Type.INT, Type.MONEY, Type.DOUBLE, Type.DURATION, Type.TIMESTAMP)


@dataclass(frozen=True, slots=True)
class ValueFeature:
    """A feature computed from fields and other features: its place in the row and its expression."""

    index: int
    expression: Expression


@dataclass(frozen=True, slots=True)
class ListLookup:
    """A list to look up on every event: the field that is its key, the row slot of the answer (-1: none reads it)."""

    list: str
    key: str
    slot: int


@dataclass(frozen=True, slots=True)
class SettingLookup:
    """A limit or switch that some expression reads: its row slot, its type, the fields that choose its entry."""

    slot: int
    type: Type
    entity: str
    segment: str


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """Everything the engine needs to decide. Immutable; two of them with one kernel source can share feature state."""

    pack: Pack
    label: str  # name@version
    plan: Plan
    slots: Mapping[str, int]
    width: int
    fields: tuple[FieldSlot, ...]  # at slots[name]
    wheres: Mapping[str, Expression]  # by text
    values: tuple[ValueFeature, ...]  # in an order in which each finds its parts computed
    lists: tuple[ListLookup, ...]
    entries: tuple[Entry, ...]
    groups: tuple[Group, ...]
    rulesets: Mapping[str, Ruleset]
    members: Mapping[str, tuple[int, ...]]  # event type -> indices of its entries
    warnings: tuple[Problem, ...]
    models: tuple[ModelStep, ...] = ()  # in name order
    settings: Mapping[str, SettingLookup] = field(default_factory=dict)  # those that something reads

    @property
    def feature_names(self) -> list[str]:
        return [feature.name for feature in self.plan.features]

    @property
    def vector_names(self) -> list[str]:
        """What the vector of `content_hash` holds, in order: features, then scores as `models.NAME`."""
        return [*self.feature_names, *(model.label for model in self.models)]

    @property
    def fault_names(self) -> set[str]:
        """The steps whose failure can be replayed: `models.NAME`, `reasons.NAME`, `rules.ID`."""
        names = [prefix + model.definition.name for model in self.models for prefix in (SCORE, REASON)]
        return {*names, *(RULE + entry.id for entry in self.entries)}

    def lifted(self, level: int, legal: bool, hits: Sequence[str]) -> int:
        """An outcome's level after the allow list: an entry lifts up to the policy's level, never what the law asks."""
        allow = self.pack.policy.allow
        if allow is None or not level or legal or level > LEVEL[allow.up_to]:
            return level
        return 0 if any(hit.startswith(f"{allow.list}/") for hit in hits) else level


def compile_policy(pack: Pack) -> CompiledPolicy:
    """Check every expression of the pack and lay out its state. PackError holds every problem, each at its place."""
    return _Compiler(pack).compile()


class _Compiler:
    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.problems: list[Problem] = []
        self.found: list[Problem] = []  # warnings

    def compile(self) -> CompiledPolicy:
        pack = self.pack
        windowed = [feature for feature in pack.features.values() if not feature.value]
        types = {feature.name: feature_type(feature, pack, {}) for feature in windowed}
        wheres = self._wheres(windowed)
        values = self._values(types)
        loaded = self._models(types)
        entries, groups, on = self._entries(types)
        if self.problems:
            raise PackError(self.problems)
        plan = self._plan(values)
        slots, fields = self._slots(
            plan, [*wheres.values(), *values.values(), *(entry.expression for entry in entries)], loaded
        )
        models = tuple(one.step(slots, len(plan.features)) for one in loaded)
        rulesets, members = {}, {}
        for event_type in pack.events:
            indices = tuple(index for index, types_on in enumerate(on) if event_type in types_on)
            members[event_type] = indices
            scored = [model for model in models if event_type in model.definition.on]
            rulesets[event_type] = self._ruleset(indices, entries, groups, slots, scored)
        places = {feature.name: index for index, feature in enumerate(plan.features)}
        return CompiledPolicy(
            pack=pack,
            label=f"{pack.policy.name}@{pack.policy.version}",
            plan=plan,
            slots=slots,
            width=max([*slots.values(), len(plan.features) + plan.degraded_words - 1]) + 1,
            fields=fields,
            wheres=wheres,
            values=tuple(ValueFeature(places[name], expression) for name, expression in values.items()),
            lists=tuple(
                ListLookup(one.name, one.key, slots.get(f"{one.key} in lists.{one.name}", -1))
                for one in sorted(pack.lists.values(), key=lambda definition: definition.name)
            ),
            entries=tuple(entries),
            groups=tuple(groups),
            rulesets=rulesets,
            members=members,
            warnings=(*pack.warnings, *self.found, *self._warnings(entries, loaded)),
            models=models,
            settings={
                name: SettingLookup(slots[name], SETTING_TYPES[one.type], one.entity, one.segment)
                for name, one in pack.settings.items()
                if name in slots
            },
        )

    # --- expressions ------------------------------------------------------------------------------------------------

    def _check(self, text: str, scope: Scope, expect: Type | None, place: Place | None) -> Expression | None:
        try:
            return check(text, scope, expect)
        except ExpressionError as error:
            self.problems += [_placed(problem, place) for problem in error.problems]
            return None

    def _wheres(self, features: Sequence[Feature]) -> dict[str, Expression]:
        parts = [(("feature", one.name, "where"), one.on, one.where) for one in features]
        if self.pack.links is not None:
            parts += [(("link", one.key, "where"), one.on, one.where) for one in self.pack.links.shared]
        checked: dict[str, Expression] = {}
        for part, sources, where in parts:
            if where:
                on = tuple(source for source in sources if source in self.pack.events)
                scope = scope_for(self.pack, on or tuple(self.pack.events), where, {}, settled=False)
                expression = self._check(where, scope, Type.BOOL, self.pack.places.get(part))
                if expression is not None:
                    checked[where] = expression
        return checked

    def _values(self, types: dict[str, Type]) -> dict[str, Expression]:
        """Value features in dependency order; their types join `types` as they become known."""
        pending = {feature.name: feature for feature in self.pack.features.values() if feature.value}
        order = self._value_order(pending)
        checked: dict[str, Expression] = {}
        for name in order:
            feature = pending[name]
            place = self.pack.places.get(("feature", name, "value"))
            scope = scope_for(self.pack, tuple(self.pack.events), feature.value, types)
            expression = self._check(feature.value, scope, None, place)
            if expression is None:
                continue
            if expression.type not in _VALUE_TYPES:
                message = f"{name} is a {expression.type.value}; a feature's value is a number, a condition or a time"
                self.problems.append(_placed(Problem(message), place))
                continue
            types[name] = expression.type
            checked[name] = expression
        return checked

    def _value_order(self, pending: Mapping[str, Feature]) -> list[str]:
        words = {name: set(_words(feature.value)) & pending.keys() for name, feature in pending.items()}
        try:
            return list(TopologicalSorter(words).static_order())
        except CycleError as error:
            cycle = " -> ".join(error.args[1])
            place = self.pack.places.get(("feature", error.args[1][0], "value"))
            self.problems.append(_placed(Problem(f"features depend on each other: {cycle}", "break the circle"), place))
            return []

    def _models(self, types: Mapping[str, Type]) -> list[LoadedModel]:
        loaded, problems = load_models(self.pack, types)
        for problem in problems:
            (self.found if problem.severity == "warning" else self.problems).append(problem)
        return loaded

    def _entries(self, types: Mapping[str, Type]) -> tuple[list[Entry], list[Group], list[tuple[str, ...]]]:
        """Rules, deny lists and table rows as entries, tables as groups, and the event types of each entry."""
        entries: list[Entry] = []
        on: list[tuple[str, ...]] = []
        for definition in self.pack.lists.values():
            if definition.kind == "deny":
                kinds = tuple(name for name, kind in self.pack.events.items() if definition.key in kind.fields)
                text = f"{definition.key} in lists.{definition.name}"
                expression = (
                    self._check(text, scope_for(self.pack, kinds, text, types), Type.BOOL, None) if kinds else None
                )
                if expression is not None:
                    reason = definition.reason or definition.name.upper()
                    level = LEVEL[definition.outcome or "decline"]
                    entries.append(
                        Entry(
                            definition.name,
                            definition.title,
                            expression,
                            0,
                            level,
                            "high",
                            reason,
                            legal=definition.legal,
                        )
                    )
                    on.append(kinds)
        for rule in self.pack.rules:
            expression = self._condition(rule.when, rule.on, types)
            if expression is not None:
                level = LEVEL[rule.outcome or OUTCOMES[0]]
                entries.append(
                    Entry(
                        rule.id, rule.title, expression, rule.score, level, rule.severity, rule.reason,
                        rule.tags, rule.actions, rule.legal,
                    )
                )  # fmt: skip
                on.append(rule.on)
        groups = []
        for table in self.pack.tables:
            start = len(entries)
            for row in table.rows:
                cells = [cell_expression(i.text, c.text) for i, c in zip(table.inputs, row.cells, strict=True)]
                text = " && ".join(f"({cell})" for cell in cells if cell) or "true"
                place = row.cells[0].place if row.cells else self.pack.places.get(("row", table.id, row.id))
                scope = scope_for(self.pack, table.on, text, types, scored=True)
                expression = self._check(text, scope, Type.BOOL, place)
                if expression is not None:
                    level = LEVEL[row.outcome or OUTCOMES[0]]
                    entries.append(
                        Entry(
                            f"{table.id}/{row.id}", row.title, expression, row.score, level, row.severity, row.reason,
                            legal=table.legal, table=table.id,
                        )
                    )  # fmt: skip
                    on.append(table.on)
            groups.append(Group(table.id, table.title, table.hit, table.collect, start, len(entries)))
        return entries, groups, on

    def _condition(self, when: Text, on: tuple[str, ...], types: Mapping[str, Type]) -> Expression | None:
        return self._check(when.text, scope_for(self.pack, on, when.text, types, scored=True), Type.BOOL, when.place)

    # --- layout -----------------------------------------------------------------------------------------------------

    def _plan(self, values: Mapping[str, Expression]) -> Plan:
        pack = self.pack
        always = {(name, f.name) for name, kind in pack.events.items() for f in kind.columns().values() if f.required}
        texts = {name for name, declared in fields_of(pack, pack.events).items() if declared[0].type not in _NUMERIC}
        features = [
            replace(f, default=None if f.default is None else _fit(f, f.default)) for f in pack.features.values()
        ]
        return make_plan(features, texts, always, links=pack.links)

    def _slots(
        self, plan: Plan, expressions: Sequence[Expression], models: Sequence[LoadedModel]
    ) -> tuple[dict[str, int], tuple[FieldSlot, ...]]:
        slots = {feature.name: index for index, feature in enumerate(plan.features)}
        declared = fields_of(self.pack, self.pack.events)
        fields = []
        place = len(plan.features) + plan.degraded_words
        for model in models:
            slots[SCORE + model.definition.name] = place
            place += 1
        wanted = {leaf for expression in expressions for leaf in expression.names}
        wanted |= {name.name for model in models for name in model.inputs}
        wanted |= {model.definition.switch for model in models if model.definition.switch}
        for name in sorted(wanted - slots.keys()):
            slots[name] = place
            place += 1
            if name in declared:
                field = declared[name][0]
                fields.append(FieldSlot(name, field_type(field), 10**field.scale if field.type == "decimal" else 1))
            elif name == LATE_BY:
                fields.append(FieldSlot(name, Type.DURATION, 1))
        return slots, tuple(fields)

    def _ruleset(
        self,
        indices: tuple[int, ...],
        entries: Sequence[Entry],
        groups: Sequence[Group],
        slots: Mapping[str, int],
        models: Sequence[ModelStep],
    ) -> Ruleset:
        """The entries of one event type, with the tables' ranges moved to their places among them."""
        own = [entries[index] for index in indices]
        moved = []
        for group in groups:
            inside = [place for place, index in enumerate(indices) if group.start <= index < group.stop]
            if inside:
                moved.append(replace(group, start=inside[0], stop=inside[-1] + 1))
        run = compile_rules([entry.expression for entry in own], slots)
        return Ruleset(own, moved, self.pack.policy, run, models, slots)

    def _warnings(self, entries: Sequence[Entry], models: Sequence[LoadedModel]) -> list[Problem]:
        found = self._unused(entries, models)
        places = {rule.id: rule.when.place for rule in self.pack.rules}
        places |= {"/".join(part[1:]): place for part, place in self.pack.places.items() if part[0] == "row"}
        for problem in analyse([(entry.id, entry.expression) for entry in entries]):
            named = [entry.id for entry in entries if repr(entry.id) in problem.message]
            place = places.get(min(named, key=lambda one: problem.message.index(repr(one)))) if named else None
            found.append(_placed(problem, place))
        return found

    def _unused(self, entries: Sequence[Entry], models: Sequence[LoadedModel]) -> list[Problem]:
        """Features and models that nothing reads: they cost state and time on every event."""
        read = {leaf for entry in entries for leaf in entry.expression.names}
        read |= {part for feature in self.pack.features.values() for part in feature.parts}
        read |= {word for feature in self.pack.features.values() for word in _words(feature.value)}
        read |= {name.name for model in models for name in model.inputs}
        read |= {model.definition.switch for model in models}
        parts = [(("feature", name), name, "no rule or feature") for name in self.pack.features]
        parts += [(("model", name), SCORE + name, "no rule") for name in self.pack.models]
        parts += [(("setting", name), name, "no rule or feature") for name in self.pack.settings]
        read |= {
            leaf for leaf in self.pack.settings for feature in self.pack.features.values() if leaf in feature.value
        }
        hint, places = "remove it if it is not an output", self.pack.places
        if self.pack.links is not None and not any(one.link for one in self.pack.features.values()):
            parts.append((("link", self.pack.links.shared[0].key), "links.yaml", "no feature"))
        return [
            _placed(Problem(f"{nothing} reads {leaf}", hint, severity="warning"), places.get(part))
            for part, leaf, nothing in parts
            if leaf not in read
        ]


_NUMERIC = ("int", "decimal", "number", "money", "bool", "time")


def _fit(feature: Feature, default: float | int) -> float | int:
    """A default in its feature's own kind: whole for whole-numbered features."""
    whole = (
        bool(feature.link)
        or feature.agg in ("count", "distinct", "time_since")
        or (feature.agg in ("sum", "min", "max", "first", "last") and feature.scale == 1)
    )
    return int(default) if whole else float(default)


def _placed(problem: Problem, place: Place | None) -> Problem:
    """A problem found in a text, moved to where the text stands in its file."""
    if place is None:
        return problem
    column = (
        place.column + problem.column - 1 if problem.line <= 1 and problem.column else problem.column or place.column
    )
    return replace(problem, file=place.file, line=place.line + max(problem.line - 1, 0), column=column)


def _words(text: str) -> list[str]:
    """Identifier-like words of a text, good enough to order value features by; the checker finds what is wrong."""
    return "".join(char if char.isalnum() or char == "_" else " " for char in text).split()
