from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.simulator.randomness import Range, scramble32, scramble62, stream


def test_a_stream_is_its_name() -> None:
    assert stream(3, "a", 1).random() == stream(3, "a", 1).random()
    others = {stream(*name).random() for name in ((3, "a", 1), (3, "a", 2), (3, "b", 1), (4, "a", 1), (3, "a"))}
    assert len(others) == 5


@given(st.integers(0, 2**32), st.booleans(), st.floats(0.1, 50), st.floats(0, 100))
def test_narrowed_range_lies_inside_and_is_clearly_smaller(seed: int, log: bool, low: float, width: float) -> None:
    whole = Range(low, low + width, log)
    part = whole.narrowed(stream(seed, "range"))
    assert whole.low <= part.low <= part.high <= whole.high
    if not log:
        assert part.high - part.low <= 0.6 * width + 1e-9
    assert part.low <= part.draw(stream(seed, "draw")) <= part.high


def test_logarithmic_range_draws_half_below_its_geometric_middle() -> None:
    rng = stream(1, "log")
    draws = np.array([Range(1, 10_000, log=True).draw(rng) for _ in range(2_000)])
    assert abs((draws < 100).mean() - 0.5) < 0.05


def test_range_runs_upwards() -> None:
    with pytest.raises(AssertionError, match="upwards"):
        Range(2, 1)


@pytest.mark.parametrize("key", [0, 1, 2**63 - 1])
def test_scrambling_is_one_to_one(key: int) -> None:
    index = np.arange(100_000)
    assert len(np.unique(scramble32(index, key))) == len(index)
    spread = index * (2**62 // len(index))
    scrambled = scramble62(spread, key)
    assert len(np.unique(scrambled)) == len(index)
    assert int(scrambled.max()) < 2**62


def test_scrambling_hides_the_order() -> None:
    scrambled = scramble32(np.arange(10_000), 7).astype(np.float64)
    assert abs(np.corrcoef(scrambled, np.arange(10_000))[0, 1]) < 0.05
