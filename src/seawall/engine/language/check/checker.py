"""The walk over the syntax tree that gives every node its type and collects every problem."""

from __future__ import annotations

from seawall.engine.errors import Problem

from .. import syntax
from ..problems import problem_at
from ..tree import Const, Node
from ..types import Scope, Type
from . import calls, names, operators

_LITERALS: dict[type, Type] = {bool: Type.BOOL, int: Type.INT, float: Type.DOUBLE, str: Type.STRING}


class Checker:
    """State of one check. `visit` returns None where it reported a problem."""

    def __init__(self, text: str, scope: Scope) -> None:
        self.text = text
        self.scope = scope
        self.problems: list[Problem] = []

    def report(self, node: syntax.Node, message: str, suggestion: str = "") -> None:
        """Remember a problem at `node`."""
        self.problems.append(problem_at(self.text, node.offset, message, suggestion))

    def visit(self, node: syntax.Node) -> Node | None:
        """The typed node of `node`, or None when it or a part of it has a problem (reported)."""
        match node:
            case syntax.Literal():
                return Const(_LITERALS[type(node.value)], node.value)
            case syntax.ListLiteral():
                return operators.list_literal(self, node)
            case syntax.Identifier():
                return names.identifier(self, node)
            case syntax.Select():
                return names.selection(self, node)
            case syntax.Index():
                return operators.index(self, node)
            case syntax.Call():
                return calls.call(self, node)
            case syntax.Unary():
                return operators.unary(self, node)
            case syntax.Binary(operator="in"):
                looked_up = isinstance(node.right, syntax.Select)
                return names.list_lookup(self, node) if looked_up else operators.membership(self, node)
            case syntax.Binary():
                return operators.binary(self, node)
            case syntax.Logic():
                return operators.logic(self, node)
            case syntax.Conditional():
                return operators.conditional(self, node)
        raise AssertionError(f"unknown node {node!r}")

    def visit_all(self, nodes: tuple[syntax.Node, ...]) -> list[Node] | None:
        """All typed nodes, or None when any has a problem; every one is looked at."""
        typed = [self.visit(node) for node in nodes]
        present = [node for node in typed if node is not None]
        return present if len(present) == len(typed) else None
