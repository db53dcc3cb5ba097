"""Charts of relations: a force-directed graph of links, and a Sankey of money flowing between stages. Plain Vega."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from seawall.console.charts.chart import LISTED_ROWS, Chart, ChartError
from seawall.console.charts.layout import spread
from seawall.console.palette import SERIES
from seawall.console.words import Text

MOST_NODES = 300
MOST_LINKS = 1_000


@dataclass(frozen=True)
class Node:
    """A point of a graph: `group` chooses its colour, `url` is where a click leads, `weight` its size."""

    key: str
    title: Text
    group: Text = ""
    url: str = ""
    weight: float = 1.0


@dataclass(frozen=True)
class Link:
    """A connection of two nodes by key; `value` is its width (a count, or money)."""

    source: str
    target: str
    value: float = 1.0
    title: Text = ""


def _check(nodes: Sequence[Node], links: Sequence[Link]) -> None:
    if len(nodes) > MOST_NODES or len(links) > MOST_LINKS:
        raise ChartError(f"{len(nodes)} nodes, {len(links)} links; show at most {MOST_NODES} and {MOST_LINKS}")
    known = {node.key for node in nodes}
    for link in links:
        for end in (link.source, link.target):
            if end not in known:
                raise ChartError(f"a link names {end!r}, which is not among the nodes")


def graph(title: Text, nodes: Sequence[Node], links: Sequence[Link], height: int = 360) -> Chart:
    """A force-directed graph; the layout is made here, so it is the same each time and in print."""
    _check(nodes, links)
    place = {node.key: index for index, node in enumerate(nodes)}
    spots = spread(len(nodes), [(place[link.source], place[link.target]) for link in links])
    groups = list(dict.fromkeys(str(node.group) for node in nodes))
    points = [
        {
            "x": spot[0],
            "y": spot[1],
            "name": str(node.title),
            "group": str(node.group),
            "weight": node.weight,
            "url": node.url or None,
            "tip": {_("Name"): str(node.title), _("Kind"): str(node.group)},
        }
        for node, spot in zip(nodes, spots, strict=True)
    ]
    edges = [
        {
            "x": spots[place[link.source]][0],
            "y": spots[place[link.source]][1],
            "x2": spots[place[link.target]][0],
            "y2": spots[place[link.target]][1],
            "value": link.value,
            "title": str(link.title) or None,
        }
        for link in links
    ]

    def at(field: str) -> dict[str, Any]:
        return {"scale": field[0], "field": field}

    rule = {name: at(name) for name in ("x", "y", "x2", "y2")} | {
        "stroke": {"value": "@text-3"},
        "strokeOpacity": {"value": 0.45},
        "strokeWidth": {"scale": "breadth", "field": "value"},
        "tooltip": {"field": "title"},
    }
    dot = {"x": at("x"), "y": at("y")} | {
        "fill": {"scale": "shade", "field": "group"},
        "size": {"scale": "size", "field": "weight"},
        "stroke": {"value": "@surface"},
        "strokeWidth": {"value": 1.5},
        "tooltip": {"field": "tip"},
        "href": {"field": "url"},
    }
    name = {"x": at("x"), "y": {**at("y"), "offset": 10}} | _text("name", "center", "top")
    spec = {
        "padding": 8,
        "autosize": "none",
        "data": [
            {"name": "points", "values": points},
            {"name": "edges", "values": edges},
            {"name": "groups", "values": [{"name": group, "rank": rank} for rank, group in enumerate(groups)]},
        ],
        "scales": [
            {"name": "x", "domain": [0, 1], "range": [48, {"signal": "width - 48"}]},
            {"name": "y", "domain": [0, 1], "range": [24, {"signal": "height - 40"}]},
            {"name": "shade", "type": "ordinal", "domain": groups, "range": list(SERIES)},
            {"name": "size", "type": "sqrt", "domain": {"data": "points", "field": "weight"}, "range": [90, 420]},
            {"name": "breadth", "type": "sqrt", "domain": {"data": "edges", "field": "value"}, "range": [1, 5]},
        ],
        "marks": [
            {"type": "rule", "from": {"data": "edges"}, "encode": {"update": rule}},
            {"type": "symbol", "from": {"data": "points"}, "encode": {"update": dot}},
            {"type": "text", "from": {"data": "points"}, "interactive": False, "encode": {"update": name}},
            *_legend(),
        ],
    }
    listed = [(_title(nodes, one.source), _title(nodes, one.target), one.value) for one in links[:LISTED_ROWS]]
    return Chart(title, spec, vega=True, height=height, heads=(_("From"), _("To"), _("Value")), listed=listed)


def _text(field: str, align: str, baseline: str) -> dict[str, Any]:
    return {
        "text": {"field": field},
        "fill": {"value": "@text-2"},
        "fontSize": {"value": 11},
        "align": {"value": align},
        "baseline": {"value": baseline},
    }


def _legend() -> list[dict[str, Any]]:
    """A dot and a name for each group, down the left side."""
    row = {"signal": "8 + 18 * datum.rank"}
    dot = {"x": {"value": 6}, "y": row, "size": {"value": 80}, "fill": {"scale": "shade", "field": "name"}}
    name = {"x": {"value": 16}, "y": row} | _text("name", "left", "middle")
    return [
        {"type": "symbol", "from": {"data": "groups"}, "encode": {"update": dot}},
        {"type": "text", "from": {"data": "groups"}, "encode": {"update": name}},
    ]


def _title(nodes: Sequence[Node], key: str) -> str:
    return next(str(node.title) for node in nodes if node.key == key)


@dataclass(frozen=True)
class _Box:
    node: Node
    column: int
    top: float
    bottom: float
    colour: str


def sankey(title: Text, nodes: Sequence[Node], links: Sequence[Link], unit: Text, height: int = 300) -> Chart:
    """Money (or counts) from stage to stage, left to right. The links may not go round in a circle."""
    _check(nodes, links)
    boxes = _boxes(nodes, links, columns := _columns(nodes, links))
    used_out: dict[str, float] = defaultdict(float)
    used_in: dict[str, float] = defaultdict(float)
    ribbons = []
    for link in sorted(links, key=lambda one: (boxes[one.source].top, boxes[one.target].top)):
        start, end = boxes[link.source], boxes[link.target]
        tops = start.top + used_out[link.source], end.top + used_in[link.target]
        used_out[link.source] += link.value
        used_in[link.target] += link.value
        tip = {
            _("From"): str(start.node.title),
            _("To"): str(end.node.title),
            str(unit): f"{link.value:,.0f}",
        }
        ribbons.append(
            {"c0": start.column, "c1": end.column, "y0": tops[0], "y1": tops[1], "w": link.value, "tip": tip}
            | {"colour": start.colour}
        )
    high = max(box.bottom for box in boxes.values())
    last = max(columns.values())
    values = [
        {
            "name": str(box.node.title), "c": box.column, "y0": box.top, "y1": box.bottom, "colour": box.colour,
            "url": box.node.url or None, "last": box.column == last,
        }
        for box in boxes.values()
    ]  # fmt: skip
    path = (
        "'M' + x0 + ',' + scale('y', datum.y0) + 'C' + xm + ',' + scale('y', datum.y0) + ' ' + xm + ',' +"
        " scale('y', datum.y1) + ' ' + x1 + ',' + scale('y', datum.y1) + 'L' + x1 + ',' +"
        " scale('y', datum.y1 + datum.w) + 'C' + xm + ',' + scale('y', datum.y1 + datum.w) + ' ' + xm + ',' +"
        " scale('y', datum.y0 + datum.w) + ' ' + x0 + ',' + scale('y', datum.y0 + datum.w) + 'Z'"
    )
    for name, text in {
        "xm": "((scale('x', datum.c0) + 10 + scale('x', datum.c1)) / 2)",
        "x0": "(scale('x', datum.c0) + 10)",
        "x1": "scale('x', datum.c1)",
    }.items():
        path = path.replace(name, text)
    spec = {
        "padding": 8,
        "autosize": "none",
        "data": [{"name": "boxes", "values": values}, {"name": "ribbons", "values": ribbons}],
        "scales": [
            {"name": "x", "type": "linear", "domain": [0, last or 1], "range": [0, {"signal": "width - 10"}]},
            {"name": "y", "type": "linear", "domain": [0, high], "range": [0, {"signal": "height"}]},
        ],
        "marks": [
            {
                "type": "path",
                "from": {"data": "ribbons"},
                "encode": {
                    "enter": {"fill": {"field": "colour"}, "tooltip": {"field": "tip"}},
                    "update": {"path": {"signal": path}, "fillOpacity": {"value": 0.35}},
                    "hover": {"fillOpacity": {"value": 0.6}},
                },
            },
            {
                "type": "rect",
                "from": {"data": "boxes"},
                "encode": {
                    "enter": {"fill": {"field": "colour"}, "href": {"field": "url"}},
                    "update": {
                        "x": {"scale": "x", "field": "c"},
                        "width": {"value": 10},
                        "y": {"scale": "y", "field": "y0"},
                        "y2": {"scale": "y", "field": "y1"},
                    },
                },
            },
            {
                "type": "text",
                "from": {"data": "boxes"},
                "encode": {
                    "enter": {
                        "text": {"field": "name"}, "fill": {"value": "@text-2"}, "fontSize": {"value": 11},
                        "baseline": {"value": "middle"},
                    },
                    "update": {
                        "x": {"signal": "scale('x', datum.c) + (datum.last ? -6 : 16)"},
                        "y": {"signal": "scale('y', (datum.y0 + datum.y1) / 2)"},
                        "align": {"signal": "datum.last ? 'right' : 'left'"},
                    },
                },
            },
        ],
    }  # fmt: skip
    listed = [(_title(nodes, one.source), _title(nodes, one.target), one.value) for one in links[:LISTED_ROWS]]
    return Chart(title, spec, vega=True, height=height, heads=(_("From"), _("To"), unit), listed=listed)


def _columns(nodes: Sequence[Node], links: Sequence[Link]) -> Mapping[str, int]:
    """The stage of each node: the longest way to it from a node that nothing flows into."""
    columns = {node.key: 0 for node in nodes}
    for _round in range(len(nodes)):
        moved = False
        for link in links:
            if columns[link.target] <= columns[link.source]:
                columns[link.target] = columns[link.source] + 1
                moved = True
        if not moved:
            return columns
    raise ChartError("the flow goes round in a circle; a Sankey shows stages, use a graph")


def _boxes(nodes: Sequence[Node], links: Sequence[Link], columns: Mapping[str, int]) -> dict[str, _Box]:
    """Stack the nodes of each stage, each as high as what flows through it, with gaps between."""
    into: dict[str, float] = defaultdict(float)
    out: dict[str, float] = defaultdict(float)
    for link in links:
        if link.value <= 0:
            raise ChartError(f"the flow from {link.source!r} to {link.target!r} is not above zero")
        out[link.source] += link.value
        into[link.target] += link.value
    sizes = {node.key: max(into[node.key], out[node.key]) for node in nodes}
    stages: dict[int, float] = defaultdict(float)
    for key, size in sizes.items():
        stages[columns[key]] += size
    gap = 0.06 * max(stages.values(), default=1.0)
    tops: dict[int, float] = defaultdict(float)
    boxes = {}
    for rank, node in enumerate(nodes):
        top = tops[columns[node.key]]
        boxes[node.key] = _Box(node, columns[node.key], top, top + sizes[node.key], SERIES[rank % len(SERIES)])
        tops[columns[node.key]] = top + sizes[node.key] + gap
    return boxes
