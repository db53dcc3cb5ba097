from __future__ import annotations

import numpy as np
import pytest

from seawall.simulator import habits
from seawall.simulator.randomness import stream
from seawall.simulator.rows import DAY, HOUR

N = 40_000


@pytest.mark.parametrize("offset_hours", [-8, 0, 5.5, 10])
def test_moments_fall_in_the_utc_day_and_follow_the_local_clock(offset_hours: float) -> None:
    begin, offset = 1_000 * DAY, np.full(N, int(offset_hours * HOUR))
    times = habits.moments(begin, np.zeros(N, dtype=np.int64), offset, stream(1, "t"))
    assert begin <= times.min()
    assert times.max() < begin + DAY
    hour = (times + offset) // HOUR % 24
    assert ((hour >= 1) & (hour < 5)).mean() < 0.05 < 0.15 < ((hour >= 17) & (hour < 20)).mean()


def test_thinning_keeps_the_mean_rate_over_a_week_and_favours_friday() -> None:
    habit = np.zeros(N, dtype=np.int64)
    monday = 4 * DAY  # 5 January 1970
    shares = [
        habits.kept(np.full(N, monday + day * DAY + 12 * HOUR), habit, 0 * habit, stream(2, "k", day)).mean()
        for day in range(7)
    ]
    assert np.mean(shares) * habits.PEAK == pytest.approx(1.0, abs=0.01)
    assert int(np.argmax(shares)) == 4
