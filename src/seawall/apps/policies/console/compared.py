"""Champion beside challenger and shadows: figures and charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from seawall.analytics.challenger import Limits, Side, alert_share, approval, loss_rate, psi
from seawall.apps.policies.models import Deployment
from seawall.apps.policies.services import guard
from seawall.console import charts, formatting
from seawall.console.pages import Fact, Facts
from seawall.console.words import OUTCOMES, Text

BAND = 10


@dataclass(frozen=True)
class Beside:
    """A challenger or shadow beside the champion, as the page shows it. `lines`: (what, champion's, the other's)."""

    label: str
    role: str
    champion: str
    decisions: tuple[int, int]
    lines: tuple[tuple[Text, str, str], ...]
    crossings: tuple[tuple[str, str, int, tuple[int, str]], ...]
    outcomes: charts.Chart | None
    scores: charts.Chart | None
    limits: Facts | None
    stops: str


def beside(deployment: Deployment | None, champion: str, currency: str) -> list[Beside]:
    """Every challenger and shadow of a deployment."""
    return [_shown(one, champion, currency) for one in guard.compare(deployment)]


def _shown(one: guard.Compared, champion: str, currency: str) -> Beside:
    label = one.place.version.label
    both = (one.champion, one.other)
    enough = all(side.decisions for side in both)
    crossings = tuple(
        (before, after, count, (amount, currency))
        for (before, after), (count, amount) in sorted(one.crossings.items(), key=lambda each: -each[1][0])
        if before != after
    )
    return Beside(
        label=label, role=one.place.role, champion=champion,
        decisions=(one.champion.decisions, one.other.decisions), lines=tuple(_lines(*both, currency)),
        crossings=crossings[:12], outcomes=_outcomes(champion, label, *both) if enough else None,
        scores=_scores(champion, label, *both) if enough else None, limits=limits_shown(one.limits),
        stops=one.stops.limit if one.stops else "",
    )  # fmt: skip


def _lines(a: Side, b: Side, currency: str) -> list[tuple[Text, str, str]]:
    found = [(_("Decisions"), formatting.number(a.decisions), formatting.number(b.decisions))]
    found.append((_("Approved"), _percent(approval(a), a), _percent(approval(b), b)))
    found.append((_("Alerts (anything but approve)"), _percent(alert_share(a), a), _percent(alert_share(b), b)))
    found.append((_("Labelled decisions"), formatting.number(a.labelled), formatting.number(b.labelled)))
    if a.labelled or b.labelled:
        money = [f"{formatting.money(one.lost, currency)} {currency}" for one in (a, b)]
        found.append((_("Fraud that it approved"), money[0], money[1]))
        found.append((_("Loss by amount"), _percent(loss_rate(a), a, 3), _percent(loss_rate(b), b, 3)))
    return found


def _percent(share: float, side: Side, decimals: int = 2) -> str:
    return formatting.percent(share, decimals) if side.decisions else "—"


def limits_shown(limits: Limits | None) -> Facts | None:
    """When a challenger is stopped by itself."""
    if limits is None:
        return None
    off = _("off")
    points = _("%(points)s points")
    return Facts(
        _("Stops by itself when"),
        [
            Fact(_("Decisions on both sides"), limits.decisions, "number"),
            Fact(_("Approval rates differ by"), points % {"points": f"{limits.approval_points:g}"}
                 if limits.approval_points else off),
            Fact(_("Alerts reach"), _("%(ratio)s times the champion's") % {"ratio": f"{limits.alert_ratio:g}"}
                 if limits.alert_ratio else off),
            Fact(_("Loss is higher by"), points % {"points": f"{limits.loss_points:g}"} if limits.loss_points else off),
            Fact(_("Approved frauds needed for that"), limits.labels if limits.loss_points else None, "number"),
        ],
    )  # fmt: skip


def _outcomes(champion: str, other: str, a: Side, b: Side) -> charts.Chart:
    title = _("%(other)s approves %(share)s, the champion %(champion)s") % {
        "other": other, "share": formatting.percent(approval(b), 2), "champion": formatting.percent(approval(a), 2),
    }  # fmt: skip
    rows = [
        {"x": str(word.title), "place": place, "side": name, "share": side.outcomes.get(key, 0) / side.decisions}
        for place, (key, word) in enumerate(OUTCOMES.items())
        for name, side in ((champion, a), (other, b))
    ]
    return _pairs(title, rows, _("Outcome"), champion, other)


def _scores(champion: str, other: str, a: Side, b: Side) -> charts.Chart:
    title = _("Scores differ by a stability index of %(psi)s") % {"psi": formatting.number(psi(a.bands, b.bands), 3)}
    bands = sorted({*a.bands, *b.bands})
    totals = {champion: sum(a.bands.values()) or 1, other: sum(b.bands.values()) or 1}
    rows = [
        {
            "x": f"{band}–{band + BAND - 1}",
            "place": place,
            "side": name,
            "share": side.bands.get(band, 0) / totals[name],
        }
        for place, band in enumerate(bands)
        for name, side in ((champion, a), (other, b))
    ]
    return _pairs(title, rows, _("Score"), champion, other)


def _pairs(title: str, rows: list[Mapping[str, Any]], axis: str, champion: str, other: str) -> charts.Chart:
    share = _("Share")
    spec = {
        "data": {"values": rows},
        "mark": {"type": "bar"},
        "encoding": {
            "x": {"field": "x", "type": "nominal", "sort": {"field": "place"},
                  "axis": {"title": axis, "labelAngle": 0, "labelOverlap": True}},
            "xOffset": {"field": "side", "type": "nominal", "sort": [champion, other]},
            "y": {"field": "share", "type": "quantitative",
                  "axis": {"title": None, "format": "%", "tickCount": 5}},
            "color": {"field": "side", "type": "nominal", "legend": {"title": None},
                      "scale": {"domain": [champion, other], "range": ["@c1", "@c2"]}},
            "tooltip": [{"field": "x", "title": axis}, {"field": "side", "title": _("Policy")},
                        {"field": "share", "title": share, "format": ".2%"}],
        },
    }  # fmt: skip
    listed = [(row["x"], row["side"], formatting.percent(row["share"], 2)) for row in rows]
    return charts.Chart(title, spec, note=_("share of its decisions"), heads=(axis, _("Policy"), share), listed=listed)
