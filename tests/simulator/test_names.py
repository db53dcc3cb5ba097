from __future__ import annotations

import ipaddress
import uuid
from datetime import datetime

import numpy as np

from seawall.simulator import names

KEYS = names.keys(9)
INDEX = np.arange(20_000)


def luhn_valid(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def test_card_numbers_are_valid_different_and_from_test_prefixes() -> None:
    numbers = names.card_numbers(INDEX, KEYS["card"]).tolist()
    assert all(len(number) == 16 and luhn_valid(number) for number in numbers)
    assert len(set(numbers)) == len(numbers)
    assert {number[:6] for number in numbers} == set(names.BINS)


def test_card_accounts_differ_even_without_their_prefix() -> None:
    accounts = {number[6:15] for number in names.card_numbers(INDEX, KEYS["card"]).tolist()}
    assert len(accounts) == len(INDEX)


def test_ids_differ_and_keep_one_shape() -> None:
    texts = names.ids("d", INDEX, KEYS["d"]).tolist()
    assert len(set(texts)) == len(texts)
    assert {len(text) for text in texts} == {9}
    assert {text[0] for text in texts} == {"d"}


def test_event_ids_are_uuid7_of_their_time() -> None:
    times = 1_767_225_600_000 + INDEX
    texts = names.event_ids(times, INDEX * 2**40, KEYS["event"]).tolist()
    assert len(set(texts)) == len(texts)
    for text, time in zip(texts[:500], times.tolist(), strict=False):
        parsed = uuid.UUID(text)
        assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
        assert parsed.int >> 80 == time


def test_events_of_one_moment_have_different_ids() -> None:
    texts = names.event_ids(np.full(len(INDEX), 5), INDEX, KEYS["event"])
    assert len(set(texts.tolist())) == len(INDEX)


def test_addresses_are_different_and_reserved() -> None:
    texts = names.addresses(INDEX, KEYS["ip"]).tolist()
    assert len(set(texts)) == len(texts)
    assert all(ipaddress.IPv4Address(text) in ipaddress.IPv4Network("240.0.0.0/4") for text in texts)


def test_times_are_rfc_3339_with_milliseconds() -> None:
    assert names.times(np.array([0, 1_767_225_600_007])).tolist() == [
        "1970-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00.007Z",
    ]
    assert datetime.fromisoformat(names.times(np.array([86_399_999])).tolist()[0]).microsecond == 999_000


def test_nothing_has_no_names() -> None:
    nothing = np.array([], dtype=np.int64)
    assert len(names.ids("c", nothing, 1)) == 0
    assert len(names.event_ids(nothing, nothing, 1)) == 0
    assert len(names.card_numbers(nothing, 1)) == 0
    assert len(names.addresses(nothing, 1)) == 0
    assert len(names.times(nothing)) == 0
