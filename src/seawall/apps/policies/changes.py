"""Two packs compared in words: sentences in the reader's language, and the lines that differ."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext, gettext_noop, pgettext

from seawall.engine import yaml
from seawall.engine.feature.definition import EXACT, Feature
from seawall.engine.lists import ListDefinition
from seawall.engine.pack import DecisionTable, Pack, Rule, TableRow
from seawall.engine.pack.model import ModelDefinition
from seawall.engine.settings import SettingDefinition
from seawall.engine.times import format_duration

MOST_LINES = 5_000
_NONE = "–"
_LONGEST = 200

CHANGED = {
    "rule": gettext_noop("Rule %(name)s: %(member)s %(before)s → %(after)s"),
    "table": gettext_noop("Decision table %(name)s: %(member)s %(before)s → %(after)s"),
    "row": gettext_noop("Decision table %(table)s, row %(name)s: %(member)s %(before)s → %(after)s"),
    "cell": gettext_noop("Decision table %(table)s, row %(name)s: %(input)s %(before)s → %(after)s"),
    "setting": gettext_noop("Setting %(name)s: %(member)s %(before)s → %(after)s"),
    "list": gettext_noop("List %(name)s: %(member)s %(before)s → %(after)s"),
    "feature": gettext_noop("Feature %(name)s: %(member)s %(before)s → %(after)s"),
    "model": gettext_noop("Model %(name)s: %(member)s %(before)s → %(after)s"),
    "policy": gettext_noop("Policy: %(member)s %(before)s → %(after)s"),
    "threshold": gettext_noop("Threshold for %(outcome)s: %(before)s → %(after)s"),
}
ADDED = {
    "rule": gettext_noop("Rule %(name)s is new: %(shown)s"),
    "table": gettext_noop("Decision table %(name)s is new, with %(shown)s rows"),
    "row": gettext_noop("Decision table %(table)s: row %(name)s is new: %(shown)s"),
    "setting": gettext_noop("Setting %(name)s is new: %(shown)s"),
    "list": gettext_noop("List %(name)s is new: %(shown)s"),
    "feature": gettext_noop("Feature %(name)s is new: %(shown)s"),
    "model": gettext_noop("Model %(name)s is new: %(shown)s"),
    "event": gettext_noop("Event type %(name)s is new"),
    "test": gettext_noop("Unit case “%(name)s” is new"),
}
REMOVED = {
    "rule": gettext_noop("Rule %(name)s is gone: %(shown)s"),
    "table": gettext_noop("Decision table %(name)s is gone, with %(shown)s rows"),
    "row": gettext_noop("Decision table %(table)s: row %(name)s is gone: %(shown)s"),
    "setting": gettext_noop("Setting %(name)s is gone: %(shown)s"),
    "list": gettext_noop("List %(name)s is gone: %(shown)s"),
    "feature": gettext_noop("Feature %(name)s is gone: %(shown)s"),
    "model": gettext_noop("Model %(name)s is gone: %(shown)s"),
    "event": gettext_noop("Event type %(name)s is gone"),
    "test": gettext_noop("Unit case “%(name)s” is gone"),
}
_ROWS_MOVED = gettext_noop("Decision table %(name)s: the order of its rows changed")
_EVENT_CHANGED = gettext_noop("Event type %(name)s: its fields changed")
_FILE_CHANGED = gettext_noop("%(name)s changed; see its lines")
_TOLD = frozenset({
    "events.yaml", "features.yaml", "models.yaml", "lists.yaml", "limits.yaml", "switches.yaml", "rules.yaml",
    "policy.yaml", "tests.yaml",
})  # fmt: skip
_TEST_CHANGED = gettext_noop("Unit case “%(name)s” changed")


def member_word(member: str) -> str:
    """What a member of an entry is called in sentences."""
    words = {
        "when": pgettext("policy member", "condition"), "score": pgettext("policy member", "score"),
        "outcome": pgettext("policy member", "outcome"), "severity": pgettext("policy member", "severity"),
        "reason": pgettext("policy member", "reason code"), "on": pgettext("policy member", "event types"),
        "title": pgettext("policy member", "title"), "tags": pgettext("policy member", "tags"),
        "actions": pgettext("policy member", "actions"), "legal": pgettext("policy member", "required by law"),
        "hit": pgettext("policy member", "hit policy"), "collect": pgettext("policy member", "collected by"),
        "inputs": pgettext("policy member", "inputs"), "key": pgettext("policy member", "key"),
        "kind": pgettext("policy member", "kind"), "four_eyes": pgettext("policy member", "four eyes"),
        "max_validity": pgettext("policy member", "longest validity"), "entity": pgettext("policy member", "entity"),
        "where": pgettext("policy member", "filter"), "agg": pgettext("policy member", "aggregation"),
        "of": pgettext("policy member", "field"), "window": pgettext("policy member", "window"),
        "offset": pgettext("policy member", "offset"), "resolution": pgettext("policy member", "resolution"),
        "current": pgettext("policy member", "current event"), "default": pgettext("policy member", "default"),
        "value": pgettext("policy member", "value"), "version": pgettext("policy member", "version"),
        "file": pgettext("policy member", "file"), "cap": pgettext("policy member", "highest score"),
        "allow": pgettext("policy member", "allow list"), "split_key": pgettext("policy member", "split key"),
        "fallback": pgettext("policy member", "fallback"), "unit": pgettext("policy member", "unit"),
        "segment": pgettext("policy member", "segment"), "note": pgettext("policy member", "note"),
        "link": pgettext("policy member", "links"), "by": pgettext("policy member", "shared keys"),
        "hops": pgettext("policy member", "most links away"),
        "reasons": pgettext("policy member", "reason codes"), "top": pgettext("policy member", "reasons given"),
        "calibration": pgettext("policy member", "calibration"), "switch": pgettext("policy member", "switch"),
    }  # fmt: skip
    return words.get(member, member)


def outcome_word(outcome: str) -> str:
    """An outcome in sentences."""
    return {
        "approve": pgettext("outcome", "Approve"), "challenge": pgettext("outcome", "Challenge"),
        "review": pgettext("outcome", "Review"), "decline": pgettext("outcome", "Decline"),
    }.get(outcome, outcome)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One difference. `text` is an English msgid, `values` what is filled in: to be kept and shown in any language."""

    kind: str
    name: str
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """In the language of the moment."""
        return say(self.text, self.values)

    def plain(self) -> list[Any]:
        """As it is stored."""
        return [self.text, dict(self.values)]


def say(text: str, values: Mapping[str, Any]) -> str:
    """A stored change in the language of the moment; whatever was stored, it is shown."""
    told = dict(values)
    if "member" in told:
        told["member"] = member_word(str(told["member"]))
    if "outcome" in told:
        told["outcome"] = outcome_word(str(told["outcome"]))
    try:
        return gettext(text) % told
    except (KeyError, TypeError, ValueError):
        return text


def compare(old: Pack, new: Pack) -> list[Change]:
    """What `new` does otherwise than `old`, thresholds first."""
    return [
        *_policy(old, new),
        *_entries("rule", {one.id: one for one in old.rules}, {one.id: one for one in new.rules}, _rule),
        *_tables(old, new),
        *_entries("setting", old.settings, new.settings, _setting),
        *_entries("list", old.lists, new.lists, _list),
        *_entries("feature", old.features, new.features, _feature),
        *_entries("model", old.models, new.models, _model),
        *_events(old, new),
        *_tests(old, new),
        *_rest(old, new),
    ]


def line_diff(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, list[str]]:
    """Unified differences by file, files that are the same left out; at most MOST_LINES lines a file."""
    found = {}
    for name in sorted({*old, *new}):
        before, after = old.get(name, ""), new.get(name, "")
        if before != after:
            lines = difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="", n=2)
            found[name] = [line for line, _ in zip(lines, range(MOST_LINES), strict=False)]
    return found


# --- policy -----------------------------------------------------------------------------------------------------------


def _policy(old: Pack, new: Pack) -> Iterator[Change]:
    before, after = old.policy, new.policy
    for outcome in dict.fromkeys([*before.thresholds, *after.thresholds]):
        scores = [str(one.thresholds.get(outcome, _NONE)) for one in (before, after)]
        if scores[0] != scores[1]:
            yield Change("threshold", outcome, CHANGED["threshold"],
                         {"outcome": outcome, "before": scores[0], "after": scores[1]})  # fmt: skip
    members = [
        {
            "cap": one.score_cap, "on": list(one.on), "split_key": one.split_key,
            "allow": f"{one.allow.list} ≤ {one.allow.up_to}" if one.allow else "",
            "fallback": f"{one.fallback.model_score}, {one.fallback.model_outcome}",
        }
        for one in (before, after)
    ]  # fmt: skip
    yield from _members("policy", "policy", *members, {})


# --- entries that have a name -----------------------------------------------------------------------------------------


def _entries(kind: str, old: Mapping[str, Any], new: Mapping[str, Any], members: Any) -> Iterator[Change]:
    for name, one in new.items():
        if name not in old:
            yield Change(kind, name, ADDED[kind], {"name": name, "shown": _short(members(one))})
        else:
            yield from _members(kind, name, members(old[name]), members(one), {"name": name})
    for name, one in old.items():
        if name not in new:
            yield Change(kind, name, REMOVED[kind], {"name": name, "shown": _short(members(one))})


def _members(
    kind: str, name: str, old: Mapping[str, Any], new: Mapping[str, Any], values: Mapping[str, Any]
) -> Iterator[Change]:
    for member in dict.fromkeys([*old, *new]):
        before, after = _shown(old.get(member)), _shown(new.get(member))
        if before != after:
            yield Change(kind, name, CHANGED[kind], {**values, "member": member, "before": before, "after": after})


def _short(members: Mapping[str, Any]) -> str:
    """An entry in a few words: what it computes or asks, and what it gives."""
    picked = ("when", "value", "link", "agg", "of", "window", "kind", "key", "score", "outcome", "file")
    return ", ".join(_shown(members[name]) for name in picked if members.get(name) not in (None, "", 0, []))


def _shown(value: Any) -> str:
    if value is None or value == "" or value == []:
        return _NONE
    if isinstance(value, bool):
        return "true" if value else "false"
    text = ", ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _title(title: Mapping[str, str]) -> str:
    return f"{title.get('zh', '')} / {title.get('en', '')}" if title else ""


def _rule(rule: Rule) -> dict[str, Any]:
    actions = [f"{one.type}({', '.join(f'{k}={v}' for k, v in sorted(one.parameters.items()))}"
               f"{' ' + format_duration(one.ttl_ms) if one.ttl_ms else ''})" for one in rule.actions]  # fmt: skip
    return {
        "when": rule.when.text, "score": rule.score, "outcome": rule.outcome, "severity": rule.severity,
        "reason": rule.reason, "on": list(rule.on), "title": _title(rule.title), "tags": list(rule.tags),
        "actions": actions, "legal": rule.legal,
    }  # fmt: skip


def _setting(one: SettingDefinition) -> dict[str, Any]:
    return {
        "kind": one.type, "entity": one.entity, "segment": one.segment, "default": one.default,
        "title": _title(one.title), "note": _title(one.note),
    }  # fmt: skip


def _list(one: ListDefinition) -> dict[str, Any]:
    validity = format_duration(one.max_validity_ms) if one.max_validity_ms else ""
    return {
        "kind": one.kind, "key": one.key, "outcome": one.outcome, "reason": one.reason, "four_eyes": one.four_eyes,
        "max_validity": validity, "legal": one.legal, "title": _title(one.title),
    }  # fmt: skip


def _feature(one: Feature) -> dict[str, Any]:
    window = resolution = ""
    if one.window is not None:
        window = (
            format_duration(one.window.last_ms) if one.window.last_ms else f"{one.window.calendar} {one.window.zone}"
        )
        resolution = "" if one.resolution_ms == EXACT else format_duration(one.resolution_ms)
    return {
        "agg": one.agg, "of": one.of or list(one.parts), "value": one.value, "entity": list(one.entity),
        "on": list(one.on), "where": one.where, "window": window, "resolution": resolution,
        "offset": format_duration(one.offset_ms) if one.offset_ms else "",
        "current": "" if one.value or one.parts else ("include" if one.include_current else "exclude"),
        "default": one.default, "unit": "" if one.scale == 1 else f"1/{one.scale}", "version": one.version,
        "link": one.link, "by": list(one.by), "hops": one.hops or "", "title": _title(one.title),
    }  # fmt: skip


def _model(one: ModelDefinition) -> dict[str, Any]:
    return {
        "version": one.version,
        "file": f"{one.file} {one.sha256[:12]}",
        "on": list(one.on),
        "title": _title(one.title),
        "inputs": dict(one.inputs),
        "reasons": dict(one.reasons),
        "top": one.top,
        "calibration": f"{one.calibration.file} {one.calibration.sha256[:12]}" if one.calibration else "",
        "switch": one.switch,
    }


# --- decision tables --------------------------------------------------------------------------------------------------


def _tables(old: Pack, new: Pack) -> Iterator[Change]:
    before, after = ({one.id: one for one in pack.tables} for pack in (old, new))
    for name, table in after.items():
        if name not in before:
            yield Change("table", name, ADDED["table"], {"name": name, "shown": str(len(table.rows))})
        else:
            yield from _members("table", name, _table(before[name]), _table(table), {"name": name})
            yield from _rows(before[name], table)
    for name, table in before.items():
        if name not in after:
            yield Change("table", name, REMOVED["table"], {"name": name, "shown": str(len(table.rows))})


def _table(one: DecisionTable) -> dict[str, Any]:
    return {
        "hit": one.hit, "collect": one.collect, "inputs": [text.text for text in one.inputs], "on": list(one.on),
        "legal": one.legal, "title": _title(one.title),
    }  # fmt: skip


def _row(one: TableRow) -> dict[str, Any]:
    return {
        "score": one.score, "outcome": one.outcome, "severity": one.severity, "reason": one.reason,
        "title": _title(one.title),
    }  # fmt: skip


def _rows(old: DecisionTable, new: DecisionTable) -> Iterator[Change]:
    before, after = ({row.id: row for row in table.rows} for table in (old, new))
    about = {"table": new.id}
    for name, row in after.items():
        values = {**about, "name": name}
        if name not in before:
            cells = " | ".join(cell.text for cell in row.cells)
            yield Change("row", name, ADDED["row"], {**values, "shown": _shown(f"{cells} → {row.score} {row.outcome}")})
            continue
        if [one.text for one in old.inputs] == [one.text for one in new.inputs]:
            for column, was, now in zip(new.inputs, before[name].cells, row.cells, strict=True):
                if was.text != now.text:
                    cell = {**values, "input": column.text, "before": was.text, "after": now.text}
                    yield Change("cell", name, CHANGED["cell"], cell)
        elif [one.text for one in before[name].cells] != [one.text for one in row.cells]:
            was_all, now_all = (" | ".join(cell.text for cell in one.cells) for one in (before[name], row))
            yield Change("row", name, CHANGED["row"], {**values, "member": "when", "before": was_all, "after": now_all})
        yield from _members("row", name, _row(before[name]), _row(row), values)
    for name, row in before.items():
        if name not in after:
            cells = " | ".join(cell.text for cell in row.cells)
            yield Change("row", name, REMOVED["row"],
                         {**about, "name": name, "shown": _shown(f"{cells} → {row.score} {row.outcome}")})  # fmt: skip
    common = [[name for name in rows if name in before and name in after] for rows in (before, after)]
    if common[0] != common[1]:
        yield Change("table", new.id, _ROWS_MOVED, {"name": new.id})


# --- what rarely changes ----------------------------------------------------------------------------------------------


def _events(old: Pack, new: Pack) -> Iterator[Change]:
    for name in _order(old.events, new.events):
        if name not in old.events:
            yield Change("event", name, ADDED["event"], {"name": name})
        elif name not in new.events:
            yield Change("event", name, REMOVED["event"], {"name": name})
        elif old.events[name] != new.events[name] or old.events[name].fields != new.events[name].fields:
            yield Change("event", name, _EVENT_CHANGED, {"name": name})


def _tests(old: Pack, new: Pack) -> Iterator[Change]:
    def cases(pack: Pack) -> dict[str, Any]:
        return {
            _title(one.name): (one.given, one.event, one.event.body, [r.body for r in one.given], one.outcome,
                               one.score, one.rules, dict(one.features))
            for one in pack.tests
        }  # fmt: skip

    before, after = cases(old), cases(new)
    for name in _order(before, after):
        if name not in before:
            yield Change("test", name, ADDED["test"], {"name": name})
        elif name not in after:
            yield Change("test", name, REMOVED["test"], {"name": name})
        elif before[name] != after[name]:
            yield Change("test", name, _TEST_CHANGED, {"name": name})


def _rest(old: Pack, new: Pack) -> Iterator[Change]:
    """Files that no sentence above speaks of: that their data differ."""
    for name in sorted({*old.sources, *new.sources} - _TOLD):
        before, after = (yaml.load(pack.sources.get(name, ""), name).data for pack in (old, new))
        if before != after:
            yield Change("file", name, _FILE_CHANGED, {"name": name})


def _order(old: Sequence[str] | Mapping[str, Any], new: Sequence[str] | Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys([*new, *old]))
