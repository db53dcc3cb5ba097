"""rules.yaml: rules and decision tables; a table's cells as expressions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from seawall.engine.event import EventType
from seawall.engine.lists import ListDefinition
from seawall.engine.pack.model import OUTCOMES, SEVERITIES, Action, DecisionTable, Place, Rule, TableRow, Text
from seawall.engine.pack.reader import Node

MAX_SCORE = 1_000
MAX_RULES = 5_000
_MAX_ROWS = 5_000
_MAX_INPUTS = 32
_MAX_ACTIONS = 16
HITS = ("first", "all", "collect")
COLLECTS = ("sum", "max", "min", "count")
_MAX_PARAMETER = 256

_VERDICT = ("score", "outcome", "severity", "reason")
_RULE = ("id", "title", "when", "on", *_VERDICT, "tags", "actions", "legal")
_TABLE = ("id", "title", "on", "hit", "collect", "inputs", "rows", "legal")
_ROW = ("id", "when", "title", *_VERDICT)


@dataclass(frozen=True, slots=True)
class ActionKind:
    """What an action needs: parameters (required, optional), and whether it holds for a time and so needs a ttl."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    lasting: bool = False


ACTIONS: Mapping[str, ActionKind] = {
    "block": ActionKind(optional=("key",), lasting=True),
    "hold": ActionKind(optional=("key",), lasting=True),
    "challenge": ActionKind(optional=("method",)),
    "limit": ActionKind(required=("key", "amount"), lasting=True),
    "freeze": ActionKind(required=("key",), lasting=True),
    "notify": ActionKind(optional=("to",)),
    "add_to_list": ActionKind(required=("list",), lasting=True),
    "open_case": ActionKind(optional=("queue",)),
    "ban_ip": ActionKind(optional=("key",), lasting=True),
    "revoke_key": ActionKind(optional=("key",)),
    "rollback_policy": ActionKind(),
    "webhook": ActionKind(required=("to",)),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What rules may refer to, and the types they run on unless they say otherwise."""

    events: Mapping[str, EventType]
    lists: Mapping[str, ListDefinition]
    on: tuple[str, ...]
    challenges: tuple[str, ...] = ()  # names of challenges.yaml; a pack without it may name methods of its own

    @property
    def keys(self) -> set[str]:
        columns = [column for kind in self.events.values() for column in kind.columns().values()]
        return {column.name for column in columns if column.type == "key"}


def read_rules(
    root: Node, known: Known, places: dict[tuple[str, ...], Place]
) -> tuple[tuple[Rule, ...], tuple[DecisionTable, ...]]:
    """Rules and tables in file order, with every problem noted; ids are unique over both."""
    if root.value is None or not root.members(("rules", "tables"), (), "rules.yaml"):
        return (), ()
    ids: set[str] = set()
    rules, tables = [], []
    nodes = root["rules"].items()
    if len(nodes) > MAX_RULES:
        root["rules"].problem(f"{len(nodes):,} rules; a pack may have {MAX_RULES:,}", "split the pack")
    for node in nodes:
        if node.members(_RULE, ("id", "title", "when"), "rule") and (name := _new_id(node, ids)):
            places["rule", name] = node.place
            rules.append(_rule(node, name, known))
    for node in root["tables"].items():
        required = ("id", "title", "hit", "inputs", "rows")
        if node.members(_TABLE, required, "decision table") and (name := _new_id(node, ids)):
            places["table", name] = node.place
            tables.append(_table(node, name, known, places))
    return tuple(rules), tuple(tables)


def _new_id(node: Node, ids: set[str]) -> str:
    name = node.name("id")
    if name in ids:
        node["id"].problem(f"id {name!r} stands twice", "rename one")
        return ""
    ids.add(name)
    return name


def _rule(node: Node, name: str, known: Known) -> Rule:
    return Rule(
        id=name,
        title=node.title(),
        when=node.expression("when"),
        on=_on(node, known),
        score=node.integer("score", -MAX_SCORE, MAX_SCORE),
        outcome=node.choice("outcome", OUTCOMES),
        severity=node.choice("severity", SEVERITIES, "medium"),
        reason=node.reason("reason"),
        tags=node.words("tags"),
        actions=_actions(node, known),
        legal=node.boolean("legal"),
    )


def _on(node: Node, known: Known) -> tuple[str, ...]:
    return node.known_words("on", known.on, "event type of the policy") if node.has("on") else known.on


def _actions(node: Node, known: Known) -> tuple[Action, ...]:
    items = node["actions"].items()
    if len(items) > _MAX_ACTIONS:
        node["actions"].problem(f"{len(items)} actions; a rule may have {_MAX_ACTIONS}", "drop some")
    return tuple(action for item in items if (action := _action(item, known)) is not None)


def _action(node: Node, known: Known) -> Action | None:
    if not isinstance(node.value, dict):
        node.problem("an action must be a mapping", "{type: notify, ttl: 1h}")
        return None
    name = node.choice("type", ACTIONS)
    if not name:
        if not node.has("type"):
            node.problem("an action lacks its type", f"one of: {', '.join(ACTIONS)}")
        return None
    kind = ACTIONS[name]
    lasting = ("ttl",) if kind.lasting else ()
    node.members(("type", "ttl", *kind.required, *kind.optional), (*kind.required, *lasting), f"action {name}")
    parameters = {key: _parameter(node, key, known) for key in (*kind.required, *kind.optional) if node.has(key)}
    return Action(name, node.duration("ttl"), parameters)


def _parameter(node: Node, key: str, known: Known) -> str | int:
    if key == "list":
        return node.known("list", known.lists, "list")
    if key == "key":
        return node.known("key", known.keys, "entity key")
    if key == "amount":
        return node.integer("amount", 0, 10**15)
    if key == "method" and known.challenges:
        return node.known("method", known.challenges, "challenge method")
    value = node.text(key)
    if len(value) > _MAX_PARAMETER:
        node[key].problem(f"{key} is longer than {_MAX_PARAMETER} characters", "shorten it")
    return value


# --- decision tables --------------------------------------------------------------------------------------------------


def _table(node: Node, name: str, known: Known, places: dict[tuple[str, ...], Place]) -> DecisionTable:
    inputs = tuple(item.as_expression("input") for item in node["inputs"].items())
    if node.has("inputs") and not 1 <= len(inputs) <= _MAX_INPUTS:
        node["inputs"].problem(f"a table has 1 to {_MAX_INPUTS} inputs, not {len(inputs)}")
    hit = node.choice("hit", HITS)
    if hit == "collect" and not node.has("collect"):
        node["hit"].problem("hit: collect needs collect", f"collect: one of {', '.join(COLLECTS)}")
    if hit in ("first", "all") and node.has("collect"):
        node["collect"].problem(f"collect belongs to hit: collect, not hit: {hit}", "remove it")
    items = node["rows"].items()
    if node.has("rows") and not 1 <= len(items) <= _MAX_ROWS:
        node["rows"].problem(f"a table has 1 to {_MAX_ROWS:,} rows, not {len(items):,}")
    ids: set[str] = set()
    rows = []
    for item in items:
        if item.members(_ROW, ("id", "when"), "row") and (row := _new_id(item, ids)):
            places["row", name, row] = item.place
            rows.append(_row(item, row, inputs))
    return DecisionTable(
        id=name,
        title=node.title(),
        on=_on(node, known),
        hit=hit,
        inputs=inputs,
        rows=tuple(rows),
        collect=node.choice("collect", COLLECTS),
        legal=node.boolean("legal"),
    )


def _row(node: Node, name: str, inputs: tuple[Text, ...]) -> TableRow:
    cells = tuple(item.as_expression("cell") for item in node["when"].items())
    if len(cells) != len(inputs):
        node["when"].problem(f"{len(cells)} cells for {len(inputs)} inputs", 'a cell an input; "-" is any')
    for item in node["when"].items():
        if isinstance(item.value, str) and _is_bare_operator(item.value):
            item.problem(f"cell {item.value!r} has nothing to compare with", 'like "< 5" or "-"')
    return TableRow(
        id=name,
        cells=cells,
        title=node.title(),
        score=node.integer("score", -MAX_SCORE, MAX_SCORE),
        outcome=node.choice("outcome", OUTCOMES),
        severity=node.choice("severity", SEVERITIES, "medium"),
        reason=node.reason("reason"),
    )


_OPERATOR = re.compile(r"(<=|>=|==|!=|<|>|in\b)\s*(.*)", re.DOTALL)
_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*", re.ASCII)


def _is_bare_operator(cell: str) -> bool:
    match = _OPERATOR.fullmatch(cell.strip())
    return match is not None and not match[2].strip()


def cell_expression(input_text: str, cell_text: str) -> str:
    """The condition a cell puts on its input; "" for "-" (any).

    `< 5` means input < 5, `in ["a", "b"]` and `in lists.NAME` mean membership; anything else means equality.
    """
    cell = cell_text.strip()
    if cell == "-":
        return ""
    subject = input_text.strip() if _SIMPLE.fullmatch(input_text.strip()) else f"({input_text.strip()})"
    match = _OPERATOR.fullmatch(cell)
    operator, operand = (match[1], match[2]) if match else ("==", cell)
    return f"{subject} {operator} {_operand(operand.strip())}"


def _operand(text: str) -> str:
    """The operand, in parentheses where an operator in it could bind to what stands before."""
    return f"({text})" if re.search(r"[&|?<>=]|\bin\b", _without_strings(text)) else text


def _without_strings(text: str) -> str:
    return re.sub(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", "", text)
