"""The words of outcomes on a terminal and in reports, by language."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("en", "zh")
OUTCOME_WORDS: Mapping[str, tuple[str, str]] = {
    "approve": ("approve", "通过"),
    "challenge": ("challenge", "挑战验证"),
    "review": ("review", "人工审核"),
    "decline": ("decline", "拒绝"),
}


def outcome_word(outcome: str, language: str) -> str:
    """An outcome in one of LANGUAGES."""
    return OUTCOME_WORDS[outcome][LANGUAGES.index(language)]
