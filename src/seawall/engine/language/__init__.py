"""The expression language: a small, typed, total subset of CEL (contract: docs/reference/expressions.md).

text -> lexer -> parser (syntax) -> check (tree) -> evaluate | python_backend | numba_backend | explain | analyse
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .analyse import analyse
from .check import check
from .evaluate import evaluate
from .explain import explain
from .functions import FUNCTIONS, SPECIAL, Function
from .parser import parse
from .problems import ExpressionError
from .python_backend import compile_row, compile_rules
from .render import render
from .tree import Expression
from .types import Name, Scope, Type

if TYPE_CHECKING:
    from .column_program import ColumnProgram


def compile_columns(
    expressions: Sequence[Expression], slots: Mapping[str, int], cache_dir: Path | None = None
) -> ColumnProgram:
    """The column program of all expressions (see numba_backend); numba is imported only when this is called."""
    from .numba_backend import compile_columns as compile_now

    return compile_now(expressions, slots, cache_dir)


__all__ = [
    "FUNCTIONS",
    "SPECIAL",
    "Expression",
    "ExpressionError",
    "Function",
    "Name",
    "Scope",
    "Type",
    "analyse",
    "check",
    "compile_columns",
    "compile_row",
    "compile_rules",
    "evaluate",
    "explain",
    "parse",
    "render",
]
