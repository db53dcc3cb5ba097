"""Civil time equals the standard library's, in every zone tried and around every change."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from seawall.engine.language import clock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PARTS: list[tuple[Callable[[int], int], Callable[[datetime], int]]] = [
    (clock.hour_of, lambda t: t.hour),
    (clock.weekday_of, lambda t: t.weekday()),
    (clock.day_of_month_of, lambda t: t.day),
    (clock.month_of, lambda t: t.month),
    (clock.day_number_of, lambda t: (t.date() - date(1970, 1, 1)).days),
]
ZONES = ["UTC", "Asia/Shanghai", "America/New_York", "Africa/Casablanca", "Asia/Kathmandu", "Australia/Lord_Howe"]


def instants(zone: str) -> list[int]:
    rng = random.Random(zone)
    changes = clock.zone_table(zone).starts
    near = [start + step for start in rng.sample(changes, min(40, len(changes))) for step in (-1, 0, 1, 3_600_000)]
    anywhere = [rng.randrange(clock.FIRST_MS, clock.LAST_MS) for _ in range(200)]
    return [
        t for t in [*near, *anywhere, 0, -1, clock.FIRST_MS, clock.LAST_MS - 1] if clock.FIRST_MS <= t < clock.LAST_MS
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_parts_equal_the_standard_library(zone: str) -> None:
    info = ZoneInfo(zone)
    for part, standard in PARTS:
        read = clock.in_zone(part, zone)
        for instant in instants(zone):
            moment = (EPOCH + timedelta(milliseconds=instant)).astimezone(info)
            assert read(instant) == standard(moment), (zone, instant)


def test_outside_the_calendar_is_missing() -> None:
    read = clock.in_zone(clock.hour_of, "Asia/Shanghai")
    assert read(clock.LAST_MS - 1) is not None
    assert read(clock.LAST_MS) is None
    assert read(clock.FIRST_MS - 1) is None
    assert read(2**63 - 1) is None


def test_an_unknown_zone_is_refused() -> None:
    for zone in ("Mars/Olympus", "../etc/passwd", ""):
        with pytest.raises(ValueError, match="unknown time zone"):
            clock.zone_table(zone)
