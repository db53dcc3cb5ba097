"""The room's chart: how challenges end, by kind and provider."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _

from seawall.apps.challenges.queries import Rate
from seawall.apps.challenges.words import ABANDONED, ENDS, EXPIRED, FAILED, KINDS, PASSED, PROVIDERS, STATES
from seawall.console import charts, formatting
from seawall.console.words import word

_COLOURS = {PASSED: "@fill-good", FAILED: "@fill-bad", EXPIRED: "@fill-notice", ABANDONED: "@fill-neutral"}


def ends(found: Sequence[Rate], address: Callable[[Rate, str], str]) -> charts.Chart | None:
    """Shares of those that are over, as one bar for each kind and provider; None where none is over."""
    over = [one for one in found if one.ended]
    if not over:
        return None
    rows = [
        {"way": title_of(one), "place": place, "end": str(STATES[end].title), "rank": ENDS.index(end),
         "share": one.share(end), "count": one.ends[end], "url": address(one, end)}
        for place, one in enumerate(over) for end in ENDS if one.ends[end]
    ]  # fmt: skip
    spec = {
        "data": {"values": rows},
        "mark": {"type": "bar", "stroke": "@surface", "strokeWidth": 1},
        "encoding": {
            "y": {"field": "way", "type": "nominal", "sort": {"field": "place"},
                  "axis": {"title": None, "labelLimit": 260}},
            "x": {"field": "share", "type": "quantitative", "stack": "zero", "scale": {"domain": [0, 1]},
                  "axis": {"title": None, "format": ".0%", "tickCount": 5}},
            "order": {"field": "rank", "type": "quantitative"},
            "color": {"field": "end", "type": "nominal", "legend": {"title": None},
                      "scale": {"domain": [str(STATES[end].title) for end in ENDS],
                                "range": [_COLOURS[end] for end in ENDS]}},
            "tooltip": [{"field": "way", "title": _("Kind and provider")}, {"field": "end", "title": _("How it ended")},
                        {"field": "share", "title": _("Share"), "format": ".1%"},
                        {"field": "count", "title": _("challenges"), "format": ",~r"}],
            "href": {"field": "url"},
        },
    }  # fmt: skip
    worst = min(over, key=lambda one: one.share(PASSED))
    title = _("%(share)s of challenges by “%(way)s” are passed") % {
        "share": formatting.percent(worst.share(PASSED)), "way": title_of(worst),
    }  # fmt: skip
    heads = (_("Kind and provider"), _("How it ended"), _("Share"), _("challenges"))
    listed = [(one["way"], one["end"], formatting.percent(one["share"]), one["count"]) for one in rows]
    return charts.Chart(title, spec, height=34 * len(over) + 64, note=_("share of those that are over, last 30 days"),
                        heads=heads, listed=listed, urls=[str(one["url"]) for one in rows])  # fmt: skip


def title_of(one: Rate) -> str:
    """Kind and provider in words."""
    return f"{word(KINDS, one.kind).title} · {word(PROVIDERS, one.provider).title}"
