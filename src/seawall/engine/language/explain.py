"""What an expression looked at: each leaf with its value, or marked as never looked at."""

from __future__ import annotations

from collections.abc import Mapping

from .evaluate import value_of
from .tree import Expression


def explain(expression: Expression, row: Mapping[str, object]) -> list[dict[str, object]]:
    """The leaves of an expression over `row` (slot name -> value; absent or None = missing), in text order, each once.

    {"leaf": name, "value": value or None for missing}, or {"leaf": name, "evaluated": False} when a short cut
    or a branch not taken left it unread.
    """
    seen: dict[str, object] = {}

    def read(name: str) -> object:
        seen[name] = row.get(name)
        return seen[name]

    value_of(expression.tree, read)
    return [
        {"leaf": leaf, "value": seen[leaf]} if leaf in seen else {"leaf": leaf, "evaluated": False}
        for leaf in expression.leaves
    ]
