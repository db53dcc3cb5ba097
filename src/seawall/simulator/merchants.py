"""The shops: what they sell, where they stand and how big they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seawall.simulator.places import CITIES, LATITUDE, LONGITUDE, RESIDENTS, VISITORS
from seawall.simulator.randomness import Floats, Ints, stream


class Category(NamedTuple):
    code: str  # merchant category code, ISO 18245
    share: float  # relative number of shops
    online: float  # share of them on the net
    price: float  # typical amount against a day-to-day purchase
    resale: bool = False  # goods that turn into money at once
    returns: bool = False  # goods that are taken back


CATEGORIES = (
    Category("5411", 14, 0.10, 1.0),  # grocery
    Category("5812", 14, 0.10, 1.2),  # restaurants
    Category("5814", 12, 0.15, 0.4),  # fast food
    Category("5912", 5, 0.10, 0.8),  # pharmacies
    Category("5541", 4, 0.00, 2.8),  # fuel
    Category("4111", 4, 0.20, 0.15),  # commuter transport
    Category("4121", 4, 0.70, 0.4),  # taxis
    Category("5311", 4, 0.40, 2.5, returns=True),  # department stores
    Category("5651", 7, 0.55, 2.8, returns=True),  # clothing
    Category("5732", 3, 0.60, 12.0, resale=True, returns=True),  # electronics
    Category("5944", 1, 0.30, 18.0, resale=True, returns=True),  # jewellery
    Category("5816", 2, 1.00, 0.6, resale=True),  # digital games
    Category("5815", 2, 1.00, 0.4),  # digital media
    Category("4814", 2, 0.90, 0.8, resale=True),  # telephone top-up
    Category("4900", 2, 0.90, 2.5),  # utilities
    Category("4511", 1, 0.95, 14.0),  # airlines
    Category("7011", 3, 0.60, 7.0),  # hotels
    Category("7832", 2, 0.60, 0.9),  # cinemas
    Category("8011", 2, 0.00, 3.0),  # doctors
    Category("5945", 3, 0.50, 1.8, returns=True),  # hobby and toys
    Category("5947", 2, 0.60, 2.0, resale=True),  # gifts and gift cards
    Category("5999", 7, 0.40, 1.3, returns=True),  # other retail
    # no shops of a city or of the net at large: see RAMPS, CASINOS
    Category("6051", 0, 1.00, 15.0),  # crypto-assets and other quasi-cash
    Category("7995", 0, 1.00, 5.0),  # betting
)
RAMPS, CASINOS, SHELLS = 6, 4, 200  # merchants on the net outside the groups, by their number
ONLINE_GROUP = len(CITIES)
_RESALE = np.array([category.resale for category in CATEGORIES])
_PRICE = np.log([category.price for category in CATEGORIES])
_CODES = [category.code for category in CATEGORIES]
_SHELL_CODES = ("5999", "5311", "5651", "5732", "7011")  # what a merchant says it sells that means to run


@dataclass(frozen=True, slots=True)
class Merchants:
    """Arrays over M merchants, grouped: first the shops of each city in turn, then those on the net; behind the groups
    ramps, betting sites and shells, which are only ever named, never picked."""

    category: Ints  # (M,)
    city: Ints  # (M,) where the shop or its seat is
    online: Ints  # (M,) bool
    latitude: Floats  # (M,) degrees
    longitude: Floats
    log_price: Floats  # (M,) natural logarithm of the price level
    first: Ints  # (cities + 2,) start of each group; the last entry is where the groups end
    edge: Floats  # (first[-1] + 1,) running sum of the sizes
    resale_online: Ints  # indices of shops on the net whose goods resell
    ramps: Ints  # indices of merchants that sell crypto-assets
    casinos: Ints  # indices of betting sites
    shells: Ints  # indices of merchants without customers, for those who set one up

    def __len__(self) -> int:
        return len(self.category)

    def pick(self, group: Ints, rng: np.random.Generator) -> Ints:
        """One merchant of each group (a city, or ONLINE_GROUP) by size; same shape as `group`."""
        low, high = self.edge[self.first[group]], self.edge[self.first[np.asarray(group) + 1]]
        place = low + rng.random(np.shape(group)) * (high - low)
        index = np.searchsorted(self.edge, place, side="right") - 1
        return np.asarray(np.clip(index, self.first[group], self.first[np.asarray(group) + 1] - 1))


def make_merchants(seed: int, customers: int) -> Merchants:
    """About one merchant per 20 customers, never fewer than eight in a city; sizes follow Zipf inside a group."""
    rng = stream(seed, "merchants")
    total = customers // 20
    per_city = np.maximum(8, (total * 0.7 * RESIDENTS).astype(np.int64))
    counts = np.append(per_city, max(60, int(total * 0.3)))
    group = np.repeat(np.arange(len(counts)), counts)
    online = group == ONLINE_GROUP
    share = np.array([category.share for category in CATEGORIES])
    on_net = np.array([category.online for category in CATEGORIES])
    category = np.where(
        online,
        rng.choice(len(CATEGORIES), len(group), p=share * on_net / (share * on_net).sum()),
        rng.choice(len(CATEGORIES), len(group), p=share * (1 - on_net) / (share * (1 - on_net)).sum()),
    )
    city = np.where(online, rng.choice(len(CITIES), len(group), p=VISITORS), np.minimum(group, len(CITIES) - 1))
    size = np.concatenate([_zipf(count, rng) for count in counts])
    resale_online = np.flatnonzero(online & _RESALE[category])
    if not len(resale_online):
        resale_online = np.flatnonzero(online)
    grouped = len(group)
    behind = np.arange(grouped, grouped + RAMPS + CASINOS + SHELLS)
    more_categories, more_cities = _behind(stream(seed, "merchants", "behind"))
    category, city = np.append(category, more_categories), np.append(city, more_cities)
    spread = np.append(rng.normal(0, 0.05, grouped), np.zeros(len(behind)))
    along = np.append(rng.normal(0, 0.05, grouped), np.zeros(len(behind)))
    return Merchants(
        category=category,
        city=city,
        online=np.append(online, np.ones(len(behind), dtype=bool)),
        latitude=np.round(LATITUDE[city] + spread, 4),
        longitude=np.round(LONGITUDE[city] + along, 4),
        log_price=_PRICE[category] + np.append(rng.normal(0, 0.25, grouped), np.zeros(len(behind))),
        first=np.concatenate([[0], np.cumsum(counts)]),
        edge=np.concatenate([[0.0], np.cumsum(size)]),
        resale_online=resale_online,
        ramps=behind[:RAMPS],
        casinos=behind[RAMPS : RAMPS + CASINOS],
        shells=behind[RAMPS + CASINOS :],
    )


def _behind(rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Categories and cities of ramps, betting sites and shells, in this order."""
    shells = [_CODES.index(code) for code in rng.choice(_SHELL_CODES, SHELLS)]
    category = [_CODES.index("6051")] * RAMPS + [_CODES.index("7995")] * CASINOS + shells
    return np.array(category), rng.choice(len(CITIES), len(category), p=VISITORS)


def _zipf(count: int, rng: np.random.Generator) -> Floats:
    ranks = rng.permutation(count) + 1
    weight = ranks.astype(np.float64) ** -1.05
    return np.asarray(weight / weight.sum(), dtype=np.float64)
