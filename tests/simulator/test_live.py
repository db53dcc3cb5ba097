from __future__ import annotations

from datetime import datetime
from itertools import islice, pairwise
from typing import Any

import pytest

from seawall.simulator import KINDS, OUTAGES, Live
from seawall.simulator.live import customers_for

NOW = 1_790_000_000.0  # seconds


class Clock:
    """Moves only when one sleeps, or is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def live(clock: Clock, **changes: Any) -> Live:
    usual: dict[str, Any] = {"seed": 5, "rate": 5.0, "customers": 500, "clock": clock, "sleep": clock.sleep}
    return Live(**usual | changes)


def seconds(record: dict[str, Any]) -> float:
    return datetime.fromisoformat(record.get("event_time") or record["label_time"]).timestamp()


def test_records_come_when_they_happen() -> None:
    clock, before = Clock(), NOW
    for record in islice(live(clock).records(), 3_000):
        assert before <= seconds(record) <= clock.now < seconds(record) + 0.06
        before = seconds(record)
    assert 3_000 / (clock.now - NOW) == pytest.approx(5, rel=0.1)


def test_the_same_seed_and_start_give_the_same() -> None:
    def first(**changes: Any) -> list[dict[str, Any]]:
        return list(islice(live(Clock(), past_days=1, past_events=200, **changes).records(), 500))

    assert first() == first()
    assert first(seed=6) != first()


def test_batches_are_bounded_and_never_empty() -> None:
    sizes = [len(batch) for batch in islice(live(Clock(), past_days=2, past_events=2_000).batches(most=100), 300)]
    assert max(sizes) == 100
    assert min(sizes) > 0


def test_history_comes_at_once_with_its_labels() -> None:
    clock, records = Clock(), []
    for record in live(clock, past_days=20, past_events=4_000, attack_rate=0.1).records():
        if clock.now > NOW:
            break
        records.append(record)
    times = [seconds(record) for record in records]
    assert times == sorted(times)
    assert times[-1] <= NOW
    assert times[0] < NOW - 20 * 86_400 + 3_600
    assert any("label" in record for record in records)


def test_labels_follow_soon_and_name_what_was_told() -> None:
    clock, events, labels = Clock(), {}, []
    for record in islice(live(clock, attack_rate=0.2, outage_rate=0.3, label_day=10.0).records(), 25_000):
        if "type" in record:
            events[record["event_id"]] = record
        else:
            labels.append(record)
    assert {label["label"] for label in labels} == {"fraud", "outage"}
    for label in labels:
        event = events[label["event_id"]]
        assert 10 <= seconds(label) - seconds(event) <= 300
        is_outage = label["scenario"] in {outage.name for outage in OUTAGES}
        assert is_outage == (event["type"] == "service.probe") == (label["label"] == "outage")


def test_a_stream_left_waiting_goes_on_with_now() -> None:
    clock = Clock()
    records = live(clock, attack_rate=0.2, label_day=60.0).records()
    told = list(islice(records, 3_000))
    clock.now += 5 * 3_600
    rest = list(islice(records, 6_000))
    events = [record for record in told + rest if "type" in record]
    slept = [record for record in events if clock.now - 5 * 3_600 + 60 < seconds(record) < NOW]
    assert not slept
    times = [seconds(record) for record in events]
    assert times == sorted(times)
    gaps = sorted(b - a for a, b in pairwise(times))
    assert 4.9 * 3_600 < gaps[-1] < 5.1 * 3_600
    assert gaps[-2] < 60
    ids = {event["event_id"] for event in events}
    assert all(record["event_id"] in ids for record in rest if "label" in record)
    assert all(record["original"] in ids for record in rest if "original" in record)


def test_half_a_minute_behind_is_made_good() -> None:
    clock = Clock()
    batches = live(clock).batches()
    begun = next(batches)
    clock.now += 30
    batch = next(batches)
    assert len(batch) > 100
    assert seconds(batch[0]) - seconds(begun[-1]) < 5


def test_fields_and_kinds_can_be_chosen() -> None:
    chosen = live(Clock(), kinds=["login"], fields=["type", "event_time"], attack_rate=0.0)
    for record in islice(chosen.records(), 100):
        assert set(record) == {"type", "event_time"}
        assert record["type"] == "login"


def test_customers_follow_the_rate() -> None:
    assert [customers_for(rate) for rate in (0.01, 5.0, 9_999.0)] == [1_000, 21_600, 200_000]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rate": 0.0}, r"rate: 0\.0 is outside"),
        ({"rate": float("nan")}, "rate: nan is outside"),
        ({"rate": 0.5}, r"rate: 0\.5 leaves no room beside service\.probe; choose 0\.66"),
        ({"customers": 10}, "customers: 10 is outside 100"),
        ({"past_days": 400}, "past_days: 400 is outside"),
        ({"label_day": 0.0}, r"label_day: 0\.0 is outside"),
        ({"kinds": ["loan"]}, "kinds: loan; choose from"),
        ({"fields": ["colour"]}, "fields: no 'colour'"),
    ],
)
def test_bad_arguments_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        live(Clock(), **{"kinds": KINDS} | changes)
