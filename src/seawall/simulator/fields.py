"""The fields of an event as it leaves: which kinds have them, what they mean, and how rows become their values."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from seawall.simulator import names, places
from seawall.simulator import rows as r
from seawall.simulator.merchants import CATEGORIES, Merchants
from seawall.simulator.randomness import Ints
from seawall.simulator.services import REGIONS, SERVICES

CURRENCY = "CNY"
_MCC = np.array([category.code for category in CATEGORIES])
_COUNTRIES = np.array(places.COUNTRIES)


@dataclass(frozen=True, slots=True)
class Naming:
    """What a run needs to name its rows."""

    merchants: Merchants
    keys: dict[str, int]


Values = Callable[[r.Rows, Naming], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field; `values(rows, naming)` gives an array (n,) for rows where `present(rows)` (n,) is true."""

    name: str
    kinds: tuple[str, ...]
    meaning: str
    present: Callable[[r.Rows], Ints]
    values: Values


def _has(column: str) -> Callable[[r.Rows], Ints]:
    return lambda rows: np.asarray(rows[column] >= 0)


def _always(rows: r.Rows) -> Ints:
    return np.ones(len(rows), dtype=bool)


def _has_place(rows: r.Rows) -> Ints:
    return np.asarray((rows["channel"] == r.IN_STORE) | (rows["kind"] == r.LOGIN))


def _word(column: str, words: tuple[str, ...]) -> Values:
    table = np.array(words)
    return lambda rows, naming: table[rows[column]]


def _id(column: str, prefix: str) -> Values:
    return lambda rows, naming: names.ids(prefix, rows[column], naming.keys[prefix])


def _merchant(column: str) -> Values:
    return lambda rows, naming: getattr(naming.merchants, column)[rows["merchant"]]


def _place(shop: str, city: Ints) -> Values:
    """Degrees: of the shop where there is one, else of the city of the address."""

    def values(rows: r.Rows, naming: Naming) -> Any:
        at_shop = rows["kind"] != r.LOGIN
        return np.where(at_shop, getattr(naming.merchants, shop)[rows["merchant"]], city[rows["city"]])

    return values


_EVERY = r.KINDS
_CUSTOMERS = r.CUSTOMER_KINDS
_PROBE = ("service.probe",)
_PAY = ("payment.card", "payment.refund")
_MONEY = (*_PAY, "payment.transfer")
_HANDS = ("payment.card", "payment.transfer", "login", "account.change")

FIELDS = (
    Field("event_id", _EVERY, "UUID version 7", _always,
          lambda rows, naming: names.event_ids(rows["time"], rows["uid"], naming.keys["event"])),
    Field("type", _EVERY, "the kind of event", _always, _word("kind", r.KINDS)),
    Field("event_time", _EVERY, "RFC 3339, UTC, milliseconds", _always, lambda rows, naming: names.times(rows["time"])),
    Field("customer", _CUSTOMERS, "who acts", _always, _id("customer", "c")),
    Field("account", ("payment.transfer",), "the customer's account", _always,
          lambda rows, naming: names.ids("a", rows["customer"], naming.keys["a"])),
    Field("card", _PAY, "16 digits, Luhn-valid, test prefixes", _always,
          lambda rows, naming: names.card_numbers(rows["card"], naming.keys["card"])),
    Field("merchant", _PAY, "the shop", _always, _id("merchant", "m")),
    Field("counterparty", ("payment.transfer",), "the other account", _always, _id("counterparty", "a")),
    Field("device", _HANDS, "telephone or computer", _has("device"), _id("device", "d")),
    Field("ip", _HANDS, "IPv4 in a reserved range", _has("ip"),
          lambda rows, naming: names.addresses(rows["ip"], naming.keys["ip"])),
    Field("ip_country", _HANDS, "ISO 3166-1 alpha-2", _has("city"),
          lambda rows, naming: _COUNTRIES[places.COUNTRY[rows["city"]]]),
    Field("counterparty_country", ("payment.transfer",), "ISO 3166-1 alpha-2, of the other account", _has("country"),
          lambda rows, naming: _COUNTRIES[rows["country"]]),
    Field("amount", _MONEY, "integer, minor units, above 0", _always, lambda rows, naming: rows["amount"]),
    Field("currency", _MONEY, "ISO 4217", _always, lambda rows, naming: np.full(len(rows), CURRENCY)),
    Field("direction", ("payment.transfer",), "out of or into the account", _always, _word("direction", r.DIRECTIONS)),
    Field("mcc", _PAY, "merchant category code, ISO 18245", _always,
          lambda rows, naming: _MCC[naming.merchants.category[rows["merchant"]]]),
    Field("merchant_country", _PAY, "ISO 3166-1 alpha-2", _always,
          lambda rows, naming: _COUNTRIES[places.COUNTRY[naming.merchants.city[rows["merchant"]]]]),
    Field("channel", ("payment.card", "payment.transfer", "login"), "how it reached the platform", _has("channel"),
          _word("channel", r.CHANNELS)),
    Field("entry_mode", ("payment.card",), "how the card was read", _always, _word("entry_mode", r.ENTRY_MODES)),
    Field("cvc", ("payment.card",), "result of the card security code", _has("cvc"), _word("cvc", r.CVC_RESULTS)),
    Field("latitude", ("payment.card", "login"), "degrees north, of the shop or the address", _has_place,
          _place("latitude", places.LATITUDE)),
    Field("longitude", ("payment.card", "login"), "degrees east, of the shop or the address", _has_place,
          _place("longitude", places.LONGITUDE)),
    Field("promotion", ("payment.card",), "the promotion whose price it had", _has("promotion"), _id("promotion", "p")),
    Field("result", ("login",), "success or failure", _always, _word("result", r.LOGIN_RESULTS)),
    Field("method", ("login",), "how the customer proved who they are", _always, _word("method", r.LOGIN_METHODS)),
    Field("change", ("account.change",), "what was changed", _always, _word("change", r.CHANGES)),
    Field("phone", ("account.change",), "the new telephone number", _has("phone"),
          lambda rows, naming: names.phone_numbers(rows["phone"], naming.keys["phone"])),
    Field("original", ("payment.refund",), "event_id of the payment given back", _has("original_uid"),
          lambda rows, naming: names.event_ids(rows["original_time"], rows["original_uid"], naming.keys["event"])),
    Field("service", _PROBE, "the service that was probed", _always,
          _word("service", tuple(service.name for service in SERVICES))),
    Field("check", _PROBE, "what the probe asked of it", _always,
          _word("service", tuple(service.check for service in SERVICES))),
    Field("status", _PROBE, "ok, slow, error or timeout", _always, _word("status", r.STATUSES)),
    Field("latency_ms", _PROBE, "until the answer, or until the probe gave up", _always,
          lambda rows, naming: rows["latency"]),
    Field("region", _PROBE, "where the probed instance runs", _always, _word("region", REGIONS)),
)  # fmt: skip


def fields_of(kinds: Collection[str], only: Collection[str] | None = None) -> tuple[Field, ...]:
    """The fields of these kinds, in order; `only` keeps those named. ValueError for a name that no kind here has."""
    offered = tuple(field for field in FIELDS if set(field.kinds) & set(kinds))
    if only is None:
        return offered
    unknown = sorted(set(only) - {field.name for field in offered})
    if unknown:
        known = ", ".join(field.name for field in offered)
        raise ValueError(f"fields: no {unknown[0]!r} in {', '.join(sorted(kinds))}; choose from {known}")
    return tuple(field for field in offered if field.name in only)
