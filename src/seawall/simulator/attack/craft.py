"""The tools an attack is made with: its drawn parameters, its victims, and rows that carry its label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.behaviour import refund
from seawall.simulator.places import CITIES, UTC_OFFSET_MS
from seawall.simulator.randomness import Floats, Ints
from seawall.simulator.world import World

ANY_HOUR = (0, 24)
_SOURCE = 16  # behind the ordinary kinds


class Hands(TypedDict):
    """What acts came from: device, address, and the city where the address is; one for all, or (n,)."""

    device: Ints | int
    ip: Ints | int
    city: Ints | int


class Numbering:
    """Hands out the uids of attack rows, day by day."""

    def __init__(self) -> None:
        self._day, self._used = -1, 0

    def mark(self, rows: r.Rows, day: int) -> r.Rows:
        if day != self._day:
            self._day, self._used = day, 0
        self._used += len(rows)
        return r.numbered(rows, _SOURCE, day, self._used - len(rows))


class Attack:
    """One attack that begins on the world's day. Its methods give rows, labelled unless told otherwise."""

    def __init__(
        self, world: World, rng: np.random.Generator, values: Mapping[str, float], code: int, numbering: Numbering
    ) -> None:
        self.world, self.rng, self.values, self.code = world, rng, values, code
        self._numbering = numbering

    def count(self, name: str) -> int:
        """The drawn parameter `name` as a number of things, at least one."""
        return max(1, round(self.values[name]))

    def duration(self, name: str, unit: int) -> int:
        """The drawn parameter `name`, given in `unit` (ms), as milliseconds."""
        return max(1, round(self.values[name] * unit))

    def chance(self, name: str) -> bool:
        return bool(self.rng.random() < self.values[name])

    def begin(self, customer: Ints | int | None = None, hours: tuple[float, float] = ANY_HOUR) -> int:
        """A time (ms) in the world's step (a UTC day), at local `hours` of the customer's home if one is given."""
        local = int(self.rng.uniform(hours[0], hours[1]) * r.HOUR)
        offset = 0 if customer is None else int(UTC_OFFSET_MS[self.world.people.city[int(customer)]])
        return self.world.moment(local, offset, any_hour=hours == ANY_HOUR)

    def times(self, begin: int, count: int, span: int) -> Ints:
        """`count` rising times (ms) within `span` of `begin`."""
        return np.sort(begin + self.rng.integers(0, max(1, span), count))

    def some(self, pool: Ints, count: int) -> Ints:
        """At most `count` different members of `pool`."""
        return np.asarray(self.rng.choice(pool, min(count, len(pool)), replace=False))

    def far_city(self) -> int:
        return int(self.rng.integers(0, len(CITIES)))

    def own(self, person: int) -> Hands:
        """Device, address and city of a customer at home."""
        return {
            "device": int(self.world.devices[person, 0]),
            "ip": int(self.world.home_ip(np.array([person]))[0]),
            "city": int(self.world.people.city[person]),
        }

    def stranger(self, city: int) -> Hands:
        """Device and address that nobody had before, in a city."""
        return {"device": int(self.world.new_devices(1)[0]), "ip": int(self.world.new_ips(1)[0]), "city": city}

    def resale_sites(self, count: int) -> Ints:
        """Merchants on the net (count,) whose goods turn into money."""
        return np.asarray(self.rng.choice(self.world.merchants.resale_online, count))

    def payments(
        self,
        times: Ints,
        customer: Ints | int,
        card: Ints | int,
        merchant: Ints | int,
        amount: Ints,
        *,
        device: Ints | int,
        ip: Ints | int,
        city: Ints | int,
        cvc: Ints | int = r.CVC_MATCH,
        promotion: Ints | int = -1,
        labelled: bool = True,
    ) -> r.Rows:
        """Payments on the net (n,)."""
        return self._rows(
            times, labelled, kind=r.CARD, customer=customer, card=card, merchant=merchant, amount=amount,
            device=device, ip=ip, city=city, cvc=cvc, promotion=promotion, channel=r.ONLINE, entry_mode=r.ECOMMERCE,
        )  # fmt: skip

    def shop_payments(
        self, times: Ints, customer: Ints | int, card: Ints | int, merchant: Ints | int, amount: Ints,
        *, entry_mode: int, labelled: bool = True,
    ) -> r.Rows:  # fmt: skip
        """Payments in shops (n,) with the card itself or a copy of it."""
        return self._rows(
            times, labelled, kind=r.CARD, customer=customer, card=card, merchant=merchant, amount=amount,
            channel=r.IN_STORE, entry_mode=entry_mode,
        )  # fmt: skip

    def transfers(
        self, times: Ints, customer: Ints | int, counterparty: Ints | int, amount: Ints, direction: int,
        *, channel: int = -1, device: Ints | int = -1, ip: Ints | int = -1, city: Ints | int = -1,
        country: Ints | int | None = None,
    ) -> r.Rows:  # fmt: skip
        """Transfers (n,); without a `country`, the counterparty's own."""
        if country is None:
            country = self.world.country_of(np.broadcast_to(counterparty, len(times)))
        return self._rows(
            times, True, kind=r.TRANSFER, customer=customer, counterparty=counterparty, amount=amount,
            direction=direction, channel=channel, device=device, ip=ip, city=city, country=country,
        )  # fmt: skip

    def logins(
        self, times: Ints, customer: Ints | int, *, device: Ints | int, ip: Ints | int, city: Ints | int,
        result: Ints | int, method: int,
    ) -> r.Rows:  # fmt: skip
        return self._rows(
            times, True, kind=r.LOGIN, customer=customer, device=device, ip=ip, city=city, result=result,
            method=method, channel=r.WEB,
        )  # fmt: skip

    def changes(
        self, times: Ints, customer: Ints | int, change: Ints | int, *, device: Ints | int, ip: Ints | int,
        city: Ints | int, phone: Ints | int = -1, labelled: bool = True,
    ) -> r.Rows:  # fmt: skip
        return self._rows(
            times, labelled, kind=r.CHANGE, customer=customer, change=change, device=device, ip=ip, city=city,
            phone=phone,
        )  # fmt: skip

    def refunds(self, paid: r.Rows, times: Ints, share: float | Floats) -> r.Rows:
        return self._label(refund.refunds_of(paid, times, share), True)

    def refunds_of_nothing(self, times: Ints, customer: Ints, card: Ints, merchant: int, amount: Ints) -> r.Rows:
        """Refunds (n,) that name no payment."""
        return self._rows(times, True, kind=r.REFUND, customer=customer, card=card, merchant=merchant, amount=amount)

    def _rows(self, times: Ints, labelled: bool, **columns: object) -> r.Rows:
        return self._label(r.build(len(times), time=times, **columns), labelled)

    def _label(self, rows: r.Rows, labelled: bool) -> r.Rows:
        rows["scenario"] = self.code if labelled else -1
        return self._numbering.mark(rows, self.world.day)
