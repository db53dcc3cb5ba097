from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.engine.columns import MISSING
from seawall.engine.history.instants import instants
from seawall.engine.history.mapping import Source
from seawall.engine.history.problems import RowProblem
from seawall.engine.pack import Place

PLACE = Place("m.yaml", 1, 1)
NOON = 1_774_958_400_000  # 2026-03-31T12:00:00Z


def source(unit: str = "", zone: str = "UTC", truncate: bool = False) -> Source:
    return Source(PLACE, "at", None, unit, zone, truncate)


@pytest.mark.parametrize(
    ("array", "unit", "zone"),
    [
        (pa.array([NOON // 1000]), "s", "UTC"),
        (pa.array([NOON]), "ms", "UTC"),
        (pa.array([NOON * 1000]), "us", "UTC"),
        (pa.array([NOON * 10**6]), "ns", "UTC"),
        (pa.array([str(NOON)]), "ms", "UTC"),
        (pa.array([NOON], pa.timestamp("ms")), "datetime", "UTC"),
        (pa.array([NOON * 10**6], pa.timestamp("ns", tz="Asia/Tokyo")), "", "UTC"),
        (pa.array([NOON + 8 * 3_600_000], pa.timestamp("ms")), "datetime", "Asia/Shanghai"),
        (pa.array(["2026-03-31 20:00:00"]), "datetime", "Asia/Shanghai"),
        (pa.array(["2026-03-31T20:00:00.000+08:00"]), "rfc3339", "UTC"),
        (pa.array(["2026-03-31T12:00:00Z"]), "", "UTC"),
    ],
)
def test_every_form_of_one_instant(array: pa.Array, unit: str, zone: str) -> None:
    assert instants(array, source(unit, zone)).tolist() == [NOON]


def test_a_date_is_its_midnight_and_null_is_absent() -> None:
    assert instants(pa.array([20_543, None], pa.date32()), source()).tolist() == [20_543 * 86_400_000, MISSING]
    assert instants(pa.array([None, "2026-03-31T12:00:00Z"]), source()).tolist() == [MISSING, NOON]


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]),
)
def test_local_times_agree_with_zoneinfo(local: datetime, zone: str) -> None:
    """Of an hour that happened twice the first is meant, as PEP 495's fold 0."""
    local = local.replace(microsecond=local.microsecond // 1000 * 1000)
    wanted = round(local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).timestamp() * 1000)
    assert instants(pa.array([local], pa.timestamp("us")), source("datetime", zone)).tolist() == [wanted]


@pytest.mark.parametrize(
    ("array", "unit", "row", "words"),
    [
        (pa.array([0, -1]), "ms", 1, "outside the years 1970 to 2200"),
        (pa.array([2**62]), "s", 0, "outside the years 1970 to 2200"),
        (pa.array([7_289_654_400]), "s", 0, "outside the years 1970 to 2200"),
        (pa.array([NOON * 1000 + 1]), "us", 0, "finer than a millisecond"),
        (pa.array(["2026-03-31T12:00:00.0001Z"]), "rfc3339", 0, "finer than a millisecond"),
        (pa.array(["2026-03-31T12:00:00Z", "noon"]), "rfc3339", 1, "'noon' is not an RFC 3339 time"),
        (pa.array(["2026-03-31 12:00:00"]), "rfc3339", 0, "is not an RFC 3339 time"),
        (pa.array(["2026-03-31 12:00:00", "2026-02-30 12:00:00"]), "datetime", 1, "is not a date and time"),
        (pa.array([NOON]), "", -1, "map unit: s, ms, us or ns"),
        (pa.array([NOON], pa.timestamp("ms")), "ms", -1, "map unit: datetime"),
        (pa.array([1.5]), "s", -1, "holds double, which is no time"),
        (pa.array(["12"]), "rfc3339", 0, "is not an RFC 3339 time"),
    ],
)
def test_what_is_no_time_is_named(array: pa.Array, unit: str, row: int, words: str) -> None:
    with pytest.raises(RowProblem) as problem:
        instants(array, source(unit))
    assert problem.value.index == row
    assert words in problem.value.message


def test_truncate_drops_what_is_finer() -> None:
    array = pa.array([NOON * 1000 + 999], pa.timestamp("us"))
    assert instants(array, source("datetime", truncate=True)).tolist() == [NOON]
