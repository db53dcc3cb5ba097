"""Colours by name, light and dark, as tokens.css has them: charts and reports cannot read a stylesheet."""

from __future__ import annotations

from typing import Any

# name -> (light, dark)
COLOURS: dict[str, tuple[str, str]] = {
    "surface": ("#ffffff", "#161b21"),
    "line": ("#dfe3e8", "#2a323b"),
    "text": ("#1b2128", "#e4e8ec"),
    "text-2": ("#4d5865", "#a9b3be"),
    "text-3": ("#5f6a77", "#8f9aa6"),
    "accent": ("#0b6477", "#58c1d6"),
    "neutral": ("#475a70", "#a3b4c7"),
    "info": ("#5b45b8", "#b3a4f5"),
    "good": ("#17683f", "#5fcb93"),
    "notice": ("#7d5300", "#e5b454"),
    "serious": ("#a03f06", "#f29a5c"),
    "bad": ("#b3261e", "#f58a82"),
    # fills of large areas: calmer than text of the same tone
    "fill-neutral": ("#8fa1b5", "#62758a"),
    "fill-info": ("#8b78d8", "#8474cf"),
    "fill-good": ("#4fa67a", "#3f9468"),
    "fill-notice": ("#d9a441", "#c08f32"),
    "fill-serious": ("#dd7a3b", "#cc6d30"),
    "fill-bad": ("#d65a52", "#cf554d"),
    # up to eight series that mean nothing in particular
    "c1": ("#1f7f95", "#45aec4"),
    "c2": ("#d9a441", "#d8ab52"),
    "c3": ("#6f5cc4", "#9687e6"),
    "c4": ("#4fa67a", "#5bb98a"),
    "c5": ("#c9577a", "#e07a99"),
    "c6": ("#7b8794", "#93a0ad"),
    "c7": ("#9a6b3f", "#c4946a"),
    "c8": ("#3d6fb6", "#6d9be0"),
    # heat maps, from little to much
    "heat-0": ("#eef3f5", "#1c2229"),
    "heat-1": ("#0b6477", "#58c1d6"),
}
THEMES = ("light", "dark")
SERIES = tuple(f"@c{number}" for number in range(1, 9))
MEANING = {
    "approve": "@fill-good",
    "challenge": "@fill-info",
    "review": "@fill-notice",
    "decline": "@fill-bad",
    "low": "@fill-neutral",
    "medium": "@fill-notice",
    "high": "@fill-serious",
    "critical": "@fill-bad",
}


def colours(theme: str) -> dict[str, str]:
    """name -> colour of one theme."""
    return {name: pair[THEMES.index(theme)] for name, pair in COLOURS.items()}


def painted(spec: Any, theme: str) -> Any:
    """A copy of a chart specification with each "@name" replaced by the theme's colour."""
    return _paint(spec, colours(theme))


def _paint(part: Any, named: dict[str, str]) -> Any:
    if isinstance(part, dict):
        return {key: _paint(one, named) for key, one in part.items()}
    if isinstance(part, list):
        return [_paint(one, named) for one in part]
    if isinstance(part, str) and part.startswith("@"):
        return named.get(part[1:], part)
    return part
