"""The thirty rules in the dialects of zen-engine and rule-engine: the same texts with their operators spelled out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from seawall.engine.money import EXPONENTS
from seawall.engine.pack.model import Pack

from . import load

Row = dict[str, Any]
Decide = Callable[[Row], list[bool]]  # whether each rule fires
_MONEY = re.compile(r'money\("(\d+)"\)')


def spelled_out(text: str, base_currency: str) -> str:
    """Our expression with `and`, `or` and plain minor units: both peers read that."""
    minor = 10 ** EXPONENTS[base_currency]
    return _MONEY.sub(lambda found: str(int(found[1]) * minor), text).replace("&&", "and").replace("||", "or")


def _texts(pack: Pack) -> list[str]:
    return [spelled_out(rule.when.text, pack.base_currency) for rule in pack.rules]


def zen_expressions(pack: Pack) -> tuple[str, Decide] | None:
    """zen-engine: thirty compiled expressions."""
    loaded = load("zen", "zen-engine")
    if loaded is None:
        return None
    zen, name = loaded
    compiled = [zen.compile_expression(text) for text in _texts(pack)]
    return f"{name} (expressions)", lambda row: [bool(one.evaluate(row)) for one in compiled]


def zen_graph(pack: Pack) -> tuple[str, Decide] | None:
    """zen-engine: one decision graph, all rules in one expression node."""
    loaded = load("zen", "zen-engine")
    if loaded is None:
        return None
    zen, name = loaded
    ids = [rule.id for rule in pack.rules]
    parts = [{"id": rule, "key": rule, "value": text} for rule, text in zip(ids, _texts(pack), strict=True)]
    nodes: Sequence[dict[str, Any]] = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {"id": "rules", "name": "rules", "type": "expressionNode", "content": {"expressions": parts}},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    edges = [
        {"id": "1", "type": "edge", "sourceId": "in", "targetId": "rules"},
        {"id": "2", "type": "edge", "sourceId": "rules", "targetId": "out"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))

    def decide(row: Row) -> list[bool]:
        result = decision.evaluate(row)["result"]
        return [bool(result[rule]) for rule in ids]

    return f"{name} (graph)", decide


def rule_engine(pack: Pack) -> tuple[str, Decide] | None:
    """rule-engine: thirty compiled rules."""
    loaded = load("rule_engine", "rule-engine")
    if loaded is None:
        return None
    module, name = loaded
    compiled = [module.Rule(text) for text in _texts(pack)]
    return name, lambda row: [one.matches(row) for one in compiled]
