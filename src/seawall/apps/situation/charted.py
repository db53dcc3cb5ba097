"""The room's charts. Each title says what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _

from seawall.apps.decisions.selection import WEEKDAYS
from seawall.apps.situation.decided import HOUR, HOURS, Day, Ruled
from seawall.console import charts, formatting
from seawall.console.words import OUTCOMES

_STACK = ("decline", "review", "challenge", "approve")  # the rare ones below, where their change can be seen
Explorer = Callable[[str], str]


def outcomes(day: Day, explorer: Explorer) -> charts.Chart:
    """Outcomes by hour over the last 24."""
    points = [
        (day.first_hour + hour * HOUR, outcome, day.hourly[outcome][hour])
        for outcome in _STACK
        for hour in range(HOURS)
    ]
    return charts.over_time(
        _("%(share)s of the last 24 hours was declined") % {"share": formatting.percent(day.share("decline"))},
        points, _("decisions an hour"), area=True, titles={key: OUTCOMES[key].title for key in _STACK},
        links={key: explorer(f"outcome={key}&time=24h") for key in _STACK}, height=360, step=HOUR,
        each=lambda at, outcome: explorer(f"outcome={outcome}&between={at}-{at + HOUR}"),
    )  # fmt: skip


def rules(found: Sequence[Ruled], explorer: Explorer) -> charts.Chart:
    """The rules that fire most."""
    rows = [(one.title, one.decisions, explorer(f"rule={one.rule}&time=24h")) for one in found]
    return charts.bars(_("%(rule)s fires most") % {"rule": found[0].title}, rows, _("decisions in 24 hours"))


def week(cells: Sequence[Sequence[float | None]], stopped: Callable[[str], str]) -> charts.Chart:
    """When decisions are not simply approved: weekday by hour. `stopped`: the explorer of those."""
    worst = max(
        ((value, d, h) for d, row in enumerate(cells) for h, value in enumerate(row) if value is not None),
        key=lambda found: found[0],
    )
    title = _("Most is stopped on %(day)s at %(hour)s") % {"day": WEEKDAYS[worst[1]], "hour": f"{worst[2]:02d}:00"}
    hours = [f"{hour:02d}" for hour in range(24)]
    unit = _("% of decisions not approved, last 28 days")
    return charts.heat_map(
        title, hours, list(WEEKDAYS), cells, unit, link=lambda day, hour: stopped(f"week_hour={day}-{hour}")
    )
