from __future__ import annotations

import numpy as np

from seawall.simulator.merchants import ONLINE_GROUP, make_merchants
from seawall.simulator.places import CITIES
from seawall.simulator.randomness import stream

MERCHANTS = make_merchants(3, 4_000)


def test_every_city_has_shops() -> None:
    shops = np.bincount(MERCHANTS.city[~MERCHANTS.online], minlength=len(CITIES))
    assert shops.min() >= 8


def test_a_pick_comes_from_the_group_asked_for() -> None:
    group = np.repeat(np.arange(ONLINE_GROUP + 1), 200)
    picked = MERCHANTS.pick(group, stream(1, "pick"))
    in_city = group < ONLINE_GROUP
    assert (MERCHANTS.city[picked[in_city]] == group[in_city]).all()
    assert not MERCHANTS.online[picked[in_city]].any()
    assert MERCHANTS.online[picked[~in_city]].all()


def test_sizes_follow_zipf() -> None:
    """The largest shop of a group gets about twice as much as the second and far more than the median."""
    picked = MERCHANTS.pick(np.full(60_000, ONLINE_GROUP), stream(1, "zipf"))
    counts = np.sort(np.unique(picked, return_counts=True)[1])[::-1]
    assert 1.7 < counts[0] / counts[1] < 2.5
    assert counts[0] > 20 * np.median(counts)
