"""What a chart is, and the look all charts share. Colours are names ("@accent") until the theme is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from seawall.console import formatting
from seawall.console.palette import MEANING, SERIES
from seawall.console.words import Text

HEIGHT = 200
MOST_SERIES = 8
MOST_POINTS = 20_000
LISTED_ROWS = 60  # of the table behind a chart
FONT = 'system-ui, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
TIME_AXIS: dict[str, Any] = {
    "title": None,
    "grid": False,
    "tickCount": 6,
    "labelExpr": "utchours(datum.value) + utcminutes(datum.value) == 0"
    " ? utcFormat(datum.value, '%m-%d') : utcFormat(datum.value, '%H:%M')",
}


class ChartError(ValueError):
    """A chart that people could not read: too many series or points."""


@dataclass(frozen=True)
class Chart:
    """A chart for `{% chart c %}`. `title` is the finding or the question; `heads`, `listed`, `urls` are its table."""

    title: Text
    spec: Mapping[str, Any]
    vega: bool = False
    height: int = HEIGHT
    note: Text = ""
    heads: Sequence[Text] = ()
    listed: Sequence[Sequence[Any]] = field(default_factory=tuple)
    urls: Sequence[str | None] = ()  # of the listed rows: where a click on the mark leads

    @property
    def table(self) -> list[tuple[Sequence[Any], str]]:
        """The listed rows, each with its address."""
        urls = [*self.urls, *[None] * len(self.listed)]
        return [(row, url or "") for row, url in zip(self.listed, urls, strict=False)]


def of_altair(title: Text, chart: Any, height: int = HEIGHT) -> Chart:
    """An altair chart (anything with to_dict) in the console's frame and look."""
    return Chart(title, {key: one for key, one in chart.to_dict().items() if key != "config"}, height=height)


def wall(value: datetime | int | float) -> int:
    """Milliseconds of the platform's wall clock, read as UTC: what a chart's time axis takes."""
    local = timezone.localtime(formatting.instant(value))
    offset = local.utcoffset()
    return round((local.timestamp() + (offset.total_seconds() if offset else 0)) * 1000)


def clock(value: datetime | int | float) -> str:
    """The same moment written out, for tooltips and tables."""
    return f"{timezone.localtime(formatting.instant(value)):%Y-%m-%d %H:%M}"


def number_axis(unit: Text) -> dict[str, Any]:
    """A numeric axis titled with its unit; big numbers as the language writes them (万, k)."""
    label = "format(datum.value, ',~g')"
    for size, name in reversed(formatting.steps()):
        label = f"abs(datum.value) >= {size:.0f} ? format(datum.value / {size:.0f}, '~g') + '{name}' : ({label})"
    return {"title": str(unit) or None, "labelExpr": label, "tickCount": 4}


def colour(series: Sequence[str], titles: Mapping[str, Text]) -> dict[str, Any]:
    """One colour a series: outcomes and severities have their own everywhere, others take the next free one."""
    if len(series) > MOST_SERIES:
        raise ChartError(f"{len(series)} series; show at most {MOST_SERIES} and sum the rest as one")
    free = iter(SERIES)
    scale = {
        "domain": [str(titles.get(one, one)) for one in series],
        "range": [MEANING.get(one) or next(free) for one in series],
    }
    legend = {"title": None} if len(series) > 1 else None
    return {"field": "series", "type": "nominal", "scale": scale, "legend": legend}


def config() -> dict[str, Any]:
    """The look of every chart."""
    return {
        "background": None,
        "aria": False,  # the figure has a name and its data as a table; hundreds of marks have none
        "font": FONT,
        "padding": 4,
        "view": {"stroke": None},
        "axis": {
            "domain": False,
            "ticks": False,
            "gridColor": "@line",
            "labelColor": "@text-3",
            "labelFontSize": 11,
            "labelPadding": 6,
            "titleColor": "@text-3",
            "titleFontSize": 11,
            "titleFontWeight": "normal",
        },
        "axisX": {"grid": False},
        "legend": {
            "orient": "top",
            "offset": 4,
            "symbolType": "square",
            "labelColor": "@text-2",
            "labelFontSize": 11,
            "titleColor": "@text-3",
            "titleFontSize": 11,
            "titleFontWeight": "normal",
        },
        "text": {"color": "@text-2", "fontSize": 11},
        "range": {"category": list(SERIES)},
    }


def full_spec(chart: Chart, width: int | None = None) -> dict[str, Any]:
    """The specification with size and look; without a width it fills its container (console.js sizes Vega ones)."""
    if chart.vega:
        return {"width": width or 720, "height": chart.height, "config": config(), **chart.spec}
    return {
        "width": width or "container",
        "height": chart.height,
        "autosize": {"type": "fit", "contains": "padding"},
        "config": config(),
        **chart.spec,
    }
