"""Charts on a page, as SVG, and as a spark line."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Sequence

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from seawall.console.charts.chart import Chart, full_spec
from seawall.console.palette import painted

_numbers = itertools.count(1)


def markup(chart: Chart) -> SafeString:
    """`{% chart c %}`: title, a place for console.js to draw in, the specification, and the data as a table."""
    context = {
        "chart": chart,
        "id": f"chart-{next(_numbers)}",
        "spec": full_spec(chart),
        "mode": "vega" if chart.vega else "vega-lite",
    }
    return render_to_string("console/parts/chart.html", context)


def svg(chart: Chart, width: int = 720, theme: str = "light") -> str:
    """The same chart as SVG text, for reports and print."""
    import vl_convert  # 80 MB of native code: only when a report is made

    spec = painted(full_spec(chart, width), theme)
    return str(vl_convert.vega_to_svg(spec) if chart.vega else vl_convert.vegalite_to_svg(spec))


def image(chart: Chart, width: int = 720, theme: str = "light") -> SafeString:
    """`{% chart_image c %}`: the SVG as an image, needs no script, prints sharp."""
    data = base64.b64encode(svg(chart, width, theme).encode()).decode()
    return format_html('<img class="chart-image" src="data:image/svg+xml;base64,{}" alt="{}">', data, chart.title)


def spark(values: Sequence[float | None], mark: float | None = None, title: str = "") -> SafeString:
    """`{% spark values %}`: a small line of recent values, the last one marked; `mark` draws a usual level."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return format_html('<span class="nothing">{}</span>', _("Too few values"))
    low, high = (
        min([*known, *([mark] if mark is not None else [])]),
        max([*known, *([mark] if mark is not None else [])]),
    )
    span = (high - low) or 1.0

    def y(value: float) -> float:
        return round(22 - 20 * (value - low) / span, 2)

    step = 96 / (len(values) - 1)
    points = [(round(2 + index * step, 2), y(value)) for index, value in enumerate(values) if value is not None]
    usual = (
        ""
        if mark is None
        else format_html('<line class="usual" x1="0" x2="100" y1="{}" y2="{}"></line>', y(mark), y(mark))
    )
    return format_html(
        '<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label="{}">{}'
        '<polyline points="{}"></polyline></svg>',
        title or _("Recent values"), usual, " ".join(f"{x},{at}" for x, at in points),
    )  # fmt: skip
