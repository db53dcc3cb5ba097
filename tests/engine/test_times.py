from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.engine.times import (
    DAY,
    LAST_INSTANT,
    format_duration,
    format_instant,
    parse_duration,
    parse_instant,
)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00.000Z", 0),
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-22T10:00:00.000Z", 1_795_341_600_000),
        ("2026-11-22T18:00:00.000+08:00", 1_795_341_600_000),
        ("2026-11-22T10:00:00.5Z", 1_795_341_600_500),
        ("2026-11-22T10:00:00.123000Z", 1_795_341_600_123),
        ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
        ("2200-12-31T23:59:59.999Z", LAST_INSTANT),
    ],
)
def test_reads_rfc_3339(text: str, instant: int) -> None:
    assert parse_instant(text) == instant
    assert parse_instant(text) == instant  # the second time from the table of recent minutes


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "RFC 3339"),
        ("2026-11-22", "RFC 3339"),
        ("2026-11-22T10:00:00.000", "RFC 3339"),
        ("2026-11-22 10:00:00.000Z", "RFC 3339"),
        ("2026-11-22T10:00:+1.000Z", "RFC 3339"),
        ("2026-11-22T10:00:00.00١Z", "RFC 3339"),
        ("2026-11-22T10:00:00.0001Z", "millisecond"),
        ("2026-02-29T10:00:00.000Z", "day"),
        ("2026-11-22T10:00:60.000Z", "second"),
        ("2026-11-22T24:00:00.000Z", "hour"),
        ("2026-11-22T10:00:00.000+24:00", "offset"),
        ("1969-12-31T23:59:59.999Z", "1970"),
        ("1970-01-01T00:00:00.000+00:01", "1970"),
        ("2201-01-01T00:00:00.000Z", "2200"),
    ],
)
def test_refuses_other_times(text: str, why: str) -> None:
    parse_instant("2026-11-22T10:00:00.000Z")  # so that its minute is in the table
    with pytest.raises(ValueError, match=why):
        parse_instant(text)


@given(st.integers(0, LAST_INSTANT), st.integers(-23 * 60, 23 * 60))
def test_agrees_with_datetime(instant: int, offset: int) -> None:
    assert parse_instant(format_instant(instant)) == instant
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)
    assert parse_instant(at.isoformat(timespec="milliseconds").replace("+00:00", "Z")) == instant
    local = at.astimezone(timezone(timedelta(minutes=offset)))
    if 1970 < local.year < 2200:
        assert parse_instant(local.isoformat(timespec="milliseconds")) == instant


@pytest.mark.parametrize(
    ("text", "duration"), [("500ms", 500), ("90s", 90_000), ("10m", 600_000), ("24h", DAY), ("30d", 30 * DAY)]
)
def test_durations(text: str, duration: int) -> None:
    assert parse_duration(text) == duration
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize("text", ["", "0s", "10", "1.5h", "-1h", "10 m", "1w", "1h30m", "9999999999d"])
def test_refuses_other_durations(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)
