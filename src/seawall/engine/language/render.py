"""The typed tree as text in one canonical form: equal texts mean equal trees."""

from __future__ import annotations

import json

from .operations import OPERATORS
from .tree import Apply, Choice, Const, Has, Logic, Node, Not, Slot


def render(node: Node) -> str:
    """Canonical text of a typed node; constants are written as the integers they became."""
    match node:
        case Const():
            return _constant(node.value)
        case Slot():
            return f"({node.name})" if " " in node.name else node.name
        case Has():
            return f"has({node.slot.name})"
        case Not():
            return f"!{_inner(node.operand)}"
        case Logic():
            return f" {node.operator} ".join(_inner(argument) for argument in node.arguments)
        case Choice():
            return " ".join((_inner(node.condition), "?", _inner(node.yes), ":", _inner(node.no)))
        case Apply():
            return _operation(node.operation.name, [_inner(argument) for argument in node.arguments], node)
    raise AssertionError(f"unknown node {node!r}")


def _operation(name: str, parts: list[str], node: Apply) -> str:
    if name not in OPERATORS:
        return f"{name}({', '.join(render(argument) for argument in node.arguments)})"
    return f"{name}{parts[0]}" if len(parts) == 1 else f"{parts[0]} {name} {parts[1]}"


def _inner(node: Node) -> str:
    text = render(node)
    plain = isinstance(node, Const | Slot | Has) or (isinstance(node, Apply) and node.operation.name not in OPERATORS)
    return text if plain else f"({text})"


def _constant(value: object) -> str:
    if value is None:
        return "missing"
    if isinstance(value, tuple):
        return "[" + ", ".join(_constant(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
