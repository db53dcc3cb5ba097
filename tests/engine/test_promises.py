"""What docs/reference/semantics.md promises and no other test holds: time, hashes, lists, horizons, forgetting."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from seawall.engine import snapshot
from seawall.engine.columns import Block, IntColumn, NumberColumn, TextColumn
from seawall.engine.decision import Decision
from seawall.engine.door import ClearSealer, Door, Event, Label
from seawall.engine.engine import Engine, Record
from seawall.engine.errors import ConflictError, StateError
from seawall.engine.feature import state as feature_state
from seawall.engine.money import Rates
from seawall.engine.pack import Pack, load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from seawall.engine.times import format_instant
from tests.engine.world import DAY, MINUTE, PACKS, START, as_block, decide, lists, pack, policy, stream

MOST = 10**15  # minor units of one amount
CARD = "6222020000000000"
Changed = Callable[..., CompiledPolicy]


def event(event_id: str, at: int, received: int | None = None, content: Pack | None = None, **fields: object) -> Event:
    """A payment as the door admits it, received at its own time unless told."""
    door = Door(content or pack(), Rates(), ClearSealer(), lambda: at if received is None else received)
    body = {"event_id": event_id, "type": "pay", "event_time": format_instant(at), "customer": "c1"}
    if fields.get("type", "pay") == "pay":
        body |= {"amount": 1_000, "currency": "CNY"}  # type: ignore[dict-item]
    return door.admit_object(body | fields)


def card(example: Pack, event_id: str, at: int, received: int | None = None, amount: int = 1_000) -> Event:
    kind: dict[str, object] = {"type": "payment.card", "card": CARD, "amount": amount}
    return event(event_id, at, received, example, currency="CNY", **kind)


def one(engine: Engine, record: Record) -> Decision:
    (result,) = engine.step([record])
    assert isinstance(result, Decision)
    return result


def value(engine: Engine, decision: Decision, name: str) -> Any:
    return decision.row[engine.policy.slots[name]]


def expected_hash(engine: Engine, decision: Decision) -> str:
    """content_hash as docs/reference/decision.md writes it, from the decision's own values."""
    members = ("degraded", "event_id", "list_hits", "outcome", "policy", "reasons", "rules", "score", "sequence")
    content = {name: getattr(decision, name) for name in members}
    head = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    names = engine.policy.feature_names
    assert list(names) == sorted(names)
    vector = b"".join(expected_double(decision.row[engine.policy.slots[name]]) for name in names)
    return hashlib.sha256(b"seawall-decision-1\n" + struct.pack("<I", len(head)) + head + vector).hexdigest()


def expected_double(found: object) -> bytes:
    if found is None:
        return struct.pack("<Q", 0x7FF8000000000000)
    if isinstance(found, str):
        (number,) = struct.unpack("<Q", hashlib.sha256(found.encode()).digest()[:8])
        return struct.pack("<d", number // 4096)
    assert isinstance(found, bool | int | float)
    return struct.pack("<d", 0.0 if found == 0 else float(found))


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    """The `everything` policy with texts of its files replaced; each must occur."""

    def change(*edits: tuple[str, str, str]) -> CompiledPolicy:
        folder = tmp_path / f"pack{len(list(tmp_path.iterdir()))}"
        shutil.copytree(PACKS / "everything", folder)
        for file, old, new in edits:
            text = (folder / file).read_text("utf-8")
            assert old in text, (file, old)
            (folder / file).write_text(text.replace(old, new, 1), "utf-8")
        return compile_policy(load_pack(folder))

    return change


# --- clock ------------------------------------------------------------------------------------------------------------


def test_effective_time_is_when_it_was_received_if_that_is_earlier(example: Pack) -> None:
    engine = Engine(compile_policy(example))
    early = one(engine, card(example, "e1", START + 4 * MINUTE, received=START))
    assert (early.effective_ms, early.late_by_ms) == (START, 0)
    next_one = one(engine, card(example, "e2", START + 10 * MINUTE))  # (t - 10m, t] leaves START out, not START + 4m
    assert (next_one.effective_ms, value(engine, next_one, "card_count_10m")) == (START + 10 * MINUTE, 1)


def test_effective_time_never_goes_back_and_late_by_counts_from_the_earlier_time(example: Pack) -> None:
    engine = Engine(compile_policy(example))
    one(engine, card(example, "e1", START))
    cases = [  # event_time, received_at, late by, both from START
        (-30_000, 5_000, 30_000),
        (-30_000, -20_000, 30_000),
        (60_000, -20_000, 20_000),
        (0, 0, 0),
        (60_000, 45_000, 0),
        (44_999, 80_000, 1),
    ]
    clock = START
    for number, (at, received, late) in enumerate(cases, start=2):
        decision = one(engine, card(example, f"e{number}", START + at, START + received))
        clock = max(clock, START + min(at, received))
        assert (decision.effective_ms, decision.late_by_ms) == (clock, late)
        assert engine.clock_ms == clock


def test_labels_move_the_clock_as_events_do(example: Pack) -> None:
    engine = Engine(policy())
    engine.step([Label("fraud", "x", START + 3 * MINUTE, START + MINUTE, {"customer": "c1"}, b"")])
    assert engine.clock_ms == START + MINUTE
    late = one(engine, event("e1", START))
    assert (late.effective_ms, late.late_by_ms) == (START + MINUTE, MINUTE)


def test_in_files_effective_time_is_the_running_maximum_of_event_time() -> None:
    offsets = [0, 4 * MINUTE, MINUTE, -DAY, 4 * MINUTE + 1, 4 * MINUTE]
    engine = Engine(policy())
    decided = engine.step_block(as_block([event(f"e{i}", START + at) for i, at in enumerate(offsets)]))
    assert decided.late_by_ms.tolist() == [0, 0, 3 * MINUTE, DAY + 4 * MINUTE, 0, 1]
    assert engine.clock_ms == START + 4 * MINUTE + 1
    (after,) = engine.step_block(as_block([event("e9", START + 10 * MINUTE)])).features
    count = list(engine.policy.feature_names).index("pay_count_10m")
    assert after[count] == 5  # its own, and of the six neither the one at START nor the one a day late


def test_a_past_decision_is_not_revised_by_what_comes_later(example: Pack) -> None:
    engine = Engine(policy())
    first = event("e1", START, shop="s1")
    decided = one(engine, first)
    kept = repr(decided)
    one(engine, event("late", START - 60_000, START + 1, shop="s1", amount=99_999_999))
    engine.step([Label("fraud", "e1", START + 2, START + 2, {"customer": "c1", "shop": "s1"}, b"")])
    engine.step(lists())
    assert one(engine, first) is decided
    assert repr(decided) == kept
    assert expected_hash(engine, decided) == decided.content_hash
    following = one(engine, event("e2", START + 3, shop="s1"))
    assert value(engine, following, "pay_count_10m") == 3, "what came later counts from its arrival on"
    assert value(engine, following, "shop_fraud_2d") == 1


# --- the hash ---------------------------------------------------------------------------------------------------------


def test_every_hash_can_be_computed_from_the_decisions_values() -> None:
    engine = Engine(policy())
    decisions = [found for found in engine.step([*lists(), *stream(seed=5, n=600)]) if isinstance(found, Decision)]
    names = engine.policy.feature_names
    kinds = {type(decision.row[engine.policy.slots[name]]) for decision in decisions for name in names}
    assert kinds == {int, float, bool, str, type(None)}, "values of every kind are among them"
    assert {len(decision.list_hits) > 0 for decision in decisions} == {True, False}
    assert [expected_hash(engine, found) for found in decisions] == [found.content_hash for found in decisions]


def test_minus_zero_stands_as_plus_zero(changed: Changed) -> None:
    ours = changed(("features.yaml", "base_amount / pay_mean_30d", "lat + lat"))
    minus, plus = (event("e1", START, lat=lat, content=ours.pack) for lat in (-0.0, 0.0))
    decisions = [one(Engine(ours), record) for record in (minus, plus)]
    blocks = [Engine(ours).step_block(as_block([record]), hashes=True) for record in (minus, plus)]
    assert len({*(d.content_hash for d in decisions), *(b.hashes[0] for b in blocks)}) == 1
    place = list(ours.feature_names).index("times_mean")
    assert np.signbit(blocks[0].features[0][place]) == np.False_
    assert decisions[0].content_hash == expected_hash(Engine(ours), decisions[0])


def test_missing_has_the_bits_of_the_design_in_the_vector() -> None:
    decided = Engine(policy()).step_block(as_block([event("e1", START)]))
    missing = dict(zip(decided.feature_names, decided.features[0].view(np.uint64).tolist(), strict=True))
    absent = ("pay_mean_30d", "times_mean", "last_country", "pair_count_90d", "since_login")
    assert {missing[name] for name in absent} == {0x7FF8000000000000}


def test_degraded_names_come_in_name_order_and_are_hashed() -> None:
    n = 2**63 // MOST + 2  # a sum of all does not fit, nor without the current one (as the mean is read)
    records: list[Record] = [event(f"e{i}", START + i, amount=MOST) for i in range(n)]
    engine = Engine(policy())
    decisions = [found for found in engine.step(records) if isinstance(found, Decision)]
    last = decisions[-1]
    names = ("pay_mean_30d", "pay_std_7d", "pay_sum_24h", "today_sum")
    assert last.degraded == tuple(f"feature:{name}" for name in names)
    assert [value(engine, last, name) for name in names] == [None] * 4
    assert decisions[-2].degraded == last.degraded[1:]
    assert not any(found.degraded for found in decisions[:-2])
    assert last.content_hash == expected_hash(engine, last)
    as_columns = Engine(policy())
    as_columns.step_block(as_block(records[:-1]))
    decided = as_columns.step_block(as_block(records[-1:]), hashes=True)
    assert decided.degraded == {0: list(last.degraded)}
    assert decided.hashes == [last.content_hash]


# --- lists ------------------------------------------------------------------------------------------------------------


def test_list_hits_come_by_list_name_then_entry_id_whether_asked_for_or_not() -> None:
    at = START + 6 * DAY
    record = event("e1", at, shop="s1", card="4111110000000002")
    wanted = ("denied/d1", "trusted/t1", "watched/w1", "watched/w2")  # no condition asks for `trusted`
    for entries in (lists(), lists()[::-1]):
        engine = Engine(policy())
        engine.step(entries)
        assert one(engine, record).list_hits == wanted
        engine = Engine(policy())
        engine.step(entries)
        assert engine.step_block(as_block([record])).list_hits == {0: list(wanted)}


NOT_LISTED = "'!(shop in lists.watched)'"


def test_in_lists_is_missing_where_the_key_is_absent(changed: Changed) -> None:
    ours = changed(
        ("rules.yaml", "id: joined,", "id: unlisted,"), ("rules.yaml", 'country + home == "CNUS"', NOT_LISTED)
    )
    fired = {"without": [], "other": ["unlisted"], "watched": ["listed"]}
    shops: dict[str, dict[str, object]] = {"without": {}, "other": {"shop": "s7"}, "watched": {"shop": "s1"}}
    for name, fields in shops.items():
        record = event("e1", START + DAY, content=ours.pack, **fields)
        rows, columns = Engine(ours), Engine(ours)
        rows.step(lists())
        columns.step(lists())
        decided = columns.step_block(as_block([record]))
        for rules in (one(rows, record).rules, decided.combinations[decided.fired[0]]):
            assert [rule for rule in rules if rule in ("unlisted", "listed")] == fired[name]


# --- which events are known -------------------------------------------------------------------------------------------


def test_event_ids_are_known_over_the_horizon() -> None:
    engine, horizon = Engine(policy()), 30 * DAY
    first = event("e1", START)
    decided = one(engine, first)
    one(engine, event("e2", START + horizon))
    assert one(engine, first) is decided
    other = event("e1", START, amount=2)
    assert isinstance(engine.step([other])[0], ConflictError)
    assert engine.sequence == 2


@pytest.mark.parametrize("others", [0, 1, 2, 3, 50])
def test_event_ids_are_forgotten_after_the_horizon(others: int) -> None:
    """`others`: how many events share the first one's time; all of them lie beyond the horizon in the end."""
    engine, horizon = Engine(policy()), 30 * DAY
    old = [event(f"e{i}", START) for i in range(1 + others)]
    engine.step(old)
    one(engine, event("new", START + horizon + 1))
    again = one(engine, old[-1])
    assert again.sequence == engine.sequence == len(old) + 2, "it is decided anew"
    assert again.late_by_ms == horizon + 1


def test_what_is_forgotten_does_not_depend_on_a_snapshot() -> None:
    engine = Engine(policy())
    old = [event(f"e{i}", START + i) for i in range(20)]
    engine.step([*old, event("new", START + 40 * DAY)])
    restored = snapshot.restore(policy(), snapshot.dump(engine))
    again = [event(f"e{i}", START + i) for i in range(20)]
    assert decide(engine, again, 7) == decide(restored, again, 7)
    assert engine.sequence == restored.sequence


def test_what_is_forgotten_does_not_depend_on_the_batches() -> None:
    first = event("e1", START)
    records: list[Record] = [first, event("new", START + 30 * DAY + 1), first, event("newer", START + 61 * DAY), first]
    engines = [Engine(policy()) for _ in range(3)]
    hashes = [decide(engine, records, split) for engine, split in zip(engines, (1, 2, 5), strict=True)]
    assert hashes[0] == hashes[1] == hashes[2]
    assert [engine.sequence for engine in engines] == [5, 5, 5], "each time it is decided anew"


def test_a_batch_that_fails_forgets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(policy())
    first = event("e1", START)
    decided = one(engine, first)

    def fail(*arguments: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(engine.state, "run", fail)
        with pytest.raises(MemoryError):
            engine.step([event("new", START + 40 * DAY), first])
    assert engine.clock_ms == START
    assert one(engine, first) == decided


# --- other policies ---------------------------------------------------------------------------------------------------

OTHER_FEATURES = [
    ("window: {last: 24h}, default: 0", "window: {last: 25h}, default: 0"),
    ("agg: max, of: base_amount", "agg: min, of: base_amount"),
    ("agg: min, of: items", "agg: min, of: ordered"),
    ("agg: distinct, of: device", "agg: distinct, of: country"),
    ("window: {last: 24h}, default: 0", "window: {last: 24h}, default: 7"),
    ("offset: 1d", "offset: 2d"),
    ("entity: shop, on: [pay], agg: distinct", "entity: device, on: [pay], agg: distinct"),
    ("entity: [customer, device], on", "entity: [device, customer], on"),
    ("on: [pay, login], agg: last", "on: [pay], agg: last"),
    ("window: {last: 7d}, unit: major", "window: {last: 7d}"),
    ("window: {calendar: day}", "window: {calendar: day, zone: UTC}"),
    ("zone: Europe/Berlin", "zone: Europe/Lisbon"),
    ('country != "CN" && currency', 'country != "US" && currency'),
    ("resolution: 1h, current: exclude", "resolution: 1h"),
    ("resolution: 1h, current: exclude", "resolution: exact, current: exclude"),
    ("name: month_count, version: 1", "name: month_count, version: 2"),
    ("of: [shop_fraud_2d, shop_count_2d], default: 0", "of: [shop_count_2d, shop_fraud_2d], default: 0"),
    ("entity: [customer, device, shop]", "entity: card"),
]


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return stream(seed=11, n=240)


@pytest.fixture(scope="module")
def undisturbed(records: list[Record]) -> list[str]:
    return decide(Engine(policy()), [*lists(), *records], 60)


@pytest.mark.parametrize(("old", "new"), OTHER_FEATURES)
def test_other_features_are_refused_and_nothing_changes(
    old: str, new: str, changed: Changed, records: list[Record], undisturbed: list[str]
) -> None:
    other = changed(("features.yaml", old, new))
    engine = Engine(policy())
    hashes = decide(engine, [*lists(), *records[:120]], 60)
    before = (engine.sequence, engine.clock_ms, engine.policy, list(engine.lists))
    with pytest.raises(ConflictError, match="everything@3 has other features"):
        engine.activate(other)
    assert (engine.sequence, engine.clock_ms, engine.policy, list(engine.lists)) == before
    with pytest.raises(StateError, match="other features than everything@3"):
        snapshot.restore(other, snapshot.dump(engine))
    assert hashes + decide(engine, records[120:], 60) == undisturbed


def test_a_snapshot_by_another_kernel_is_refused(monkeypatch: pytest.MonkeyPatch, records: list[Record]) -> None:
    engine = Engine(policy())
    engine.step(records[:20])
    data = snapshot.dump(engine)
    source = feature_state.kernel_source
    monkeypatch.setattr(feature_state, "kernel_source", lambda plan, *checked: source(plan, *checked) + "\n# newer\n")
    with pytest.raises(StateError, match="rebuild the state"):
        snapshot.restore(policy(), data)


def test_event_types_outside_every_on_are_approved_with_score_0_and_hashed(changed: Changed) -> None:
    ours = changed(
        ("policy.yaml", "on: [pay, login]", "on: [pay]"),
        ("rules.yaml", "on: [login], when", "on: [pay], when"),
        ("lists.yaml", "kind: watch, key: shop", "kind: watch, key: shop"),
    )
    records = [
        event("e1", START, type="login", device="d1", country="US", content=ours.pack),
        event("e2", START + 1, type="login", device="d2", country="US", content=ours.pack),
        event("e3", START + 2, content=ours.pack, device="d3", country="US"),
    ]
    rows, columns = Engine(ours), Engine(ours)
    for engine in (rows, columns):
        engine.step(lists())
    decisions = [found for found in rows.step(records) if isinstance(found, Decision)]
    login = decisions[1]
    assert (login.outcome, login.score, login.rules, login.reasons) == ("approve", 0, (), ())
    assert login.list_hits == ("trusted/t1",)
    assert login.sequence == len(lists()) + 2
    assert login.content_hash == expected_hash(rows, login)
    assert decisions[2].score > 0
    decided = columns.step_block(as_block(records), hashes=True)
    assert decided.hashes == [found.content_hash for found in decisions]


# --- forgetting -------------------------------------------------------------------------------------------------------


def later(records: Sequence[Record], by: int, mark: str) -> list[Event | Label]:
    """The same records `by` ms later, under ids of their own; `mark` also tells their devices from the others'."""
    moved: list[Event | Label] = []
    for record in records:
        name = getattr(record, "event_id", "") + mark
        if isinstance(record, Event):
            fields = record.fields | ({"device": record.fields["device"] + mark} if "device" in record.fields else {})
            times = {"event_time": record.event_time + by, "received_at": record.received_at + by}
            moved.append(replace(record, event_id=name, fields=fields, **times))
        elif isinstance(record, Label):
            times = {"label_time": record.label_time + by, "received_at": record.received_at + by}
            moved.append(replace(record, event_id=name, **times))
    return moved


@pytest.mark.parametrize("columns", [False, True])
def test_forgetting_idle_ids_changes_no_decision(columns: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    eras = [later(stream(seed=era, n=300), 100 * DAY * era, f"-{era}") for era in range(4)]
    whole = as_block([record for era in eras for record in era])
    forgotten = 0

    def run(engine: Engine, start: int, stop: int) -> list[str]:
        if columns:
            return engine.step_block(part(whole, start, stop), hashes=True).hashes
        everything: list[Record] = [record for era in eras for record in era]
        return decide(engine, everything[start:stop], 16)

    swept, kept = Engine(policy()), Engine(policy())
    monkeypatch.setattr(kept.state, "sweep", lambda t, slices=1: None)
    for engine in (swept, kept):
        engine.step(lists())
    for start in range(0, len(whole), 50):
        stop = min(start + 50, len(whole))
        assert run(swept, start, stop) == run(kept, start, stop)
        swept.state.sweep(swept.clock_ms, slices=40)
        forgotten = max(forgotten, *(len(space.free) for space in swept.state.spaces))
    assert forgotten >= 5, "ids were forgotten"
    assert not any(space.free for space in kept.state.spaces), "and here they were not"
    assert len(kept.state.spaces[0].values) > 0


def part(block: Block, start: int, stop: int) -> Block:
    """Rows of a block; its dictionaries stay the same objects, as a file reader's do."""
    columns: dict[str, Any] = {}
    for name, column in block.columns.items():
        if isinstance(column, TextColumn):
            columns[name] = TextColumn(column.codes[start:stop], column.texts)
        elif isinstance(column, NumberColumn):
            columns[name] = NumberColumn(column.values[start:stop])
        else:
            columns[name] = IntColumn(column.values[start:stop])
    ids = block.event_ids[start:stop]
    return Block(block.type_names, block.types[start:stop], block.times[start:stop], ids, columns)


def test_the_parts_of_a_block_are_the_block() -> None:
    whole = as_block([record for record in stream(seed=2, n=30) if isinstance(record, Event | Label)])
    first = part(whole, 0, 30)
    for name, column in whole.columns.items():
        codes = column.codes if isinstance(column, TextColumn) else column.values
        other = first.columns[name]
        assert np.array_equal(codes, other.codes if isinstance(other, TextColumn) else other.values, equal_nan=True)
    middle = part(whole, 3, 7)
    assert (len(middle), list(middle.event_ids)) == (4, list(whole.event_ids[3:7]))
