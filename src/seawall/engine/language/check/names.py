"""Names exist, may be read, and lists are asked about their own key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import syntax
from ..problems import did_you_mean
from ..tree import Node, Slot
from ..types import TEXTS, Name, Type

if TYPE_CHECKING:
    from .checker import Checker

_LOOKUP = "a list is asked like this: merchant in lists.watch_merchants"
_SCORE = "a model's score is read like this: models.card_fraud"
_SETTING = {
    "limits": "a limit is read like this: limits.transfer_day",
    "switches": "a switch is read like this: switches.safe_mode",
}
_IS = {"models": "a score is a number", "limits": "a limit is a number", "switches": "a switch is true or false"}
_HINTS = {"lists": _LOOKUP, "models": _SCORE} | _SETTING


def identifier(checker: Checker, node: syntax.Identifier) -> Slot | None:
    """A plain name, known and not refused."""
    name = checker.scope.names.get(node.name)
    if name is None:
        known = (known.name for known in checker.scope.names.values() if not known.refusal)
        suggestion = _HINTS.get(node.name) or did_you_mean(node.name, known)
        checker.report(node, f"unknown name '{node.name}'", suggestion)
        return None
    return _slot(checker, node, name)


def selection(checker: Checker, node: syntax.Select) -> Slot | None:
    """A dot is only for functions, for lists, for limits and switches and for the scores of models."""
    owner = node.operand.name if isinstance(node.operand, syntax.Identifier) else ""
    if owner == "models":
        model = checker.scope.models.get(node.field)
        if model is not None:
            return _slot(checker, node, model)
        checker.report(node, f"unknown model '{node.field}'", did_you_mean(node.field, checker.scope.models))
    elif owner in _SETTING:
        named = checker.scope.settings.items()
        settings = {name.partition(".")[2]: one for name, one in named if name.startswith(f"{owner}.")}
        if node.field in settings:
            return _slot(checker, node, settings[node.field])
        word = "limit" if owner == "limits" else "switch"
        checker.report(node, f"unknown {word} '{node.field}'", did_you_mean(node.field, settings))
    elif owner == "lists":
        checker.report(node, "a list is not a value by itself", _LOOKUP)
    else:
        checker.report(node, f"'.{node.field}' is not part of the language", f"for a function write .{node.field}(…)")
    return None


def _slot(checker: Checker, node: syntax.Node, name: Name) -> Slot | None:
    if name.refusal:
        checker.report(node, f"'{name.name}' may not be used: {name.refusal}")
        return None
    return Slot(name.type, name.name, name.nullable)


def list_lookup(checker: Checker, node: syntax.Binary) -> Node | None:
    """FIELD in lists.NAME becomes one bool slot that the engine fills; missing when the field is missing."""
    field, right = node.left, node.right
    assert isinstance(right, syntax.Select)
    owner = right.operand.name if isinstance(right.operand, syntax.Identifier) else ""
    if owner != "lists":
        if selection(checker, right) is not None:
            checker.report(right, f"{_IS.get(owner, 'this is')}, not a list", _LOOKUP)
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
