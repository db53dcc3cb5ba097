from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.sealing.cache import Recent


@given(st.integers(2, 9), st.lists(st.tuples(st.sampled_from("gpd"), st.integers(0, 12))))
def test_a_hit_is_the_last_value_put_and_the_bound_holds(size: int, steps: list[tuple[str, int]]) -> None:
    cache: Recent[int, int] = Recent(size)
    truth: dict[int, int] = {}
    for number, (step, key) in enumerate(steps, 1):
        if step == "p":
            cache.put(key, number)
            truth[key] = number
            assert cache.get(key) == number
        elif step == "d":
            cache.drop(key)
            truth.pop(key, None)
            assert cache.get(key) is None
        else:
            assert cache.get(key) in (None, truth.get(key))
        assert len(cache) <= size


def test_what_is_used_stays_and_what_is_not_goes() -> None:
    cache: Recent[int, int] = Recent(4)
    for key in range(1, 20):
        cache.put(key, key)
        cache.put(0, 100)
    assert cache.get(0) == 100
    assert cache.get(1) is None
    cache.clear()
    assert len(cache) == 0


def test_no_room_is_refused() -> None:
    with pytest.raises(ValueError, match="room for 2"):
        Recent(1)
