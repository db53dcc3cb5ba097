"""One sequence, one result: whatever the batches, the path, the snapshots."""

from __future__ import annotations

import pytest

from seawall.engine import snapshot
from seawall.engine.door import Event
from seawall.engine.engine import Engine, Record
from seawall.engine.errors import ConflictError, StateError
from tests.engine.world import as_block, decide, lists, policy, stream

SPLITS = (2, 7, 64, 65, 1000, 4096)


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return stream(seed=3, n=1500)


@pytest.fixture(scope="module")
def one_by_one(records: list[Record]) -> list[str]:
    return decide(Engine(policy()), [*lists(), *records], 1)


def test_the_stream_exercises_every_rule(records: list[Record]) -> None:
    engine = Engine(policy())
    decisions = [one for one in engine.step([*lists(), *records]) if one is not None]
    fired = {rule for one in decisions for rule in one.rules}
    table_ids = {"mix", "each/gift", "each/abroad", "band/big", "band/big_foreign"}
    assert fired >= {rule.id for rule in engine.policy.pack.rules} | table_ids | {"denied"}
    assert {one.outcome for one in decisions} == {"approve", "challenge", "review", "decline"}
    assert any(one.late_by_ms > 2 * 3_600_000 for one in decisions)


@pytest.mark.parametrize("split", SPLITS)
def test_any_batch_split_gives_the_same_hashes(records: list[Record], one_by_one: list[str], split: int) -> None:
    assert decide(Engine(policy()), [*lists(), *records], split) == one_by_one


@pytest.mark.parametrize("split", [1, 3, 50, 400, 1500])
def test_columns_decide_as_records_do(records: list[Record], one_by_one: list[str], split: int) -> None:
    engine = Engine(policy())
    engine.step(lists())
    # the records arrive when the door stamped them; a file's records arrive at their own time, so late ones are not
    # capped by it: both see the same effective times here because received_at never lies before event_time
    hashes = []
    for start in range(0, len(records), split):
        hashes += engine.step_block(as_block(records[start : start + split]), hashes=True).hashes
    assert hashes == one_by_one


def test_paths_may_alternate(records: list[Record], one_by_one: list[str]) -> None:
    engine = Engine(policy())
    hashes = decide(engine, [*lists(), *records[:500]], 13)
    hashes += engine.step_block(as_block(records[500:900]), hashes=True).hashes
    assert hashes + decide(engine, records[900:], 40) == one_by_one


@pytest.mark.parametrize("at", [0, 1, 517, 1499])
def test_a_snapshot_changes_nothing(records: list[Record], one_by_one: list[str], at: int) -> None:
    engine = Engine(policy())
    before = decide(engine, [*lists(), *records[:at]], 31)
    restored = snapshot.restore(policy(), snapshot.dump(engine))
    assert (restored.sequence, restored.clock_ms) == (engine.sequence, engine.clock_ms)
    assert before + decide(restored, records[at:], 31) == one_by_one


def test_a_restored_engine_still_knows_its_events(records: list[Record]) -> None:
    engine = Engine(policy())
    decided = {one.event_id: one for one in engine.step(records[:50]) if one is not None}
    restored = snapshot.restore(policy(), snapshot.dump(engine))
    again = [record for record in records[:50] if isinstance(record, Event)]
    assert [one.content_hash for one in restored.step(again)] == [decided[one.event_id].content_hash for one in again]
    assert restored.sequence == engine.sequence


@pytest.mark.parametrize("at", [0, 40, 2000, -1, -40])
def test_a_damaged_snapshot_is_refused(records: list[Record], at: int) -> None:
    engine = Engine(policy())
    engine.step(records[:20])
    data = bytearray(snapshot.dump(engine))
    data[at] ^= 1
    with pytest.raises(StateError, match="snapshot"):
        snapshot.restore(policy(), bytes(data))
    with pytest.raises(StateError, match=r"damaged|not a snapshot"):
        snapshot.restore(policy(), bytes(data[:-100]))


def test_a_repeated_event_gets_the_stored_decision(records: list[Record]) -> None:
    event = next(record for record in records if isinstance(record, Event))
    engine = Engine(policy())
    first, same = engine.step([event, event])
    later = engine.step([event])[0]
    assert first is same
    assert first is later
    assert engine.sequence == 1


def test_the_same_id_with_other_content_is_a_conflict(records: list[Record]) -> None:
    event = next(record for record in records if isinstance(record, Event))
    other = Event(event.event_id, event.type, event.event_time, event.received_at, event.fields, b"other")
    engine = Engine(policy())
    first, conflict = engine.step([event, other])
    assert isinstance(conflict, ConflictError)
    assert isinstance(engine.step([other])[0], ConflictError)
    assert engine.sequence == 1
    assert first is not None


def test_a_hot_swap_keeps_the_windows(records: list[Record], one_by_one: list[str]) -> None:
    engine = Engine(policy())
    engine.step([*lists(), *records[:700]])
    before = engine.sequence
    assert engine.activate(policy()) == before + 1
    swapped = [one for one in engine.step(records[700:800]) if one is not None]
    plain = Engine(policy())
    expected = [one for one in plain.step([*lists(), *records[:800]]) if one is not None][-len(swapped) :]
    assert [(one.outcome, one.score, one.rules) for one in swapped] == [
        (one.outcome, one.score, one.rules) for one in expected
    ]
