"""Charts of a report as SVG, once a language; colours hold on white and on dark ground alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import altair as alt
import vl_convert

from seawall.analytics.backtest import OUTCOMES
from seawall.analytics.backtest.summary import Judged, Summary
from seawall.cli.report.words import rate
from seawall.cli.words import OUTCOME_WORDS
from seawall.engine.times import format_instant

_INK = "#7a8594"
_COLOURS = {"approve": "#8fa3b8", "challenge": "#d9a441", "review": "#d9743f", "decline": "#b8324b"}
_FRAUD, _OTHER, _ACCENT = "#b8324b", "#5b8db8", "#2f7f86"
_WIDTH, _HEIGHT = 520, 220
_LEVELS = (0, -14, -28)  # heights of neighbouring words over their points
_FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', sans-serif"
_CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": _INK, "titleColor": _INK, "domainColor": _INK, "tickColor": _INK, "gridColor": _INK,
        "gridOpacity": 0.18, "titlePadding": 10, "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal",
    },
    "legend": {"labelColor": _INK, "titleColor": _INK, "orient": "top", "title": None, "labelFontSize": 11},
}  # fmt: skip


def charts(summary: Summary, language: str) -> dict[str, str]:
    """SVG by name; a chart for which there is nothing to draw is left out."""
    zh = language == "zh"
    judged = summary.a
    drawn: dict[str, Any] = {}
    if judged.days:
        drawn["daily"] = _daily(judged, zh)
        drawn["alerts"] = _alerts(judged, zh)
    if any(piece.frauds or piece.others for piece in judged.scores):
        drawn["scores"] = _scores(judged, zh)
    if any(rule.quality.alerts for rule in judged.rules):
        drawn["rules"] = _rules(judged, zh)
    if len(judged.curve) > 1:
        drawn["curve"] = _curve(judged, zh)
    if summary.comparison is not None:
        drawn["transitions"] = _transitions(summary.comparison.transitions.tolist(), zh)
    return {name: _svg(chart, f"{language}-{name}") for name, chart in drawn.items()}


def _svg(chart: Any, prefix: str) -> str:
    """The chart as SVG to stand inside a page: it scales, and its ids meet no other chart's."""
    svg: str = vl_convert.vegalite_to_svg(chart.configure(**_CONFIG).to_dict())
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    return re.sub(r'<svg ([^>]*?)width="[\d.]+" height="[\d.]+"', r'<svg role="img" \1', svg, count=1)


def _word(outcome: str, zh: bool) -> str:
    return OUTCOME_WORDS[outcome][zh]


def _scale(zh: bool, outcomes: Sequence[str]) -> Any:
    return alt.Scale(domain=[_word(name, zh) for name in outcomes], range=[_COLOURS[name] for name in outcomes])


def _time_axis(zh: bool) -> Any:
    return alt.X("day:T", title=None, axis=alt.Axis(format="%m-%d", tickCount=8, labelFlush=False, grid=False))


def _daily(judged: Judged, zh: bool) -> Any:
    """Stacked columns of the outcomes that are not approve, which would hide them."""
    rows = [
        {"day": format_instant(day)[:10], "outcome": _word(name, zh), "events": counts[code], "rank": code}
        for day, counts in zip(judged.days, judged.daily, strict=True)
        for code, name in enumerate(OUTCOMES) if code
    ]  # fmt: skip
    return alt.Chart(alt.InlineData(values=rows), width=_WIDTH, height=_HEIGHT).mark_bar().encode(
        x=_time_axis(zh),
        y=alt.Y("events:Q", title="事件/日" if zh else "events a day", stack="zero"),
        color=alt.Color("outcome:N", scale=_scale(zh, OUTCOMES[1:])),
        order=alt.Order("rank:Q", sort="descending"),
    )  # fmt: skip


def _alerts(judged: Judged, zh: bool) -> Any:
    load = judged.alerts["review"]
    rows = [
        {"day": format_instant(day)[:10], "alerts": sum(counts[2:])}
        for day, counts in zip(judged.days, judged.daily, strict=True)
    ]
    mean = rate(load.mean)
    marks = [
        {"y": load.mean, "word": f"平均 {mean}" if zh else f"mean {mean}"},
        {"y": load.p95, "word": f"p95 {load.p95:,}"},
    ]
    upper = int(load.p95 >= load.mean)  # of the two lines the one whose word stands above it, clear of the other's
    line = alt.Chart(alt.InlineData(values=rows), width=_WIDTH, height=_HEIGHT).mark_line(color=_ACCENT)
    rule = alt.Chart(alt.InlineData(values=marks)).mark_rule(color=_INK, strokeDash=[4, 3])
    texts = [
        alt.Chart(alt.InlineData(values=[mark])).mark_text(
            align="left", baseline="bottom" if index == upper else "top", dx=6, color=_INK, fontSize=11, x=_WIDTH
        )
        for index, mark in enumerate(marks)
    ]
    at = alt.Y("y:Q")
    drawn = line.encode(x=_time_axis(zh), y=alt.Y("alerts:Q", title="预警/日" if zh else "alerts a day"))
    return alt.layer(drawn, rule.encode(y=at), *(text.encode(y=at, text="word:N") for text in texts))


def _scores(judged: Judged, zh: bool) -> Any:
    """Shares within frauds and within others: both groups are visible however rare frauds are."""
    names = ("欺诈", "其他") if zh else ("fraud", "other")
    totals = (sum(b.frauds for b in judged.scores) or 1, sum(b.others for b in judged.scores) or 1)
    rows = []
    for piece in judged.scores:
        label = f"{piece.low}" if piece.high - piece.low == 1 else f"{piece.low}–{piece.high}"
        rows.append({"score": label, "group": names[0], "share": piece.frauds / totals[0], "from": piece.low})
        rows.append({"score": label, "group": names[1], "share": piece.others / totals[1], "from": piece.low})
    return alt.Chart(alt.InlineData(values=rows), width=_WIDTH, height=_HEIGHT).mark_bar().encode(
        x=alt.X("score:N", sort=alt.EncodingSortField("from"), title="风险分" if zh else "score",
                axis=alt.Axis(labelAngle=0, labelOverlap=True, grid=False)),
        xOffset=alt.XOffset("group:N", sort=list(names)),
        y=alt.Y("share:Q", title="组内占比" if zh else "share of the group", axis=alt.Axis(format="%")),
        color=alt.Color("group:N", scale=alt.Scale(domain=list(names), range=[_FRAUD, _OTHER])),
    )  # fmt: skip


def _rules(judged: Judged, zh: bool) -> Any:
    found = [rule for rule in judged.rules if rule.quality.alerts]
    hits = [rule.quality.alerts for rule in found]
    middle = (min(hits) * max(hits)) ** 0.5
    rows = [
        {"rule": rule.rule, "hits": n, "precision": rule.quality.precision, "side": "right" if n > middle else "left"}
        for rule, n in zip(found, hits, strict=True)
    ]
    for rank, row in enumerate(sorted(rows, key=lambda row: (row["hits"], row["rule"]))):
        row["level"] = rank % len(_LEVELS)
    base = alt.Chart(alt.InlineData(values=rows), width=_WIDTH, height=_HEIGHT).encode(
        x=alt.X("hits:Q", scale=alt.Scale(type="log", nice=True), title="命中数(对数)" if zh else "hits (log scale)",
                axis=alt.Axis(format="~s", tickCount=5)),
        y=alt.Y("precision:Q", scale=alt.Scale(domain=[0, 1.05]), title="精确率" if zh else "precision",
                axis=alt.Axis(format="%", values=[0, 0.2, 0.4, 0.6, 0.8, 1])),
    )  # fmt: skip
    chart = base.mark_circle(size=90, color=_ACCENT, opacity=0.9)
    sides: tuple[tuple[Any, int], ...] = (("left", 9), ("right", -9))
    for side, shift in sides:  # words point into the chart; neighbours stand at different heights
        for level, up in enumerate(_LEVELS):
            own = base.transform_filter((alt.datum.side == side) & (alt.datum.level == level))
            words = own.mark_text(align=side, dx=shift, dy=up, color=_INK, fontSize=11)
            chart = chart + words.encode(text="rule:N")
    return chart


def _curve(judged: Judged, zh: bool) -> Any:
    names = ("精确率", "召回率") if zh else ("precision", "recall")
    rows = [
        {"threshold": point.threshold, "measure": name, "value": value}
        for point in judged.curve
        for name, value in zip(names, (point.precision, point.recall), strict=True)
        if value is not None
    ]
    return alt.Chart(alt.InlineData(values=rows), width=_WIDTH, height=_HEIGHT).mark_line(
        interpolate="step-before", strokeWidth=1.8, point=alt.OverlayMarkDef(size=22)
    ).encode(
        x=alt.X("threshold:Q", title="风险分阈值" if zh else "score threshold"),
        y=alt.Y("value:Q", scale=alt.Scale(domain=[0, 1]), title=None, axis=alt.Axis(format="%")),
        color=alt.Color("measure:N", scale=alt.Scale(domain=list(names), range=[_ACCENT, _FRAUD])),
    )  # fmt: skip


def _transitions(matrix: list[list[int]], zh: bool) -> Any:
    rows = [
        {"a": _word(OUTCOMES[i], zh), "b": _word(OUTCOMES[j], zh), "events": n, "moved": n if i != j else 0}
        for i, line in enumerate(matrix)
        for j, n in enumerate(line)
    ]
    order = [_word(name, zh) for name in OUTCOMES]
    base = alt.Chart(alt.InlineData(values=rows), width=380, height=200).encode(
        x=alt.X("b:N", sort=order, title="对比策略 B" if zh else "under B", axis=alt.Axis(labelAngle=0, orient="top")),
        y=alt.Y("a:N", sort=order, title="策略 A" if zh else "under A", axis=alt.Axis(titlePadding=12)),
    )
    cells = base.mark_rect(stroke=_INK, strokeOpacity=0.25).encode(
        color=alt.Color(
            "moved:Q", legend=None, scale=alt.Scale(type="sqrt", range=["rgba(217,116,63,0)", "rgba(217,116,63,0.5)"])
        )
    )
    return cells + base.mark_text(color=_INK, fontSize=12, fontWeight=600).encode(text=alt.Text("events:Q", format=","))
