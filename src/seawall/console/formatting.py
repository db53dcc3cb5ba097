"""How values are written for people: money, numbers, times, durations, ids. Pure text, no markup."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.translation import get_language, gettext

from seawall.engine.money import exponent

MISSING = "—"
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_SHORT_ID = 12  # ids up to this long are shown whole


def chinese() -> bool:
    """True where the page is written in Chinese."""
    return (get_language() or "").lower().startswith("zh")


def number(value: int | float | None, decimals: int | None = None) -> str:
    """`12,345.6`: thousands grouped; at most 6 significant decimals unless told how many."""
    if value is None:
        return MISSING
    if decimals is not None:
        return f"{value:,.{decimals}f}"
    if isinstance(value, int):
        return f"{value:,}"
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return text if text not in ("-0", "") else "0"


def steps() -> tuple[tuple[float, str], ...]:
    """How big numbers are shortened in the page's language, largest first."""
    return ((1e8, "亿"), (1e4, "万")) if chinese() else ((1e9, "B"), (1e6, "M"), (1e3, "k"))


def compact(value: int | float | None) -> str:
    """`12.3k`, `4.5M`; in Chinese `1.23万`, `4.5亿`: for headlines, with the exact number on hover."""
    if value is None:
        return MISSING
    for size, unit in steps():
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}" if abs(value) < 1000 * size else f"{value / size:,.0f}{unit}"
    return number(round(value, 2) if isinstance(value, float) else value)


def percent(fraction: float | None, decimals: int = 1) -> str:
    """A fraction (0.034) as a percentage (3.4%)."""
    return MISSING if fraction is None else f"{fraction * 100:,.{decimals}f}%"


def money(minor: int | None, currency: str) -> str:
    """Minor units as an amount with the currency's own decimals, without the currency: `1,234.50`."""
    if minor is None:
        return MISSING
    decimals = exponent(currency)
    whole, rest = divmod(abs(minor), 10**decimals)
    sign = "−" if minor < 0 else ""
    return f"{sign}{whole:,}" + (f".{rest:0{decimals}d}" if decimals else "")


def instant(value: datetime | int | float) -> datetime:
    """An aware datetime of milliseconds since 1970 (the engine's times) or of a datetime; naive ones are UTC."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.fromtimestamp(value / 1000, UTC)


def when(value: datetime | int | float | None, now: datetime | None = None) -> str:
    """`14:03:21` today, `11-22 14:03` this year, `2025-11-22` before; in the platform's zone."""
    if value is None:
        return MISSING
    local = timezone.localtime(instant(value))
    today = timezone.localtime(now or timezone.now())
    if local.date() == today.date():
        return f"{local:%H:%M:%S}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d}"


def in_full(value: datetime | int | float) -> str:
    """`2026-11-22 14:03:21.045 UTC+08:00`, for hover and print."""
    local = timezone.localtime(instant(value))
    zone = f"{local:%z}" or "+0000"
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03d} UTC{zone[:3]}:{zone[3:5]}"


def duration(value: timedelta | int | float | None) -> str:
    """The two largest units: `2 h 13 min`, `2小时13分`. Takes seconds or a timedelta; the sign is dropped."""
    if value is None:
        return MISSING
    seconds = abs(value.total_seconds() if isinstance(value, timedelta) else float(value))
    if seconds < 1:
        return f"{seconds * 1000:.0f} {gettext('ms')}"
    names = {"d": gettext("d"), "h": gettext("h"), "min": gettext("min"), "s": gettext("s")}
    rest, parts = round(seconds), []
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {names[unit]}")
        elif parts:
            break
    return " ".join(parts[:2])


def short_id(value: object) -> str:
    """Enough of a long id to tell it from its neighbours: head and tail."""
    text = str(value)
    return text if len(text) <= _SHORT_ID else f"{text[:4]}…{text[-6:]}"
