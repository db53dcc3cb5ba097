from __future__ import annotations

from typing import Any

import numpy as np

from seawall.simulator import names
from seawall.simulator import rows as r
from seawall.simulator.fields import Naming, fields_of
from seawall.simulator.merchants import make_merchants
from seawall.simulator.step import Step

FIELDS = fields_of(["login"], ["event_id", "type", "event_time"])
NAMING = Naming(make_merchants(1, 100), names.keys(1))
LABELLED = r.build(2, kind=r.LOGIN, time=[10, 2_000], uid=[900, 901], scenario=0, label_delay=[3_000, 2_500])


def step() -> Step:
    """1,200 events, one every 5 ms from 0; labels at 3,010 and 4,500 ms."""
    rows = r.build(1_200, kind=r.LOGIN, time=np.arange(1_200) * 5, uid=np.arange(1_200))
    return Step(rows, LABELLED, FIELDS, NAMING)


def times(records: list[dict[str, Any]]) -> list[str]:
    return [record.get("event_time") or record["label_time"] for record in records]


def test_takes_what_is_due_in_order_and_once() -> None:
    whole, parts = step(), step()
    everything = whole.take(10**9, 10**9)
    assert times(everything) == sorted(times(everything))
    assert len(everything) == 1_202
    assert not len(whole)
    taken = []
    for until in (-1, 0, 4, 3_009, 3_010, 4_500, 10**9):
        is_due, batch = parts.next <= until, parts.take(until, 10**9)
        assert bool(batch) == is_due
        taken += batch
    assert taken == everything


def test_takes_no_more_than_it_may() -> None:
    one = step()
    assert [len(one.take(10**9, 700)) for _ in range(3)] == [700, 502, 0]


def test_labels_come_between_the_events() -> None:
    records = step().take(10**9, 10**9)
    labels = {place: record for place, record in enumerate(records) if "label" in record}
    assert list(labels) == [603, 902]
    assert records[602]["event_time"].endswith("03.010Z")


def test_forgets_coming_events_and_their_labels() -> None:
    one = step()
    one.take(999, 10**9)
    assert one.next_event == 1_000
    one.forget(1_000, 3_000)
    assert one.next_event == one.next == 3_000
    rest = one.take(10**9, 10**9)
    assert len(rest) == 600 + 1  # the label of an event at 2,000 ms went with it
    one.forget(0, 10**9)
    assert one.next_event is None
