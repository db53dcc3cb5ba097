"""From text to a checked expression: parse, resolve names, type, fold; every problem with its place."""

from __future__ import annotations

from ..parser import parse
from ..problems import ExpressionError, problem_at
from ..tree import Expression, slot_names
from ..types import NUMBERS, Scope, Type
from . import fold
from .checker import Checker

_WANTED = {Type.BOOL: "a condition", Type.DOUBLE: "a number"}


def check(text: str, scope: Scope, expect: Type | None = None) -> Expression:
    """The typed, constant-folded expression of `text`.

    `expect` is the type it must have (double accepts int and money, converted).
    Raises ExpressionError with all problems found, each with line, column and, where there is one, a suggestion.
    """
    syntax_tree = parse(text)
    checker = Checker(text, scope)
    tree = checker.visit(syntax_tree)
    if tree is None or checker.problems:
        raise ExpressionError(checker.problems)
    if expect is not None and tree.type is not expect:
        if expect is not Type.DOUBLE or tree.type not in NUMBERS:
            wanted = _WANTED.get(expect, expect.noun)
            message = f"{wanted} is wanted here, this is {tree.type.noun}"
            raise ExpressionError([problem_at(text, 0, message, "compare it" if expect is Type.BOOL else "")])
        tree = fold.convert(tree, expect)
    return Expression(text, tree, slot_names(tree))
