"""The customers: where they live, what they earn, how and how often they pay, log in and transfer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.simulator.habits import HABIT_SHARES
from seawall.simulator.merchants import ONLINE_GROUP, Merchants
from seawall.simulator.places import CITIES, RESIDENTS
from seawall.simulator.randomness import Floats, Ints, stream

FAVOURITES = 6
PAYEES = 5
DORMANT_SHARE = 0.03
_DAY_TO_DAY_PURCHASE = 4_500  # minor units, at the median income
_MONTHLY_INCOME = 900_000


@dataclass(frozen=True, slots=True)
class People:
    """Arrays over N customers; rates are mean events a day, money is minor units."""

    city: Ints  # (N,)
    habit: Ints  # (N,)
    income: Floats  # (N,) a month
    log_spend: Floats  # (N,) natural logarithm of the median day-to-day purchase
    spread: Floats  # (N,) standard deviation of that logarithm
    online: Floats  # (N,) share of payments on the net
    wallet: Floats  # (N,) share of shop payments by telephone
    dormant: Ints  # (N,) bool
    two_cards: Ints  # (N,) bool
    two_devices: Ints  # (N,) bool
    card_rate: Floats
    transfer_rate: Floats
    login_rate: Floats
    change_rate: Floats
    payday: Ints  # (N,) day of the month, 1..28; 0 has no salary here
    employer: Ints  # (N,) counterparty
    payees: Ints  # (N, PAYEES) counterparties
    shops: Ints  # (N, FAVOURITES) merchants of the own city
    sites: Ints  # (N, FAVOURITES) merchants on the net

    def __len__(self) -> int:
        return len(self.city)


def make_people(seed: int, customers: int, merchants: Merchants) -> People:
    """`customers` people; accounts outside the platform are counterparties from `customers` upwards."""
    rng = stream(seed, "people")
    n = customers
    city = rng.choice(len(CITIES), n, p=RESIDENTS)
    income = _MONTHLY_INCOME * rng.lognormal(0.0, 0.6, n)
    dormant = rng.random(n) < DORMANT_SHARE
    activity = np.where(dormant, 0.02, 1.0)
    outside = n + rng.integers(0, 4 * n + 100, (n, PAYEES))
    inside = rng.integers(0, n, (n, PAYEES))
    return People(
        city=city,
        habit=rng.choice(len(HABIT_SHARES), n, p=HABIT_SHARES),
        income=income,
        log_spend=np.log(_DAY_TO_DAY_PURCHASE) + 0.6 * np.log(income / _MONTHLY_INCOME) + rng.normal(0, 0.25, n),
        spread=rng.uniform(0.45, 0.85, n),
        online=rng.beta(2.2, 3.0, n),
        wallet=rng.beta(1.5, 1.5, n),
        dormant=dormant,
        two_cards=rng.random(n) < 0.3,
        two_devices=rng.random(n) < 0.35,
        card_rate=activity * rng.gamma(1.4, 0.6 / 1.4, n),
        transfer_rate=activity * rng.gamma(1.2, 0.1, n),
        login_rate=activity * rng.gamma(1.5, 0.4, n),
        change_rate=activity * rng.uniform(1 / 400, 1 / 90, n),
        payday=np.where((rng.random(n) < 0.6) & ~dormant, rng.choice([1, 5, 10, 15, 20, 25, 28], n), 0),
        employer=5 * n + 100 + (rng.random(n) ** 2 * (n / 25 + 3)).astype(np.int64),
        payees=np.where(rng.random((n, PAYEES)) < 0.4, inside, outside),
        shops=merchants.pick(np.repeat(city, FAVOURITES).reshape(n, FAVOURITES), rng),
        sites=merchants.pick(np.full((n, FAVOURITES), ONLINE_GROUP), rng),
    )
