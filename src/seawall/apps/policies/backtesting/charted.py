"""The charts of a report. Each title says what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from seawall.analytics.backtest import OUTCOMES
from seawall.console import charts, formatting
from seawall.console import words as console
from seawall.console.charts.chart import number_axis

MOST_DAYS = 1_000
MOST_RULES = 25
_PERCENT = {"format": "%", "tickCount": 5}
Judged = Mapping[str, Any]


def drawn(result: Mapping[str, Any]) -> dict[str, charts.Chart]:
    """By name; a chart for which there is nothing to draw is left out."""
    summary = result["summary"]
    judged: Judged = summary["b"] or summary["a"]
    found = {}
    if judged["days"]:
        found["daily"] = _daily(judged)
        found["alerts"] = _alerts([one for one in (summary["a"], summary["b"]) if one])
    if summary["comparison"]:
        found["transitions"] = _transitions(summary)
    if any(one["frauds"] for one in judged["scores"]):
        found["scores"] = _scores(judged)
    if len(judged["curve"]) > 1 and any(point["recall"] for point in judged["curve"]):
        found["curve"] = _curve(judged)
    if any(rule["hits"] for rule in judged["rules"]):
        found["rules"] = _rules(judged)
    return found


def _daily(judged: Judged) -> charts.Chart:
    approved = judged["outcomes"][0]["share"]
    points = [
        (_day(day), name, counts[code])
        for day, counts in _recent(judged)
        for code, name in reversed(list(enumerate(OUTCOMES)))
        if code
    ]
    return charts.over_time(
        _("%(share)s of events pass") % {"share": formatting.percent(approved, 2)}, points, _("events a day"),
        area=True, titles={name: console.OUTCOMES[name].title for name in OUTCOMES},
    )  # fmt: skip


def _alerts(sides: Sequence[Judged]) -> charts.Chart:
    load = sides[-1]["alerts"]["review"]
    points = [(_day(day), one["policy"], sum(counts[2:])) for one in sides for day, counts in _recent(one)]
    title = _("%(mean)s alerts a day for review or declined, %(p95)s on a busy day (p95)")
    values = {"mean": formatting.number(load["mean"], 1), "p95": formatting.number(load["p95"])}
    return charts.over_time(title % values, points, _("alerts a day"))


def _transitions(summary: Mapping[str, Any]) -> charts.Chart:
    changed, names = summary["comparison"], [console.OUTCOMES[name].title for name in OUTCOMES]
    cells = [
        [None if row == column else count for column, count in enumerate(line)]
        for row, line in enumerate(changed["transitions"])
    ]
    title = _("%(new)s events are newly stopped, %(gone)s no longer")
    values = {name: formatting.number(changed[key]["events"])
              for name, key in (("new", "newly_stopped"), ("gone", "no_longer_stopped"))}  # fmt: skip
    unit = _("events, from %(base)s (rows) to %(candidate)s (columns)")
    policies = {"base": summary["a"]["policy"], "candidate": summary["b"]["policy"]}
    return charts.heat_map(title % values, names, names, cells, unit % policies)


def _scores(judged: Judged) -> charts.Chart:
    """Shares within frauds and within others: both are seen however rare frauds are."""
    groups = {"frauds": _("Fraud"), "others": _("Other")}
    rows = []
    for place, piece in enumerate(judged["scores"]):
        label = f"{piece['low']}" if piece["high"] - piece["low"] == 1 else f"{piece['low']}–{piece['high']}"
        for key, name in groups.items():
            total = sum(one[key] for one in judged["scores"]) or 1
            rows.append({"score": label, "place": place, "group": str(name), "share": piece[key] / total})
    recall = judged["quality"]["challenge"]["recall"]
    spec = {
        "data": {"values": rows},
        "mark": {"type": "bar"},
        "encoding": {
            "x": {"field": "score", "type": "nominal", "sort": {"field": "place"},
                  "axis": {"title": _("Score"), "labelAngle": 0, "labelOverlap": True}},
            "xOffset": {"field": "group", "type": "nominal"},
            "y": {"field": "share", "type": "quantitative", "axis": {"title": None, **_PERCENT}},
            "color": _colour("group", [str(name) for name in groups.values()], ["@bad", "@c1"]),
            "tooltip": _tips(("score", _("Score"), ""), ("group", _("Events"), ""), ("share", _("Share"), ".1%")),
        },
    }  # fmt: skip
    title = _("%(share)s of frauds score high enough for an alert") % {"share": formatting.percent(recall)}
    listed = [(row["score"], row["group"], formatting.percent(row["share"])) for row in rows]
    return charts.Chart(title, spec, note=_("share of the group"), heads=(_("Score"), _("Events"), _("Share")),
                        listed=listed)  # fmt: skip


def _curve(judged: Judged) -> charts.Chart:
    measures = {"precision": _("Precision"), "recall": _("Recall")}
    rows = [
        {"threshold": point["threshold"], "measure": str(name), "value": point[key]}
        for point in judged["curve"]
        for key, name in measures.items()
        if point[key] is not None
    ]
    encoding = {
        "x": {"field": "threshold", "type": "quantitative", "axis": number_axis(_("Score threshold"))},
        "y": {"field": "value", "type": "quantitative", "scale": {"domain": [0, 1]},
              "axis": {"title": None, **_PERCENT}},
        "color": _colour("measure", [str(name) for name in measures.values()], ["@c1", "@bad"]),
        "tooltip": _tips(("threshold", _("Score threshold"), ""), ("measure", _("Measure"), ""),
                         ("value", _("Value"), ".1%")),
    }  # fmt: skip
    spec = {
        "layer": [
            {"data": {"values": rows}, "mark": {"type": "line", "interpolate": "step-before"}, "encoding": encoding},
            {"data": {"values": rows}, "mark": {"type": "point", "opacity": 0, "size": 160}, "encoding": encoding},
        ]
    }
    best = max(judged["curve"], key=lambda point: _f1(point["precision"], point["recall"]))
    title = _("Most balanced at a score of %(threshold)s: precision %(precision)s, recall %(recall)s") % {
        "threshold": best["threshold"],
        "precision": formatting.percent(best["precision"]),
        "recall": formatting.percent(best["recall"]),
    }
    listed = [(row["threshold"], row["measure"], formatting.percent(row["value"])) for row in rows[:60]]
    return charts.Chart(title, spec, heads=(_("Score threshold"), _("Measure"), _("Value")), listed=listed)


def _rules(judged: Judged) -> charts.Chart:
    found = [rule for rule in judged["rules"] if rule["hits"]]
    rows = [(rule["rule"], rule["hits"]) for rule in found[:MOST_RULES]]
    return charts.bars(_("%(rule)s fires most") % {"rule": rows[0][0]}, rows, _("events"))


def _recent(judged: Judged) -> list[tuple[str, list[int]]]:
    """(day, counts) of the last days, as many as a chart can show."""
    return list(zip(judged["days"], judged["daily"], strict=True))[-MOST_DAYS:]


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _colour(field: str, names: list[str], colours: list[str]) -> dict[str, Any]:
    scale = {"domain": names, "range": colours}
    return {"field": field, "type": "nominal", "scale": scale, "legend": {"title": None}}


def _tips(*fields: tuple[str, str, str]) -> list[dict[str, str]]:
    return [{"field": name, "title": title} | ({"format": form} if form else {}) for name, title, form in fields]


def _f1(precision: float | None, recall: float | None) -> float:
    return 2 * precision * recall / (precision + recall) if precision and recall else 0.0
