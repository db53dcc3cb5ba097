"""Pages: the situation room, made of parts that refresh by themselves, and the platform's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import has_permission, person, requires
from seawall.apps.decisions.queries import base_currency
from seawall.apps.situation import charted, decided, services
from seawall.apps.situation.health import Part as HealthPart
from seawall.apps.situation.health import parts as health_parts
from seawall.apps.situation.models import Dismissal
from seawall.apps.situation.platform import platform_facts
from seawall.console import formatting
from seawall.console.words import OUTCOMES
from seawall.engine.money import exponent

VIEW = "situation.view"
SOON = timedelta(hours=1)
STOPPED = "outcome=challenge&outcome=review&outcome=decline"


@dataclass(frozen=True)
class Part:
    """A piece of the room: how often it refreshes (seconds) and what its template is given."""

    every: int
    context: Callable[[User, datetime], Mapping[str, Any]]


@dataclass(frozen=True)
class Figure:
    """A tile: a number that leads to the rows behind it."""

    title: str
    value: str
    url: str
    unit: str = ""
    exact: str = ""
    change: str = ""
    up: bool = False
    note: str = ""
    tone: str = ""
    spark: list[float] | None = None


def explorer(query: str = "") -> str:
    """The decision explorer with a filter."""
    return f"{reverse('decisions:decisions')}?{query}" if query else reverse("decisions:decisions")


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)


def _figures(user: User, now: datetime) -> Mapping[str, Any]:
    rate, day, currency = decided.rate(_ms(now)), decided.day(_ms(now)), base_currency()
    hourly = [sum(hour) for hour in zip(*day.hourly.values(), strict=True)]
    lately = f"between={_ms(now) - decided.RATE_SECONDS * 1000}-{_ms(now)}"
    tiles = [
        Figure(
            _("Decisions now"), formatting.number(round(rate.per_second, 1)) + ("+" if rate.more else ""),
            explorer(lately), unit=_("/s"), note=_("over the last %(n)s seconds") % {"n": decided.RATE_SECONDS},
        ),
        Figure(
            _("Decided in 24 hours"), formatting.compact(day.total), explorer("time=24h"),
            exact=formatting.number(day.total), spark=[float(n) for n in hourly],
        ),
        _blocked(day, currency),
        *(_outcome(day, outcome) for outcome in ("decline", "review", "challenge")),
    ]  # fmt: skip
    return {"tiles": tiles}


def _outcome(day: decided.Day, outcome: str) -> Figure:
    count, change = day.counts.get(outcome, 0), day.change(outcome)
    share = day.share(outcome)
    return Figure(
        str(OUTCOMES[outcome].title), formatting.compact(count), explorer(f"outcome={outcome}&time=24h"),
        exact=formatting.number(count), unit=formatting.percent(share) if share is not None else "",
        change=_change(change), up=bool(change and change > 0),
    )  # fmt: skip


def _blocked(day: decided.Day, currency: str) -> Figure:
    minor, change = day.amounts.get("decline", 0), day.amount_change("decline")
    exact = f"{formatting.money(minor, currency)} {currency}" if currency else ""
    whole = minor / 10 ** exponent(currency) if currency else 0
    return Figure(
        _("Money blocked"), formatting.compact(float(whole)), explorer("outcome=decline&time=24h"), unit=currency,
        exact=exact, change=_change(change), up=bool(change and change > 0),
    )  # fmt: skip


def _change(change: float | None) -> str:
    """Against the day before."""
    if change is None:
        return ""
    return _("%(share)s on the day before") % {"share": formatting.percent(abs(change), 0)}


def _outcomes(user: User, now: datetime) -> Mapping[str, Any]:
    day = decided.day(_ms(now))
    return {"chart": charted.outcomes(day, explorer) if day.total else None}


def _rules(user: User, now: datetime) -> Mapping[str, Any]:
    rules = decided.top_rules(_ms(now))
    return {"chart": charted.rules(rules, explorer) if rules else None}


def _week(user: User, now: datetime) -> Mapping[str, Any]:
    cells = decided.week(_ms(now))
    known = any(value is not None for row in cells for value in row)

    def stopped(query: str) -> str:
        return explorer(f"{STOPPED}&{query}")

    return {"chart": charted.week(cells, stopped) if known else None, "url": explorer(f"{STOPPED}&time=30d")}


def _feed(user: User, now: datetime) -> Mapping[str, Any]:
    return {"rows": decided.feed(user), "url": explorer(STOPPED)}


def _backlog(user: User, now: datetime) -> Mapping[str, Any]:
    """Open work; None while this installation has no cases, or the person may not see them."""
    if not apps.is_installed("seawall.apps.cases") or not has_permission(user, "cases.view"):
        return {"backlog": None}
    from seawall.apps.cases.queries import backlog

    return {"backlog": backlog(user, now + SOON), "may_see_alerts": has_permission(user, "alerts.view")}


def _health(user: User, now: datetime) -> Mapping[str, Any]:
    def url(one: HealthPart) -> str:
        return reverse(one.page) if one.page and has_permission(user, one.permission) else ""

    return {"parts": [(one, url(one)) for one in health_parts()]}


PARTS: dict[str, Part] = {
    "figures": Part(3, _figures),
    "outcomes": Part(60, _outcomes),
    "health": Part(5, _health),
    "feed": Part(3, _feed),
    "backlog": Part(10, _backlog),
    "rules": Part(60, _rules),
    "week": Part(300, _week),
}


@requires(VIEW)
@require_safe
def room(request: HttpRequest) -> HttpResponse:
    """The room, whole at first; its parts then refresh one by one."""
    user, now = person(request), timezone.now()
    context = {
        "title": _("Situation room"),
        "hint": not Dismissal.objects.filter(user=user, hint="situation").exists(),
        "parts": {name: _drawn(request, name, now) for name in PARTS},
        "every": {name: part.every for name, part in PARTS.items()},
    }
    return render(request, "situation/room.html", context)


@requires(VIEW)
@require_safe
def part(request: HttpRequest, name: str) -> HttpResponse:
    """One part of the room as it is now."""
    if name not in PARTS:
        raise Http404("the room has no such part")
    return HttpResponse(_drawn(request, name, timezone.now()))


def _drawn(request: HttpRequest, name: str, now: datetime) -> str:
    context = {**PARTS[name].context(person(request), now), "at": now}
    return render_to_string(f"situation/parts/{name}.html", context, request)


@requires(VIEW)
@require_POST
def hint(request: HttpRequest, hint: str, change: str) -> HttpResponse:
    """Put the explanation away, or get it back."""
    changes = {"dismiss": services.dismiss, "restore": services.restore}
    if change not in changes:
        raise Http404("a hint is dismissed or restored")
    changes[change](person(request), hint)
    response = HttpResponse(status=204)
    response["HX-Refresh"] = "true"
    return response


@requires("settings.view")
@require_safe
def platform(request: HttpRequest) -> HttpResponse:
    """What this installation is and how its files are; nothing can be changed here."""
    cards = platform_facts()
    context = {
        "title": _("Platform settings"),
        "purpose": _("What this installation is made of. It is changed on the host: settings.toml in the home."),
        "columns": (cards[::2], cards[1::2]),
    }
    return render(request, "situation/platform.html", context)
