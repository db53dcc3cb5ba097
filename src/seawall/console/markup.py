"""Values as markup: chips, amounts, times, ids, entities. The same functions serve tables and template tags."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from seawall.console import formatting, links
from seawall.console.assets import pinned
from seawall.console.words import ENTITIES, OUTCOMES, SEVERITIES, Word, word

NOTHING = format_html('<span class="nothing">{}</span>', formatting.MISSING)
SOON = 0.25  # of an SLA left: time to look


def icon(name: str, title: str = "") -> SafeString:
    """An icon of the sprite; decorative unless it has a title."""
    sprite = pinned("console/icons.svg")
    if title:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"></use></svg>', title, sprite, name
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', sprite, name)


def chip(one: Word | None, kind: str = "") -> SafeString:
    """A word with its icon and tone."""
    if one is None:
        return NOTHING
    classes = f"chip tone-{one.tone}" + (f" chip-{kind}" if kind else "")
    return format_html('<span class="{}">{}<span>{}</span></span>', classes, icon(one.icon), one.title)


def outcome(key: str | None) -> SafeString:
    """`approve`, `challenge`, `review`, `decline`."""
    return chip(word(OUTCOMES, key), "outcome") if key else NOTHING


def severity(key: str | None) -> SafeString:
    """`low`, `medium`, `high`, `critical`."""
    return chip(word(SEVERITIES, key), "severity") if key else NOTHING


def money(minor: int | None, currency: str = "") -> SafeString:
    """An amount of minor units with its currency."""
    if minor is None:
        return NOTHING
    amount = formatting.money(minor, currency)
    return format_html('<span class="money"><span class="amount">{}</span> <abbr>{}</abbr></span>', amount, currency)


def when(value: datetime | int | float | None) -> SafeString:
    """A time in the platform's zone, short, with the full instant on hover."""
    if value is None:
        return NOTHING
    moment = formatting.instant(value)
    full = formatting.in_full(moment)
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), full, formatting.when(moment))


def age(value: datetime | int | float | None) -> SafeString:
    """How long ago, kept current by console.js."""
    if value is None:
        return NOTHING
    moment = formatting.instant(value)
    text = formatting.duration(timezone.now() - moment)
    return format_html(
        '<time datetime="{}" title="{}" data-age>{}</time>', moment.isoformat(), formatting.in_full(moment), text
    )


def due(value: datetime | int | float | None, started: datetime | int | float | None = None) -> SafeString:
    """An SLA: time left or overdue, with a tone; turns to "soon" in its last quarter (or hour without a start)."""
    if value is None:
        return NOTHING
    end, now = formatting.instant(value), timezone.now()
    left = (end - now).total_seconds()
    whole = (end - formatting.instant(started)).total_seconds() if started is not None else 4 * 3600
    tone, mark = ("bad", "alert") if left < 0 else ("notice", "clock") if left < SOON * whole else ("neutral", "clock")
    text = (_("%(time)s over") if left < 0 else _("%(time)s left")) % {"time": formatting.duration(left)}
    return format_html(
        '<time class="due tone-{}" datetime="{}" title="{}" data-due>{}<span>{}</span></time>',
        tone, end.isoformat(), formatting.in_full(end), icon(mark), text,
    )  # fmt: skip


def identifier(value: object) -> SafeString:
    """An id, shortened, whole on hover, copied by a click."""
    if value in (None, ""):
        return NOTHING
    text = str(value)
    return format_html(
        '<button type="button" class="id" data-copy="{}" title="{}" aria-label="{}">{}</button>',
        text, text, _("Copy %(id)s") % {"id": text}, formatting.short_id(text),
    )  # fmt: skip


def entity(kind: str, key: str | None, label: str = "") -> SafeString:
    """An entity with the icon of its kind, linked to its page where there is one."""
    if not key:
        return NOTHING
    one = word(ENTITIES, kind)
    url = links.url_of(f"entity:{kind}", key)
    inner = format_html("{}<span>{}</span>", icon(one.icon, str(one.title)), label or formatting.short_id(key))
    if url is None:
        return format_html('<span class="entity" title="{}">{}</span>', key, inner)
    return format_html('<a class="entity" href="{}" title="{}">{}</a>', url, key, inner)


def person(name: str | None) -> SafeString:
    """A person by initial and name."""
    if not name:
        return format_html('<span class="nothing">{}</span>', _("Nobody"))
    return format_html(
        '<span class="person"><span class="initial" aria-hidden="true">{}</span>{}</span>', name[0], name
    )


def number(value: int | float | None) -> SafeString:
    return NOTHING if value is None else format_html('<span class="number">{}</span>', formatting.number(value))


def percent(value: float | None) -> SafeString:
    return NOTHING if value is None else format_html('<span class="number">{}</span>', formatting.percent(value))


def score(value: int | float | None, cap: int = 100) -> SafeString:
    """A score with a small bar of its share of the cap."""
    if value is None:
        return NOTHING
    return format_html(
        '<span class="score"><span class="number">{}</span>'
        '<progress max="{}" value="{}" aria-hidden="true"></progress></span>',
        formatting.number(value), cap, min(max(value, 0), cap),
    )  # fmt: skip


def text(value: object) -> SafeString:
    return NOTHING if value in (None, "") else format_html("{}", value)


def coded(text: object, code: str = "") -> SafeString:
    """Words with the code they stand for as a small mark, where that says more."""
    if not code or str(text) == code:
        return format_html("{}", text)
    return format_html('{} <small class="coded">{}</small>', text, code)


def flag(value: bool | None) -> SafeString:
    """Yes or no, with an icon."""
    if value is None:
        return NOTHING
    name, title = ("check", _("Yes")) if value else ("x", _("No"))
    return format_html('<span class="flag">{}<span>{}</span></span>', icon(name), title)


def tags(values: object) -> SafeString:
    """Several short words: rules, reason codes, labels."""
    each = [str(one) for one in values] if isinstance(values, list | tuple | set | frozenset) else []
    if not each:
        return NOTHING
    return mark_safe(" ".join(format_html('<span class="tag">{}</span>', one) for one in each))  # noqa: S308 escaped above


def _pair(render: Callable[..., SafeString]) -> Callable[[object], SafeString]:
    """Kinds of two parts take a tuple: (minor, currency), (kind, key), (due, started)."""

    def show(value: object) -> SafeString:
        if value is None:
            return NOTHING
        return render(*value) if isinstance(value, tuple) else render(value)

    return show


KINDS: dict[str, Callable[..., SafeString]] = {
    "text": text,
    "coded": _pair(coded),
    "id": identifier,
    "when": when,
    "age": age,
    "due": _pair(due),
    "money": _pair(money),
    "number": number,
    "percent": percent,
    "score": score,
    "outcome": outcome,
    "severity": severity,
    "chip": chip,
    "entity": _pair(entity),
    "person": person,
    "flag": flag,
    "tags": tags,
}
ALIGNED_RIGHT = frozenset({"money", "number", "percent", "score"})
