from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from seawall.apps import ids


def test_ids_are_version_7_and_carry_the_time() -> None:
    before = time.time_ns() // 1_000_000
    made = ids.uuid7()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1


def test_ids_grow_and_differ_across_threads() -> None:
    with ThreadPoolExecutor(4) as pool:
        lists = list(pool.map(lambda _: [ids.uuid7() for _ in range(500)], range(4)))
    assert all(one == sorted(one) for one in lists)
    assert len({made for one in lists for made in one}) == 2000


def test_a_clock_that_steps_back_and_a_full_millisecond_keep_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_last", (10**13, (1 << 74) - 2))
    monkeypatch.setattr(ids.time, "time_ns", lambda: 5)
    made = [ids.uuid7() for _ in range(50)]
    assert made == sorted(made)
    assert made[-1].int >> 80 == 10**13 + 1
