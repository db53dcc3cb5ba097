"""Charts: what they say, in colours that match the stylesheet; every kind draws."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from seawall.console import charts, palette
from seawall.console.assets import STATIC
from seawall.console.charts.layout import spread
from seawall.console.waterfall import Step, bars, markup

AT = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
NODES = [charts.Node(key, key.upper(), "g") for key in "abcd"]
LINKS = [charts.Link("a", "b", 3), charts.Link("b", "c", 2), charts.Link("b", "d", 1)]
KINDS = {
    "over_time": lambda: charts.over_time(
        "t", [(AT + timedelta(hours=n), s, n) for n in range(5) for s in ("approve", "x")], "n"
    ),
    "area": lambda: charts.over_time(
        "t", [(AT + timedelta(hours=n), "decline", n) for n in range(5)], "n", area=True, threshold=3
    ),
    "bars": lambda: charts.bars("t", [("a", 1, "/a"), ("b", 20_000)], "n"),
    "columns": lambda: charts.bars("t", [("a", 1), ("b", 2)], "n", horizontal=False),
    "heat_map": lambda: charts.heat_map("t", ["1", "2"], ["x"], [[1, None]], "n"),
    "distribution": lambda: charts.distribution("t", [(0, 1, 5), (1, 2, 3)], "score", "n", [(1, "review")]),
    "target": lambda: charts.target("t", 0.9, 0.95, 1, "share"),
    "graph": lambda: charts.graph("t", NODES, LINKS),
    "sankey": lambda: charts.sankey("t", NODES, LINKS, "CNY"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", palette.THEMES)
def test_every_kind_draws_in_both_themes(kind: str, theme: str) -> None:
    picture = charts.svg(KINDS[kind](), theme=theme)
    assert picture.startswith("<svg")
    assert "@" not in re.sub(r"@(?=[\w.]+/)", "", picture), "a colour's name was not replaced"
    assert "NaN" not in picture


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_its_data_as_a_table(kind: str) -> None:
    html = charts.markup(KINDS[kind]())
    assert "<table>" in html
    assert 'type="application/json"' in html
    assert "style=" not in html


def test_the_palette_is_the_stylesheets() -> None:
    css = (STATIC / "console/tokens.css").read_text("utf-8")
    declared = {
        name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", css)
    }
    shared = {name: pair for name, pair in palette.COLOURS.items() if not re.match(r"c\d|heat", name)}
    assert {name: declared.get(name) for name in shared} == shared


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_has_a_contrast_of_at_least_four_and_a_half() -> None:
    """WCAG 2.2, 1.4.3, for each tone on its own ground, and each text on each surface."""
    css = (STATIC / "console/tokens.css").read_text("utf-8")
    tokens = {name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", css)}
    tones = ("neutral", "info", "good", "notice", "serious", "bad")
    pairs = [(tone, ground) for tone in tones for ground in (f"{tone}-soft", "surface", "bg")]
    pairs += [
        (text, ground)
        for text in ("text", "text-2", "text-3", "accent")
        for ground in ("surface", "bg", "sunken", "hover")
    ]
    pairs += [("on-accent", "accent"), ("on-accent", "accent-hover"), ("accent", "accent-soft")]
    weak = []
    for text, ground in pairs:
        for theme in (0, 1):
            high, low = sorted((luminance(tokens[text][theme]), luminance(tokens[ground][theme])), reverse=True)
            if (high + 0.05) / (low + 0.05) < 4.5:
                weak.append((text, ground, theme, round((high + 0.05) / (low + 0.05), 2)))
    assert weak == []


def test_an_outcome_has_its_own_colour_whatever_else_is_drawn() -> None:
    points = [(AT, name, 1.0) for name in ("x", "decline", "approve")]
    spec = charts.over_time("t", points, "n").spec["layer"][0]["encoding"]["color"]["scale"]
    assert spec["range"] == ["@c1", "@fill-bad", "@fill-good"]


def test_too_much_for_one_chart_is_refused() -> None:
    with pytest.raises(charts.ChartError, match="9 series"):
        charts.over_time("t", [(AT, str(n), 1.0) for n in range(9)], "n")
    with pytest.raises(charts.ChartError, match="at most"):
        charts.over_time("t", [(AT, "x", 1.0)] * 20_001, "n")
    with pytest.raises(charts.ChartError, match="not among the nodes"):
        charts.graph("t", NODES, [charts.Link("a", "z")])
    with pytest.raises(charts.ChartError, match="circle"):
        charts.sankey("t", NODES, [charts.Link("a", "b"), charts.Link("b", "a")], "n")
    with pytest.raises(charts.ChartError, match="above zero"):
        charts.sankey("t", NODES, [charts.Link("a", "b", 0)], "n")


def test_times_are_drawn_in_the_platforms_zone() -> None:
    with timezone.override("Asia/Shanghai"):
        assert datetime.fromtimestamp(charts.wall(AT) / 1000, UTC).hour == 14
    with timezone.override("America/St_Johns"):
        assert datetime.fromtimestamp(charts.wall(AT) / 1000, UTC).strftime("%H:%M") == "02:30"


def test_axes_follow_the_language() -> None:
    assert "'M'" in str(charts.bars("t", [("a", 1)], "n").spec)
    with translation.override("zh-hans"):
        assert "万" in str(charts.bars("t", [("a", 1)], "n").spec)


def test_an_altair_chart_gets_the_consoles_look() -> None:
    class Altair:
        def to_dict(self) -> dict[str, object]:
            return {
                "mark": "bar",
                "config": {"view": {}},
                "data": {"values": [{"a": 1}]},
                "encoding": {"x": {"field": "a", "type": "quantitative"}},
            }

    chart = charts.of_altair("t", Altair())
    assert charts.full_spec(chart)["config"] == charts.config()
    assert charts.svg(chart).startswith("<svg")


@given(st.integers(0, 20), st.data())
def test_a_graph_fits_its_space_and_is_the_same_each_time(count: int, data: st.DataObject) -> None:
    pair = st.tuples(st.integers(0, max(count - 1, 0)), st.integers(0, max(count - 1, 0)))
    links = data.draw(st.lists(pair, max_size=20)) if count else []
    places = spread(count, links)
    assert len(places) == count
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in places)
    assert spread(count, links) == places
    assert len(set(places)) == count, "two nodes at one place"


@given(st.lists(st.integers(-50, 100), max_size=8))
def test_a_waterfall_ends_where_the_points_add_up(points: list[int]) -> None:
    placed = bars([Step(str(n), one) for n, one in enumerate(points)], 100)
    totals = [sum(points[: n + 1]) for n in range(len(points))]
    low, high = min([0, *totals]), max([100, *totals])
    assert [float(bar.join[:-1]) for bar in placed] == pytest.approx(
        [100 * (t - low) / (high - low) for t in totals], abs=0.01
    )
    assert all(0 <= float(bar.start[:-1]) <= 100 for bar in placed)


def test_a_waterfall_says_when_the_score_is_capped() -> None:
    html = markup([Step("a", 80), Step("b", 60)], 100, 100, [(60, "review")])
    assert "capped at 100" in html
    assert "style=" not in html
    assert "capped" not in markup([Step("a", 80)], 80)


def test_a_spark_line_needs_two_values() -> None:
    assert "<svg" not in charts.spark([1])
    assert charts.spark([1, None, 3], mark=2).count("<line") == 1
    assert "NaN" not in charts.spark([2, 2, 2])


def test_every_mark_and_every_line_of_the_table_lead_to_the_rows() -> None:
    heat = charts.heat_map("t", ["8", "9"], ["Mon", "Tue"], [[1, 2], [None, 4]], "n", link=lambda r, c: f"/x?{r}-{c}")
    assert [one["url"] for one in heat.spec["data"]["values"]] == ["/x?0-0", "/x?0-1", "/x?1-1"]
    assert heat.spec["encoding"]["href"] == {"field": "url"}
    assert '<td><a href="/x?1-1">Tue</a></td>' in charts.markup(heat)
    points = [(AT + timedelta(hours=n), key, n + 1) for n in range(3) for key in ("decline", "approve")]
    hour = 3_600_000
    area = charts.over_time("t", points, "n", area=True, links={"decline": "/all"}, step=hour,
                            each=lambda at, key: f"/{key}?{at:%H}")  # fmt: skip
    drawn, over = area.spec["layer"]
    assert drawn["encoding"]["href"] == {"field": "all"}  # an address a point would cut the area into pieces
    assert over["encoding"]["href"] == {"field": "url"}
    marks = {one["url"]: (one["low"], one["high"], one["t2"] - one["t1"]) for one in over["data"]["values"]}
    assert (marks["/decline?06"], marks["/approve?06"]) == ((0, 1, hour), (1, 2, hour))
    assert area.urls[-1] == "/approve?08"
    assert charts.svg(area, 300).count("/decline?") == 3
