from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from seawall.simulator import rows as r
from seawall.simulator.rows import KINDS
from seawall.simulator.timeline import Pace, Timeline
from tests.simulator.conftest import START_MS

NOW = START_MS + 17 * r.HOUR + 12_345


def timeline(rate: float = 5.0, past_days: int = 0, past_events: int = 5_000, attack_rate: float = 0.05) -> Timeline:
    pace = Pace(rate, attack_rate, outage_rate=0.1, past_days=past_days, past_events=past_events)
    return Timeline(7, 2_000, KINDS, pace, NOW)


def told(line: Timeline, until: int) -> r.Rows:
    made = []
    for rows in line.steps():
        made.append(rows)
        if line.until >= until:
            return np.concatenate(made)
    raise AssertionError("endless")


def test_the_rate_is_steady_around_the_clock() -> None:
    rows = told(timeline(2.0), NOW + r.DAY)
    per_hour = np.bincount((rows["time"] - NOW) // r.HOUR)[:24]
    assert per_hour.mean() == pytest.approx(2 * 3_600, rel=0.01)
    assert per_hour.min() > 0.9 * 2 * 3_600
    assert per_hour.max() < 1.1 * 2 * 3_600


def test_rows_are_in_time_order_with_uids_of_their_own_and_labelled_as_asked_for() -> None:
    rows = told(timeline(past_days=2), NOW + r.DAY)
    assert (np.diff(rows["time"]) >= 0).all()
    assert len(np.unique(rows["uid"])) == len(rows)
    live = rows[rows["time"] >= NOW]
    probes = live["kind"] == r.PROBE
    assert 0.02 < (live["scenario"][~probes] >= 0).mean() < 0.06  # attacks that take weeks are still to come
    assert 0.03 < (live["scenario"][probes] >= 0).mean() < 0.25
    assert (live["scenario"][live["time"] < NOW + r.HOUR] >= 0).any()


def test_a_refund_names_a_payment_that_was_told() -> None:
    for line in (timeline(1.0, past_days=5), timeline(1.0)):
        rows = told(line, NOW + 2 * r.DAY)
        refunds = rows[rows["kind"] == r.REFUND]
        assert len(refunds)
        named = refunds["original_uid"][refunds["original_uid"] >= 0]  # a fraud gives back what nobody paid
        assert len(named)
        assert np.isin(named, rows["uid"]).all()


def test_history_ends_now_and_holds_what_was_asked_for() -> None:
    rows = told(timeline(past_days=10), NOW)
    assert rows["time"].min() < NOW - 10 * r.DAY + r.HOUR
    assert rows["time"].max() < NOW
    customers = rows[rows["kind"] != r.PROBE]
    assert len(customers) == pytest.approx(5_000, rel=0.15)  # salaries come as they come
    hours = np.bincount((customers["time"] // r.HOUR + 8) % 24, minlength=24)
    assert hours[[18, 19]].mean() > 3 * hours[[2, 3]].mean()


def test_without_history_the_first_row_is_now() -> None:
    first = next(rows for rows in timeline().steps() if len(rows))
    assert NOW <= first["time"][0] < NOW + 5 * r.SECOND


def test_a_gap_is_left_out() -> None:
    line = timeline()
    before = told(line, NOW + r.HOUR)
    end = line.until + 2 * r.DAY
    line.skip(int(before["time"][-1]), end)
    rows = np.concatenate(list(islice(line.steps(), 40)))
    assert end <= rows["time"][0] < end + 5 * r.SECOND
    assert len(rows) == pytest.approx(5 * (line.until - end) / r.SECOND, rel=0.1)
    assert not len(np.intersect1d(rows["uid"], before["uid"]))


def test_probes_alone() -> None:
    pace = Pace(1.0, 0.05, 0.1, past_days=0, past_events=1)
    rows = told(Timeline(7, 100, ("service.probe",), pace, NOW), NOW + r.DAY)
    assert set(rows["kind"].tolist()) == {r.PROBE}
    assert len(rows) == pytest.approx(28_320, rel=0.03)


def test_without_attacks_nothing_is_labelled() -> None:
    pace = Pace(1.0, 0.0, 0.0, past_days=1, past_events=1_000)
    assert (told(Timeline(7, 200, KINDS, pace, NOW), NOW + r.HOUR)["scenario"] == -1).all()
