"""The fintech on one day: who is where, which cards and devices are in use, and what was paid of late."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.habits import PEAK, kept, moments
from seawall.simulator.merchants import Merchants, make_merchants
from seawall.simulator.people import People, make_people
from seawall.simulator.places import CITIES, COUNTRIES, COUNTRY, UTC_OFFSET_MS, VISITORS
from seawall.simulator.randomness import Floats, Ints, scramble32, stream

RECENT_DAYS = 14
_GATEWAYS = 40  # shared addresses (mobile networks, hotels) of a city
_TRIP_PERIOD = 30
_TRIP_SHARE = 0.08
_NEW_DEVICE_A_DAY = 1 / 500
_NEW_CARD_A_DAY = 1 / 1100
_STRANGERS = 1 << 30  # customers, cards and telephone numbers from here on are those of attacks
_HOME = COUNTRIES.index("CN")
_ABROAD = 4  # of a hundred accounts outside the platform


class World:
    """State that moves from day to day; everything in it follows from (seed, customers, start_ms).

    The rows made at one time are those of a step: here a UTC day, in a live world (live_world.py) a part of one.
    """

    is_new_day = True  # whether the step is the first of its day

    def __init__(self, seed: int, customers: int, start_ms: int, days: int) -> None:
        self.seed, self.start_ms, self.days = seed, start_ms, days
        self.merchants: Merchants = make_merchants(seed, customers)
        self.people: People = make_people(seed, customers, self.merchants)
        n = customers
        everyone = np.arange(n)
        self.cards: Ints = np.stack([everyone, np.where(self.people.two_cards, everyone + n, everyone)], axis=1)
        self.devices: Ints = np.stack([everyone, np.where(self.people.two_devices, everyone + n, everyone)], axis=1)
        self.awake: Ints = np.flatnonzero(~self.people.dormant)
        self.asleep: Ints = np.flatnonzero(self.people.dormant)
        self.city: Ints = self.people.city.copy()
        self.in_transit: Ints = np.zeros(n, dtype=bool)
        self.day, self.day_start = -1, start_ms
        self.today: r.Rows = r.build(0)  # the ordinary card payments of the day
        self.recent: deque[Ints] = deque(maxlen=RECENT_DAYS)  # (payments in shops, 3): customer, card, merchant
        self._next_card = self._next_device = 2 * n  # replaced devices are even, strangers' are odd:
        self._next_strange_device = 2 * n + 1  # attacks never shift what customers ordinarily hold
        self._next_ip = n + len(CITIES) * _GATEWAYS
        self._next_counterparty = 7 * n + 200
        self._next_customer = self._next_strange_card = self._next_phone = _STRANGERS
        self._next_shell = 0
        self._trip_period = -1
        self._trip: tuple[Ints, Ints, Ints] = (everyone, everyone, everyone)

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.days * r.DAY

    @property
    def step(self) -> int:
        """The number of the step."""
        return self.day

    @property
    def step_begin(self) -> int:
        return self.day_start

    @property
    def step_end(self) -> int:
        return self.day_start + r.DAY

    def occasions(self, rate: Floats, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """(customer, time in ms) of the acts in the step, at `rate` (N,) a day on average, by everyone's habits."""
        drawn = np.repeat(np.arange(len(rate)), rng.poisson(rate * PEAK))
        habit, offset = self.people.habit[drawn], UTC_OFFSET_MS[self.city[drawn]]
        times = moments(self.day_start, habit, offset, rng)
        keep = kept(times, habit, offset, rng)
        return drawn[keep], times[keep]

    def moment(self, local: int, utc_offset: int, any_hour: bool) -> int:
        """The time (ms) in the step when it is `local` (ms after midnight) somewhere; `any_hour` tells that the hour
        does not matter."""
        return int(self.day_start + (local - utc_offset) % r.DAY)

    def begin_day(self, day: int) -> None:
        """Move to `day` (0, 1, ...): journeys begin and end, telephones and cards are replaced."""
        assert day == self.day + 1, "days are lived one after another"
        self.day, self.day_start = day, self.start_ms + day * r.DAY
        self._travel()
        rng = stream(self.seed, "renewal", day)
        for held, rate, fresh in (
            (self.devices, _NEW_DEVICE_A_DAY, self._bought_devices),
            (self.cards, _NEW_CARD_A_DAY, self._issued_cards),
        ):
            self._replace(held, np.flatnonzero(rng.random(len(held)) < rate), fresh)

    def paid(self, payments: r.Rows) -> None:
        """Take note of the day's ordinary card payments."""
        self.today = payments
        in_shops = payments[payments["channel"] == r.IN_STORE]
        self.recent.append(np.stack([in_shops["customer"], in_shops["card"], in_shops["merchant"]], axis=1))

    def home_ip(self, customer: Ints) -> Ints:
        return customer

    def gateway_ip(self, city: Ints, rng: np.random.Generator) -> Ints:
        """One of the shared addresses of each city (n,)."""
        return np.asarray(len(self.people) + city * _GATEWAYS + rng.integers(0, _GATEWAYS, np.shape(city)))

    def new_devices(self, count: int) -> Ints:
        """Devices that no customer has: a stranger's."""
        self._next_strange_device += 2 * count
        return np.arange(self._next_strange_device - 2 * count, self._next_strange_device, 2)

    def new_ips(self, count: int) -> Ints:
        self._next_ip += count
        return np.arange(self._next_ip - count, self._next_ip)

    def new_counterparties(self, count: int) -> Ints:
        self._next_counterparty += count
        return np.arange(self._next_counterparty - count, self._next_counterparty)

    def new_customers(self, count: int) -> Ints:
        """Customers with no history and no habits, opened for an attack."""
        self._next_customer += count
        return np.arange(self._next_customer - count, self._next_customer)

    def new_cards(self, count: int) -> Ints:
        self._next_strange_card += count
        return np.arange(self._next_strange_card - count, self._next_strange_card)

    def new_phones(self, count: int) -> Ints:
        self._next_phone += count
        return np.arange(self._next_phone - count, self._next_phone)

    def new_shell(self) -> int:
        """A merchant without customers; after all of them were handed out, the first again."""
        self._next_shell += 1
        return int(self.merchants.shells[(self._next_shell - 1) % len(self.merchants.shells)])

    def country_of(self, counterparty: Ints) -> Ints:
        """Position in COUNTRIES (n,) of each account: a customer's is at home, of others a few are abroad."""
        people = self.people
        inside = counterparty < len(people)
        drawn = scramble32(counterparty, self.seed) % np.uint32(100 * len(COUNTRIES))
        outside = np.where(drawn % 100 < _ABROAD, drawn // 100, _HOME)
        return np.where(inside, COUNTRY[people.city[np.where(inside, counterparty, 0)]], outside)

    def _bought_devices(self, count: int) -> Ints:
        self._next_device += 2 * count
        return np.arange(self._next_device - 2 * count, self._next_device, 2)

    def _issued_cards(self, count: int) -> Ints:
        self._next_card += count
        return np.arange(self._next_card - count, self._next_card)

    def _replace(self, held: Ints, owners: Ints, fresh: Callable[[int], Ints]) -> None:
        only_one = held[owners, 0] == held[owners, 1]
        held[owners, 0] = fresh(len(owners))
        held[owners[only_one], 1] = held[owners[only_one], 0]

    def _travel(self) -> None:
        period, place = divmod(self.day, _TRIP_PERIOD)
        if period != self._trip_period:
            self._trip_period = period
            rng = stream(self.seed, "trips", period)
            n = len(self.people)
            begin = rng.integers(1, 22, n)
            begin[rng.random(n) >= _TRIP_SHARE] = _TRIP_PERIOD  # stays at home
            target = rng.choice(len(CITIES), n, p=VISITORS)
            self._trip = (begin, begin + rng.integers(2, 8, n), target)
        begin, back, target = self._trip
        away = (begin <= place) & (place < back)
        self.city = np.where(away, target, self.people.city)
        self.in_transit = ((place == begin) | (place == back)) & (target != self.people.city)
