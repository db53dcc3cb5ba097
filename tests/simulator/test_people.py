from __future__ import annotations

import numpy as np

from seawall.simulator.merchants import make_merchants
from seawall.simulator.people import make_people

N = 5_000
MERCHANTS = make_merchants(3, N)
PEOPLE = make_people(3, N, MERCHANTS)


def test_income_is_skewed_and_drives_spending() -> None:
    assert PEOPLE.income.mean() > 1.1 * np.median(PEOPLE.income)
    assert np.corrcoef(np.log(PEOPLE.income), PEOPLE.log_spend)[0, 1] > 0.6


def test_favourite_shops_stand_in_the_own_city() -> None:
    assert (MERCHANTS.city[PEOPLE.shops] == PEOPLE.city[:, None]).all()
    assert not MERCHANTS.online[PEOPLE.shops].any()
    assert MERCHANTS.online[PEOPLE.sites].all()


def test_dormant_customers_hardly_act() -> None:
    assert 0 < PEOPLE.dormant.sum() < 0.06 * N
    assert PEOPLE.card_rate[PEOPLE.dormant].mean() < 0.05 * PEOPLE.card_rate[~PEOPLE.dormant].mean()
    assert (PEOPLE.payday[PEOPLE.dormant] == 0).all()


def test_another_seed_makes_other_people() -> None:
    assert not np.array_equal(make_people(4, N, MERCHANTS).income, PEOPLE.income)
    assert np.array_equal(make_people(3, N, MERCHANTS).income, PEOPLE.income)
