"""Time-ordered validation: nothing of the future reaches the training."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.analytics.models.split import DAY, NEVER, Window, split, windows


def test_windows_follow_each_other_and_end_in_time() -> None:
    found = list(windows(0, 28 * DAY, 7 * DAY, 7 * DAY, 7 * DAY))
    assert found == [Window(0, 7 * DAY, 14 * DAY, 21 * DAY), Window(7 * DAY, 14 * DAY, 21 * DAY, 28 * DAY)]
    assert len(list(windows(0, 28 * DAY, 7 * DAY, 7 * DAY, 7 * DAY, step=DAY))) == 8
    assert list(windows(0, 20 * DAY, 7 * DAY, 7 * DAY, 7 * DAY)) == []
    for wrong in ({"train": 0}, {"test": 0}, {"delay": -1}, {"step": 0}):
        with pytest.raises(ValueError, match="must be longer than 0"):
            list(windows(0, 100, **({"train": 1, "delay": 1, "test": 1} | wrong)))


def test_a_label_that_comes_after_the_training_is_not_known() -> None:
    times = np.array([0, 1, 2, 3, 10, 14, 15])
    known = np.array([12, 11, 13, NEVER, 10, NEVER, NEVER])
    found = split(times, known, Window(0, 3, 12, 15))
    assert found.train.tolist() == [0, 1, 2]
    assert found.bad.tolist() == [True, True, False]
    assert found.test.tolist() == [5]
    with pytest.raises(ValueError, match="arrives before the event"):
        split(times, times - 1, Window(0, 3, 12, 15))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40)), max_size=40), st.data())
def test_what_comes_after_the_training_changes_nothing(rows: list[tuple[int, int]], data: st.DataObject) -> None:
    times = np.array([one for one, _ in rows], np.int64)
    known = times + np.array([after for _, after in rows], np.int64)
    window = Window(5, 25, 32, 45)
    found = split(times, known, window)
    later = known > window.at
    drawn = [data.draw(st.sampled_from([NEVER, window.at + 1, window.at + 30])) for _ in range(int(later.sum()))]
    other = known.copy()
    other[later] = np.maximum(np.array(drawn, np.int64), times[later])
    again = split(times, other, window)
    assert (again.bad.tolist(), again.train.tolist()) == (found.bad.tolist(), found.train.tolist())
    assert not set(found.train) & set(found.test)
