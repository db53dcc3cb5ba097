"""Rule templates: a rule and the features it needs, with parameters, that an analyst copies into a draft."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

import seawall
from seawall.apps.policies.editing.edits import KINDS, apply
from seawall.apps.policies.editing.source import EditError, Source
from seawall.engine.pack import Pack
from seawall.engine.times import parse_duration
from seawall.engine.yaml import load

FILE = Path(seawall.__file__).parent / "packs" / "templates" / "rules.yaml"
_NAME = re.compile(r"\$\{([a-z_]+)\}")


@dataclass(frozen=True)
class Parameter:
    """What an analyst fills in. `type`: event, key, field, duration, integer, number, amount, text, list."""

    name: str
    type: str
    title: Mapping[str, str]
    default: str
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Template:
    """A rule to copy: what it is against, what it needs, what it becomes."""

    id: str
    group: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    parameters: tuple[Parameter, ...]
    features: tuple[Mapping[str, Any], ...]
    rule: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Filled:
    """A template with its parameters: features the pack does not have yet, and the rule."""

    features: tuple[dict[str, Any], ...]
    rule: dict[str, Any]


@cache
def templates() -> Mapping[str, Template]:
    """All of them by id."""
    found = {}
    for data in load(FILE.read_bytes(), FILE.name).data["templates"]:
        parameters = tuple(
            Parameter(one["name"], one["type"], one["title"], str(one["default"]), one.get("least"), one.get("most"))
            for one in data["parameters"]
        )
        found[data["id"]] = Template(
            data["id"], data["group"], data["title"], data["text"], parameters, tuple(data.get("features", ())),
            data["rule"],
        )  # fmt: skip
    return found


def fill(template: Template, values: Mapping[str, str], pack: Pack) -> Filled:
    """The template's rule and features with these values (defaults where left out), names checked against the pack.

    EditError says which parameter is wrong, or which feature of the pack has the name with another meaning.
    """
    known = {one.name for one in template.parameters}
    unknown = [name for name in values if name not in known]
    if unknown:
        raise EditError(f"template {template.id} has no parameter {', '.join(unknown)}; it has {', '.join(known)}")
    given = {one.name: str(values.get(one.name) or one.default).strip() for one in template.parameters}
    for one in template.parameters:
        problem = _problem(one, given[one.name], given, pack)
        if problem:
            raise EditError(f"{one.name} {given[one.name]!r} {problem}")
    given["event_word"] = re.sub(r"[^a-z0-9]+", "_", given.get("event", ""))
    features = [_filled(one, given) for one in template.features]
    return Filled(tuple(one for one in features if not _same_feature(one, pack)), _filled(template.rule, given))


def copy(files: Mapping[str, str], template_id: str, values: Mapping[str, str], pack: Pack) -> dict[str, str]:
    """The files that change when a template is copied into a pack. EditError."""
    template = templates().get(template_id)
    if template is None:
        raise EditError(f"there is no template {template_id!r}")
    filled = fill(template, values, pack)
    changed = dict(files)
    for feature in filled.features:
        name, text = apply(changed, "feature.add", {"fields": feature})
        changed[name] = text
    name, text = apply(changed, "rule.add", {"fields": _free(filled.rule, changed)})
    changed[name] = text
    return {name: text for name, text in changed.items() if files.get(name) != text}


def _free(rule: dict[str, Any], files: Mapping[str, str]) -> dict[str, Any]:
    """The rule under an id that is free, so that a template can be copied twice."""
    one = KINDS["rule"]
    data = Source(files.get(one.file, ""), one.file).data or {}
    taken = {item.get("id") for part in ("rules", "tables") for item in data.get(part) or () if isinstance(item, dict)}
    base, number = rule["id"], 2
    while rule["id"] in taken:
        rule = rule | {"id": f"{base}_{number}"}
        number += 1
    return rule


def _filled(value: Any, given: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, given) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, given) for one in value]
    if not isinstance(value, str):
        return value
    whole = _NAME.fullmatch(value)
    if whole and re.fullmatch(r"-?\d+", given[whole[1]]):
        return int(given[whole[1]])
    return _NAME.sub(lambda match: given[match[1]], value)


def _same_feature(feature: Mapping[str, Any], pack: Pack) -> bool:
    """Whether the pack has it. EditError where it has another one of that name."""
    name = feature["name"]
    known = pack.features.get(name)
    if known is None:
        return False
    source = Source(pack.sources["features.yaml"], "features.yaml")
    written = source.get(("features", source.index(("features",), "name", name)))
    meaning = [{k: v for k, v in one.items() if k not in ("title", "version")} for one in (dict(feature), written)]
    if meaning[0] != meaning[1]:
        raise EditError(f"the pack has a feature {name} that means something else; choose other parameters")
    return True


def _problem(one: Parameter, value: str, given: Mapping[str, str], pack: Pack) -> str:
    """What is wrong with a value, "" where nothing is."""
    if not value or len(value) > 64:
        return "must have 1 to 64 characters"
    if one.type == "event":
        return (
            "" if value in pack.policy.on else f"is no event type of the policy; there are {', '.join(pack.policy.on)}"
        )
    if one.type in ("key", "field"):
        kind = pack.events.get(given.get("event", ""))
        columns = kind.columns() if kind else {}
        fits = value in columns and not columns[value].sealed and (one.type != "key" or columns[value].type == "key")
        known = [name for name, column in columns.items() if one.type != "key" or column.type == "key"]
        return "" if fits else f"is no {one.type} of the event; there are {', '.join(known)}"
    if one.type == "list":
        return "" if value in pack.lists else f"is no list of the pack; there are {', '.join(pack.lists) or 'none'}"
    if one.type == "duration":
        try:
            parse_duration(value)
        except ValueError as error:
            return str(error)
        return ""
    if one.type in ("integer", "number", "amount"):
        return _number_problem(one, value)
    return "" if re.fullmatch(r"[A-Za-z0-9_.:-]+", value) else "must be one plain word"


def _number_problem(one: Parameter, value: str) -> str:
    if one.type == "integer" and not re.fullmatch(r"-?\d{1,15}", value):
        return "must be a whole number"
    if not re.fullmatch(r"-?\d{1,13}(\.\d{1,6})?", value):
        return "must be a number"
    try:
        number = Decimal(value)
    except InvalidOperation:
        return "must be a number"
    if one.least is not None and number < Decimal(str(one.least)):
        return f"must be {one.least:g} at least"
    if one.most is not None and number > Decimal(str(one.most)):
        return f"must be {one.most:g} at most"
    return ""
