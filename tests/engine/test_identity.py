"""The bounds of the id index, and what a batch that passes them leaves behind."""

from __future__ import annotations

import pytest

from seawall.engine.engine import Engine
from seawall.engine.errors import StateError
from seawall.engine.identity import IdIndex, text_as_double
from tests.engine.world import policy, stream


def test_a_full_index_refuses_the_batch_before_anything_happens() -> None:
    engine, records = Engine(policy()), stream(seed=8, n=40)
    engine.ids = IdIndex(engine.ids.horizon_ms, max_ids=30)
    engine.step(records[:20])
    before = (engine.sequence, engine.clock_ms, len(engine.ids))
    with pytest.raises(StateError, match="idempotency"):
        engine.step(records[20:])
    assert (engine.sequence, engine.clock_ms, len(engine.ids)) == before
    engine.ids.max_ids = 1000
    whole = Engine(policy())
    expected = [one.content_hash for one in whole.step(records) if one is not None]
    assert [one.content_hash for one in engine.step(records[20:]) if one is not None] == expected[
        -len(engine.ids) + before[2] :
    ]


def test_text_becomes_a_whole_number_below_two_to_the_52() -> None:
    values = {text_as_double(text) for text in ("CN", "US", "", "中国")}
    assert len(values) == 4
    assert all(value == int(value) and 0 <= value < 2**52 for value in values)
    assert text_as_double(None) != text_as_double(None)
