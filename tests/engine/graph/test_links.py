import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine.engine import Engine, Position
from seawall.engine.errors import StateError
from seawall.engine.feature import state as feature_state
from seawall.engine.graph import store
from seawall.engine.graph.definition import BREADTH, GROWTH, KINDS, RECENT
from seawall.engine.pack_case import run_case
from seawall.engine.snapshot import dump, dump_lane, restore
from seawall.engine.warming import Warming
from tests.engine.graph.linked import HOUR, START, as_block, decided, event, expected, label, pack, policy, stream

DAY = 24 * HOUR


@pytest.mark.parametrize(("seed", "members", "step"), [(1, 9, HOUR), (2, 30, HOUR // 6), (3, 5, 20 * HOUR)])
def test_the_engine_agrees_with_the_oracle(seed, members, step):
    records = stream(seed, 500, members, step)
    wanted = expected(records)
    rows, _ = decided(Engine(policy()), records, 64)
    assert rows == wanted
    for name in wanted[0]:  # the stream has something to say about every feature
        assert len({row[name] for row in wanted}) > 1, name


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1 << 30), st.integers(2, 40), st.sampled_from([HOUR // 60, HOUR, 12 * HOUR]))
def test_the_engine_agrees_with_the_oracle_on_any_stream(seed, members, step):
    records = stream(seed, 120, members, step)
    assert decided(Engine(policy()), records, 16)[0] == expected(records)


def test_records_batches_and_columns_give_the_same_hashes():
    records = stream(4, 600)
    one_by_one = decided(Engine(policy()), records, 1)[1]
    assert decided(Engine(policy()), records, 64)[1] == one_by_one
    engine, hashes = Engine(policy()), []
    for start in range(0, len(records), 150):
        hashes += engine.step_block(as_block(records[start : start + 150]), hashes=True).hashes
    assert hashes == one_by_one


def test_the_two_ways_may_alternate():
    records = stream(5, 400)
    wanted = decided(Engine(policy()), records, 64)[1]
    engine, hashes = Engine(policy()), []
    for number, start in enumerate(range(0, len(records), 50)):
        part = records[start : start + 50]
        hashes += decided(engine, part, 7)[1] if number % 2 else engine.step_block(as_block(part), hashes=True).hashes
    assert hashes == wanted


def test_a_snapshot_continues_as_if_nothing_had_been():
    records = stream(6, 500)
    whole, engine = Engine(policy()), Engine(policy())
    wanted = decided(whole, records, 64)[1]
    hashes = decided(engine, records[:250], 64)[1]
    engine = restore(policy(), dump(engine))
    assert hashes + decided(engine, records[250:], 64)[1] == wanted
    assert dump(engine) == dump(restore(policy(), dump(engine)))


def test_warming_leaves_what_deciding_does():
    records = stream(8, 400)
    engine, warming = Engine(policy()), Warming(policy())
    decided(engine, records, 64)
    warming.feed(records)
    (lane,) = engine.lanes.values()
    position = Position(engine.sequence, engine.clock_ms)
    assert b"".join(dump_lane(warming.lane, warming.position)) == b"".join(dump_lane(lane, position))


def test_letting_go_of_idle_values_changes_nothing(monkeypatch):
    records = stream(7, 1500, 60, 20 * HOUR)
    wanted = decided(Engine(policy()), records, 64)[0]
    monkeypatch.setattr(feature_state, "_SWEEP_EVERY", 8)
    engine = Engine(policy())
    rows = decided(engine, records, 8)[0]
    assert rows == wanted == expected(records)
    customers = engine.state.spaces[policy().plan.spaces.index("customer")]
    assert len(customers.values) < 60  # numbers were given out again


def test_a_link_lasts_as_long_as_declared():
    records = [
        event(1, "login", START, customer="a", device="x"),
        event(2, "login", START + 2 * DAY - 1000, customer="b", device="x"),
        event(3, "login", START + 2 * DAY, customer="b", device="x"),
    ]
    rows = decided(Engine(policy()), records, 1)[0]
    assert [row["linked_now"] for row in rows] == [0, 1, 0]


def test_a_value_of_too_many_links_nobody():
    records = [event(n, "login", START + n, customer=f"c{n}", device="x") for n in range(5)]  # hub: 3
    rows = decided(Engine(policy()), records, 1)[0]
    assert [row["linked_now"] for row in rows] == [0, 1, 2, 0, 0]
    assert [row["group"] for row in rows] == [1, 2, 3, 1, 1]  # what was joined before stays joined


def test_a_hub_links_again_when_its_users_have_gone():
    records = [event(n, "login", START, customer=f"c{n}", device="x") for n in range(5)]
    records += [event(6, "login", START + DAY, customer="c0", device="x")]
    records += [event(7, "login", START + 2 * DAY, customer="c9", device="x")]
    rows = decided(Engine(policy()), records, 1)[0]
    assert rows[-2]["linked_now"] == 0
    assert rows[-1]["linked_now"] == 1  # c0; the others' links have ended


def test_distance_counts_links_and_a_label_marks_when_it_arrives():
    records = [
        event(1, "pay", START, customer="a", device="x", ip="i", items=1),
        event(2, "pay", START + 1, customer="b", ip="i", device="y", items=1),
        event(3, "login", START + 2, customer="c", device="y"),
        label(4, START + 3, customer="a"),
        event(5, "login", START + 4, customer="c", device="y"),
        event(6, "login", START + 5, customer="b"),
        event(7, "login", START + 6, customer="a"),
        event(8, "login", START + 3 + 2 * DAY, customer="a"),
    ]
    rows = decided(Engine(policy()), records, 1)[0]
    assert [row["hops"] for row in rows] == [9, 9, 9, 4, 2, 0, 9]
    assert [row["linked_fraud"] for row in rows] == [0, 0, 0, 0, 1, 0, 0]


def test_a_late_record_reads_and_links_nothing():
    records = [
        event(1, "login", START, customer="a", device="x"),
        event(2, "login", START - 2 * HOUR, START, customer="b", device="x"),
        event(3, "login", START + 1, customer="a", device="x"),
    ]
    rows = decided(Engine(policy()), records, 1)[0]
    assert [row["linked_now"] for row in rows] == [0, 0, 0]


def test_counts_end_at_their_bound_and_old_values_drop_out():
    links = pack().links
    assert links is not None
    records = [event(n, "login", START + n, customer="a", device=f"x{n}") for n in range(RECENT + 1)]
    records += [event(100 + n, "login", START + 1000 + n, customer=f"b{n}", device=f"x{n}") for n in range(RECENT + 1)]
    records += [event(200, "login", START + 2000, customer="a")]
    assert decided(Engine(policy()), records, 64)[0][-1]["linked_by_device"] == RECENT
    many = [
        event(n, "pay", START + n, customer=f"c{n}", device=f"d{n // 2}", ip=f"i{(n + 1) // 2}", items=1)
        for n in range(399)
    ]
    row = decided(Engine(policy()), many, 64)[0][-1]
    assert row["group"] == 399
    assert row["linked_now"] <= BREADTH


def test_the_kernel_has_the_bounds_of_the_definition():
    kernel = (store.RECENT, store.BREADTH, store.GROWTH)
    assert kernel == (RECENT, BREADTH, KINDS.index(GROWTH))
    assert store.PLACES >= 3 * BREADTH  # the table of visits stays sparse


def test_growth_counts_members_that_are_new():
    records = [event(n, "login", START + n * HOUR, customer=f"c{n}", device=f"d{n // 2}") for n in range(4)]
    records += [event(9, "pay", START + 30 * HOUR, customer="c0", ip="i", device="d0", items=1)]
    records += [event(10, "pay", START + 31 * HOUR, customer="c2", ip="i", items=1)]
    records += [event(11, "pay", START + 31 * HOUR, customer="c7", device="d1", items=1)]
    row = decided(Engine(policy()), records, 1)[0][-1]
    assert (row["group"], row["growth_24h"], row["growth_2h"]) == (5, 1, 1)


def test_the_bound_of_the_state_covers_links():
    engine = Engine(policy(), max_state_bytes=1 << 20)
    records = [event(n, "login", START + n, customer=f"c{n}", device=f"d{n}") for n in range(9000)]
    with pytest.raises(StateError, match="max_state_bytes"):
        engine.step(records)


def test_the_packs_own_cases_pass():
    for case in pack().tests:
        assert run_case(policy(), case) == []
