"""The waterfall of a decision: from zero through each reason's points to the score. SVG, so that no style is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from seawall.console.words import Text


@dataclass(frozen=True)
class Step:
    """One reason: its points, a plain sentence, and the values behind it as (name, value written for people)."""

    title: Text
    points: float
    detail: Text = ""
    leaves: Sequence[tuple[Text, Text]] = field(default_factory=tuple)
    url: str = ""
    tone: str = "serious"


@dataclass(frozen=True)
class _Bar:
    step: Step
    start: str  # percent of the width
    width: str
    join: str
    sign: str


def bars(steps: Sequence[Step], cap: float) -> list[_Bar]:
    """Each step's place between 0 and the largest running total (or the cap), in percent of the width."""
    totals, running = [0.0], 0.0
    for step in steps:
        running += step.points
        totals.append(running)
    low, high = min(0.0, *totals), max(cap, *totals)
    span = (high - low) or 1.0
    placed = []
    for step, before, after in zip(steps, totals, totals[1:], strict=False):
        start, end = sorted((100 * (before - low) / span, 100 * (after - low) / span))
        sign = f"{'+' if step.points >= 0 else '−'}{abs(step.points):g}"
        join = f"{100 * (after - low) / span:.2f}%"
        placed.append(_Bar(step, f"{start:.2f}%", f"{max(end - start, 0.4):.2f}%", join, sign))
    return placed


def markup(
    steps: Sequence[Step], score: float, cap: float = 100, thresholds: Sequence[tuple[float, Text]] = ()
) -> SafeString:
    """The whole waterfall: a row a reason, thresholds as lines, the score at the end (capped where the sum is more)."""
    total = sum(step.points for step in steps)
    marks = [(f"{100 * at / max(cap, total, 1):.2f}%", title, f"{at:g}") for at, title in thresholds]
    end = Step(_("Score"), score, _("capped at %(cap)g") % {"cap": cap} if total > score else "", tone="neutral")
    return render_to_string(
        "console/parts/waterfall.html",
        {"bars": bars(steps, cap), "end": bars([end], max(cap, total))[0], "score": f"{score:g}", "marks": marks},
    )
