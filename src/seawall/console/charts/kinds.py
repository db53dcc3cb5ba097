"""The few kinds of charts: over time, bars, heat map, distribution, target. Each also says its data as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from seawall.console.charts.chart import (
    HEIGHT,
    LISTED_ROWS,
    MOST_POINTS,
    TIME_AXIS,
    Chart,
    ChartError,
    clock,
    colour,
    number_axis,
    wall,
)
from seawall.console.words import Text

_AREA = {"type": "area", "line": False, "opacity": 0.9, "interpolate": "monotone"}
_LINE = {"type": "line", "strokeWidth": 1.75, "interpolate": "monotone"}


def over_time(
    title: Text,
    points: Sequence[tuple[datetime | int | float, str, float]],
    unit: Text,
    *,
    area: bool = False,
    titles: Mapping[str, Text] | None = None,
    threshold: float | None = None,
    links: Mapping[str, str] | None = None,
    each: Callable[[Any, str], str] | None = None,
    step: int = 0,
    height: int = HEIGHT,
) -> Chart:
    """Lines, or stacked areas, over time. `points` are (time, series, value); `titles` and `links` are by series.

    `each(time, series)` is the address of one point; areas need `step`, the milliseconds that a point stands for.
    """
    if len(points) > MOST_POINTS:
        raise ChartError(f"{len(points)} points; group them to at most {MOST_POINTS}")
    titles, links = titles or {}, links or {}
    series = list(dict.fromkeys(name for _at, name, _value in points))
    rows = [
        {
            "t": wall(at),
            "moment": clock(at),
            "series": str(titles.get(name, name)),
            "rank": series.index(name),
            "value": value,
            "url": each(at, name) if each else links.get(name),
            "all": links.get(name),
        }
        for at, name, value in points
    ]
    across: dict[str, Any] = {"type": "utc"}
    if area and each and step and rows:
        _stack(rows, step)
        instants = [wall(at) for at, _name, _value in points]
        across |= {"domainMin": min(instants), "domainMax": max(instants), "nice": False}
    encoding: dict[str, Any] = {
        "x": {"field": "t", "type": "temporal", "scale": across, "axis": TIME_AXIS},
        "y": {
            "field": "value",
            "type": "quantitative",
            "axis": number_axis(""),
            "stack": "zero" if area else None,
        },
        "color": colour(series, titles),
        "order": {"field": "rank", "type": "quantitative"} if area else {"field": "t", "type": "temporal"},
        "tooltip": [
            {"field": "moment", "title": _("Time")},
            {"field": "series", "title": _("Series")},
            {"field": "value", "title": str(unit), "format": ",~r"},
        ],
    }
    if links:
        encoding["href"] = {"field": "all"}  # a line or an area is one mark: one address
    address = {"href": {"field": "url"}} if links or each else {}
    layers: list[dict[str, Any]] = [
        {"data": {"values": rows}, "mark": _AREA if area else _LINE, "encoding": encoding},
    ]
    if not area:  # a line is a pixel wide; the points make its values easy to hit
        layers.append(
            {
                "data": {"values": rows},
                "mark": {"type": "point", "opacity": 0, "size": 160},
                "encoding": {key: one for key, one in encoding.items() if key != "order"} | address,
            }
        )
    elif each and step and rows:  # what lies over an area has a mark a point
        layers.append(
            {
                "data": {"values": rows},
                "mark": {"type": "rect", "opacity": 0, "clip": True},
                "encoding": {
                    "x": encoding["x"] | {"field": "t1"},
                    "x2": {"field": "t2"},
                    "y": {"field": "low", "type": "quantitative"},
                    "y2": {"field": "high"},
                    "tooltip": encoding["tooltip"],
                    **address,
                },
            }
        )
    if threshold is not None:
        layers.append(_rule("y", threshold))
    last = rows[-LISTED_ROWS:]
    listed = [(row["moment"], row["series"], row["value"]) for row in last]
    heads, urls = (_("Time"), _("Series"), unit), [row["url"] for row in last]
    return Chart(title, {"layer": layers}, height=height, note=unit, heads=heads, listed=listed, urls=urls)


def _stack(rows: list[dict[str, Any]], step: int) -> None:
    """Where each point lies in the stack, the first series at the bottom as it is drawn, and how far it goes."""
    reached: dict[int, float] = {}
    for row in sorted(rows, key=lambda one: one["rank"]):
        row["low"] = reached.get(row["t"], 0)
        row["high"] = reached[row["t"]] = row["low"] + row["value"]
        row["t1"], row["t2"] = row["t"] - step // 2, row["t"] + step // 2


def _rule(channel: str, at: float, label: Text = "") -> dict[str, Any]:
    line = {"mark": {"type": "rule", "color": "@bad", "strokeDash": [4, 3]}}
    name = {
        "mark": {"type": "text", "color": "@bad", "align": "left", "dx": 4, "y": 8},
        "encoding": {"text": {"field": "label"}},
    }
    return {
        "data": {"values": [{"at": at, "label": str(label)}]},
        "encoding": {channel: {"field": "at", "type": "quantitative"}},
        "layer": [line, name] if channel == "x" and label else [line],
    }


def bars(
    title: Text,
    rows: Sequence[tuple[Text, float] | tuple[Text, float, str]],
    unit: Text,
    *,
    horizontal: bool = True,
    colour: str = "@c1",
    height: int | None = None,
) -> Chart:
    """Bars in the order given; a third element of a row is the address that a click opens."""
    values = [
        {"name": str(row[0]), "value": row[1], "url": row[2] if len(row) > 2 else None, "rank": rank}
        for rank, row in enumerate(rows)
    ]
    names = {
        "field": "name",
        "type": "nominal",
        "sort": {"field": "rank"},
        "axis": {"title": None, "labelLimit": 180, **({} if horizontal else {"labelAngle": 0})},
    }
    size = {"field": "value", "type": "quantitative", "axis": number_axis(unit)}
    encoding: dict[str, Any] = {
        "y" if horizontal else "x": names,
        "x" if horizontal else "y": size,
        "tooltip": [{"field": "name", "title": _("Item")}, {"field": "value", "title": str(unit), "format": ",~r"}],
    }
    if any(one["url"] for one in values):
        encoding["href"] = {"field": "url"}
    mark = {"type": "bar", "color": colour, "cornerRadiusEnd": 2}
    spec = {"data": {"values": values}, "mark": mark, "encoding": encoding}
    tall = height or (26 * max(2, len(values)) + 44 if horizontal else HEIGHT)
    listed = [(one["name"], one["value"]) for one in values[:LISTED_ROWS]]
    urls = [one["url"] for one in values[:LISTED_ROWS]]
    return Chart(title, spec, height=tall, heads=(_("Item"), unit), listed=listed, urls=urls)


def heat_map(
    title: Text, columns: Sequence[Text], rows: Sequence[Text], cells: Sequence[Sequence[float | None]], unit: Text,
    link: Callable[[int, int], str] | None = None,
) -> Chart:  # fmt: skip
    """`cells[r][c]` under row and column titles; None leaves a cell empty. `link(r, c)` is where a cell leads."""
    across, down = [str(one) for one in columns], [str(one) for one in rows]
    values = [
        {"column": across[c], "row": down[r], "value": value, "url": link(r, c) if link else None}
        for r, line in enumerate(cells)
        for c, value in enumerate(line)
        if value is not None
    ]
    flat = {"title": None, "labelAngle": 0, "labelOverlap": True}
    spec: dict[str, Any] = {
        "data": {"values": values},
        "mark": {"type": "rect", "stroke": "@surface", "strokeWidth": 1},
        "encoding": {
            "x": {"field": "column", "type": "ordinal", "scale": {"domain": across}, "axis": flat},
            "y": {"field": "row", "type": "ordinal", "scale": {"domain": down}, "axis": flat},
            "color": {
                "field": "value",
                "type": "quantitative",
                "scale": {"range": ["@heat-0", "@heat-1"]},
                "legend": {"title": None, "gradientLength": 120, "gradientThickness": 8, "tickCount": 3},
            },
            "tooltip": [
                {"field": "row", "title": _("Row")},
                {"field": "column", "title": _("Column")},
                {"field": "value", "title": str(unit), "format": ",~r"},
            ],
        },
    }
    if link:
        spec["encoding"]["href"] = {"field": "url"}
    shown = values if link else values[:LISTED_ROWS]  # the table is the keyboard's way to the rows
    listed, urls = [(one["row"], one["column"], one["value"]) for one in shown], [one["url"] for one in shown]
    heads = (_("Row"), _("Column"), unit)
    return Chart(title, spec, height=22 * len(down) + 70, note=unit, heads=heads, listed=listed, urls=urls)


def distribution(
    title: Text,
    bins: Sequence[tuple[float, float, float]],
    unit: Text,
    count: Text,
    thresholds: Sequence[tuple[float, Text]] = (),
) -> Chart:
    """A histogram of (from, to, how many) with lines where the thresholds are."""
    values = [{"from": low, "to": high, "value": n} for low, high, n in bins]
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": values},
            "mark": {"type": "bar", "color": "@c1", "stroke": "@surface", "strokeWidth": 0.5},
            "encoding": {
                "x": {"field": "from", "type": "quantitative", "bin": {"binned": True}, "axis": number_axis(unit)},
                "x2": {"field": "to"},
                "y": {"field": "value", "type": "quantitative", "axis": number_axis("")},
                "tooltip": [
                    {"field": "from", "title": _("From")},
                    {"field": "to", "title": _("To")},
                    {"field": "value", "title": str(count), "format": ",~r"},
                ],
            },
        },
        *(_rule("x", at, label) for at, label in thresholds),
    ]
    listed = [(one["from"], one["to"], one["value"]) for one in values[:LISTED_ROWS]]
    return Chart(title, {"layer": layers}, note=count, heads=(_("From"), _("To"), count), listed=listed)


def target(title: Text, value: float, goal: float, most: float, unit: Text) -> Chart:
    """A value against its target: for figures that have one. Below the target it takes the colour of notice."""

    def layer(mark: dict[str, Any], at: float, **axis: Any) -> dict[str, Any]:
        place = {"field": "value", "type": "quantitative", **axis}
        return {"data": {"values": [{"value": at}]}, "mark": mark, "encoding": {"x": place}}

    spec = {
        "layer": [
            layer({"type": "bar", "color": "@line", "height": 22}, most, axis=number_axis(unit)),
            layer({"type": "bar", "color": "@c1" if value >= goal else "@fill-notice", "height": 12}, value),
            layer({"type": "tick", "color": "@text", "thickness": 2, "height": 24}, goal),
        ]
    }
    return Chart(title, spec, height=64, heads=(_("Value"), _("Target")), listed=[(value, goal)])
