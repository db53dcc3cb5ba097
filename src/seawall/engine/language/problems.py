"""How the language reports what is wrong with a text."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from seawall.engine.errors import PackError, Problem


class ExpressionError(PackError):
    """A text that is not a valid expression; `problems` holds every finding with line and column."""


def problem_at(text: str, offset: int, message: str, suggestion: str = "", severity: str = "error") -> Problem:
    """A Problem at a character offset of `text` (line and column count from 1)."""
    before = text[:offset]
    line_start = before.rfind("\n") + 1
    return Problem(message, suggestion, line=before.count("\n") + 1, column=offset - line_start + 1, severity=severity)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A suggestion naming the closest known word, or the few known ones, or nothing."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= 8 else ""
