"""Names exist, may be read, and lists are asked about their own key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import syntax
from ..problems import did_you_mean
from ..tree import Node, Slot
from ..types import TEXTS, Type

if TYPE_CHECKING:
    from .checker import Checker

_LOOKUP = "a list is asked like this: merchant in lists.watch_merchants"


def identifier(checker: Checker, node: syntax.Identifier) -> Slot | None:
    """A plain name, known and not refused."""
    name = checker.scope.names.get(node.name)
    if name is None:
        known = (known.name for known in checker.scope.names.values() if not known.refusal)
        suggestion = _LOOKUP if node.name == "lists" else did_you_mean(node.name, known)
        checker.report(node, f"unknown name '{node.name}'", suggestion)
        return None
    if name.refusal:
        checker.report(node, f"'{node.name}' may not be used: {name.refusal}")
        return None
    return Slot(name.type, name.name, name.nullable)


def selection(checker: Checker, node: syntax.Select) -> None:
    """A dot is only for functions and for lists."""
    if isinstance(node.operand, syntax.Identifier) and node.operand.name == "lists":
        checker.report(node, "a list is not a value by itself", _LOOKUP)
    else:
        checker.report(node, f"'.{node.field}' is not part of the language", f"for a function write .{node.field}(…)")


def list_lookup(checker: Checker, node: syntax.Binary) -> Node | None:
    """FIELD in lists.NAME becomes one bool slot that the engine fills; missing when the field is missing."""
    field, right = node.left, node.right
    assert isinstance(right, syntax.Select)
    if not (isinstance(right.operand, syntax.Identifier) and right.operand.name == "lists"):
        selection(checker, right)
        return None
    if not isinstance(field, syntax.Identifier):
        checker.report(field, "only a field can be looked up in a list", _LOOKUP)
        return None
    slot = identifier(checker, field)
    key = checker.scope.lists.get(right.field)
    if key is None:
        checker.report(right, f"unknown list '{right.field}'", did_you_mean(right.field, checker.scope.lists))
        return None
    if slot is None:
        return None
    if slot.type not in TEXTS:
        checker.report(field, f"'{slot.name}' is {slot.type.noun}; lists hold keys and strings")
        return None
    if slot.name != key:
        suggestion = f"write {key} in lists.{right.field}"
        checker.report(field, f"the list '{right.field}' holds values of '{key}', not of '{slot.name}'", suggestion)
        return None
    return Slot(Type.BOOL, f"{slot.name} in lists.{right.field}", nullable=True)
