"""Limits and switches: resolution by entity, segment, all and default; rows, columns, snapshots and replays agree."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.engine import snapshot
from seawall.engine.answer import answer
from seawall.engine.decision import Decision
from seawall.engine.door import ClearSealer, Door, Event, Label
from seawall.engine.engine import Engine, Record
from seawall.engine.errors import EventError, PackError, StateError
from seawall.engine.lists import FOREVER
from seawall.engine.money import Rates
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from seawall.engine.settings import SettingDefinition, SettingEntry, SettingStore, Value, check_setting, fits
from tests.engine.settled import edit, entry, folder, pack, policy
from tests.engine.world import DAY, START, as_block, stream

HOUR = 3_600_000
NAMES = sorted(pack().settings)
KEYS = {"customer": ["c1", "c2", "c3"], "country": ["CN", "US"], "card": ["4111110000000002"], "shop": ["s1", "s2"]}
KEYS["home"] = KEYS["country"]
VALUES = {
    "money": [0, 40_000, 100_000, 10**9],
    "integer": [0, 2, 5],
    "number": [0.0, 2.5, 6.5],
    "switch": [True, False],
}


def resolve(applied: Sequence[SettingEntry], name: str, event: Event, t: int) -> Value | None:
    """What holds, by the words of the contract: the last record of each entry id, newest first, scope by scope."""
    definition = pack().settings[name]
    standing: list[SettingEntry] = []
    for record in applied:
        if record in standing:
            continue
        standing = [one for one in standing if (one.setting, one.entry_id) != (record.setting, record.entry_id)]
        if not record.removed:
            standing.append(record)
    for scope in ("entity", "segment", "all"):
        for one in reversed(standing):
            key = event.fields.get(definition.field_of(scope)) if scope != "all" else ""
            at = (one.setting, one.scope, one.key)
            if at == (name, scope, key) and one.valid_from <= t < one.valid_until:
                return one.value
    return definition.default


@st.composite
def entries(draw: st.DrawFn) -> SettingEntry:
    name = draw(st.sampled_from(NAMES))
    definition = pack().settings[name]
    scope = draw(st.sampled_from(["all", *(one for one in ("entity", "segment") if definition.field_of(one))]))
    start = draw(st.sampled_from([0, START, START + 6 * HOUR, START + DAY // 2]))
    stop = draw(st.sampled_from([START + 5 * HOUR, START + 18 * HOUR, FOREVER]))
    return entry(
        name,
        draw(st.sampled_from(VALUES[definition.type])),
        draw(st.sampled_from(KEYS[definition.field_of(scope)])) if scope != "all" else "",
        scope,
        entry_id=draw(st.sampled_from("abcdefgh")),
        valid_from=start,
        valid_until=max(stop, start + 1),
        removed=draw(st.integers(0, 5)) == 0,
    )


@cache
def events() -> list[Event | Label]:
    return [one for one in stream(seed=11, n=70) if isinstance(one, Event | Label)]


def decisions(engine: Engine, records: Sequence[Record], split: int) -> list[Decision]:
    found: list[Decision] = []
    for start in range(0, len(records), split):
        found += [one for one in engine.step(records[start : start + split]) if isinstance(one, Decision)]
    return found


def by_columns(engine: Engine, records: Sequence[Record]) -> list[str]:
    """content_hash of every decision, stretches between entries as columns."""
    hashes: list[str] = []
    waiting: list[Event | Label] = []
    for record in [*records, None]:
        if isinstance(record, Event | Label):
            waiting.append(record)
            continue
        if waiting:
            hashes += engine.step_block(as_block(waiting), hashes=True).hashes
        waiting = []
        if record is not None:
            engine.step([record])
    return hashes


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 69), entries()), max_size=25), st.integers(1, 70))
def test_rows_columns_and_the_contract_agree_for_any_entries_and_splits(
    placed: list[tuple[int, SettingEntry]], split: int
) -> None:
    records: list[Record] = []
    for index, event in enumerate(events()):
        records += [one for place, one in placed if place == index]
        records.append(event)
    found = decisions(Engine(policy()), records, split)
    names, applied, told = [name for name in NAMES if name in policy().slots], [], iter(found)
    assert names == NAMES, "every setting is read by some rule"
    for record in records:
        if isinstance(record, SettingEntry):
            applied.append(record)
        elif isinstance(record, Event):
            decision = next(told)
            shown = {name: decision.row[policy().slots[name]] for name in names}
            assert shown == {name: resolve(applied, name, record, decision.effective_ms) for name in names}
    assert [one.content_hash for one in found] == [one.content_hash for one in decisions(Engine(policy()), records, 1)]
    assert [one.content_hash for one in found] == by_columns(Engine(policy()), records)


def busy() -> list[Record]:
    """Events with entries of every kind in between."""
    first: list[SettingEntry] = [
        entry("limits.pay_each", 50_000, valid_until=START + 2 * DAY),
        entry("limits.pay_each", 30_000, "CN", "segment"),
        entry("limits.pay_each", 90_000, "c1"),
        entry("limits.by_card", 100, "4111110000000002"),
        entry("limits.items", 3, "s1"),
        entry("limits.weight", 2.0, "US", "segment"),
    ]
    later: list[SettingEntry] = [
        entry("limits.pay_each", 10_000, "c1", entry_id="x"),
        entry("limits.items", 9, "s1", removed=True),
        entry("switches.stop", True, valid_from=START + DAY // 2, valid_until=START + 20 * HOUR),
        entry("switches.safe", False),
    ]
    return [*first, *events()[:35], *later, *events()[35:]]


def test_the_stream_fires_every_rule_that_reads_a_setting_and_leaves_every_one_unfired() -> None:
    found = decisions(Engine(policy()), busy(), 1)
    rules = {"over", "of_card", "many", "heavy", "stopped", "strict", "near"}
    for rule in rules:
        assert 0 < sum(rule in one.rules for one in found) < len(found), rule


def test_a_snapshot_keeps_the_entries_and_which_is_the_newest() -> None:
    records = busy()
    whole = [one.content_hash for one in decisions(Engine(policy()), records, 1)]
    for cut in (5, 20, 43, 60):
        engine = Engine(policy())
        before = decisions(engine, records[:cut], 1)
        again = snapshot.restore(policy(), snapshot.dump(engine))
        assert list(again.settings) == list(engine.settings)
        assert [one.content_hash for one in before + decisions(again, records[cut:], 7)] == whole


def test_a_snapshot_from_before_there_were_settings_is_read() -> None:
    engine = Engine(policy())
    engine.step(events()[:5])
    data = snapshot.dump(engine)
    start = data.index(b"\n") + 9
    size = int.from_bytes(data[start - 8 : start], "little")
    head = msgspec.msgpack.decode(data[start : start + size])
    assert head.pop("settings") == []
    old = msgspec.msgpack.encode(head)
    parts = data[: start - 8] + len(old).to_bytes(8, "little") + old + data[start + size : -32]
    again = snapshot.restore(policy(), parts + hashlib.sha256(parts).digest())
    assert (again.sequence, len(again.settings)) == (5, 0)


# --- the store --------------------------------------------------------------------------------------------------------


def store_of(*applied: SettingEntry) -> SettingStore:
    store = SettingStore(pack().settings.values())
    for number, one in enumerate(applied, 1):
        store.apply(one, number)
    return store


def test_the_entity_goes_before_the_segment_before_all_before_the_default() -> None:
    name = "limits.pay_each"
    for_all, segment, entity = entry(name, 3), entry(name, 2, "CN", "segment"), entry(name, 1, "c1")
    for applied in ([for_all, segment, entity], [entity, segment, for_all]):
        store = store_of(*applied)
        assert store.value(name, "c1", "CN", 0) == 1
        assert store.value(name, "c2", "CN", 0) == 2
        assert store.value(name, None, "US", 0) == 3
        assert store.value(name, None, None, 0) == 3
    assert store_of(segment).value(name, "c1", "US", 0) == 80_000
    assert store_of().value("limits.items", "s1", None, 0) is None


def test_an_entry_holds_from_its_start_to_before_its_end_then_the_older_one_again() -> None:
    name = "limits.pay_each"
    store = store_of(entry(name, 1, "c1"), entry(name, 2, "c1", entry_id="b", valid_from=10, valid_until=20))
    assert [store.value(name, "c1", None, t) for t in (9, 10, 19, 20)] == [1, 2, 2, 1]


def test_the_same_entry_again_changes_nothing_not_even_the_order() -> None:
    name = "limits.pay_each"
    older, newer = entry(name, 1, "c1", entry_id="a"), entry(name, 2, "c1", entry_id="b")
    store = store_of(older, newer, older)
    assert store.value(name, "c1", None, 0) == 2
    assert [kept.sequence for kept in store] == [1, 2]
    changed = store_of(older, newer, msgspec.structs.replace(older, value=5))
    assert changed.value(name, "c1", None, 0) == 5


def test_a_removed_entry_gives_way_to_the_one_before_and_costs_nothing() -> None:
    name = "limits.pay_each"
    store = store_of(entry(name, 1, "c1", entry_id="a"), entry(name, 2, "c1", entry_id="b"))
    store.apply(entry(name, 2, "c1", entry_id="b", removed=True), 3)
    assert store.value(name, "c1", None, 0) == 1
    store.apply(entry(name, 1, "c1", entry_id="a", removed=True), 4)
    assert (len(store), store.used, dict(store.keys(name, "entity"))) == (0, (), {})
    store.apply(entry(name, 1, "c1", entry_id="never", removed=True), 5)
    assert len(store) == 0


def test_the_store_is_bounded_and_knows_its_settings() -> None:
    store = SettingStore(pack().settings.values(), max_entries=2)
    store.apply(entry("limits.pay_each", 1, "c1"), 1)
    store.apply(entry("limits.pay_each", 1, "c2"), 2)
    store.apply(entry("limits.pay_each", 5, "c2"), 3)
    with pytest.raises(StateError, match="the settings hold 2 entries"):
        store.apply(entry("limits.pay_each", 1, "c3"), 4)
    with pytest.raises(StateError, match=r"unknown setting 'limits\.gone'"):
        store.apply(msgspec.structs.replace(entry("limits.pay_each", 1), setting="limits.gone"), 5)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"type": "integer"}, False),
        ({"entity": "account"}, False),
        ({"segment": "home"}, True),
        ({"default": 7}, True),
    ],
)
def test_an_entry_is_carried_where_it_still_means_the_same(change: dict[str, Any], same: bool) -> None:
    assert fits(replace(pack().settings["limits.pay_each"], **change), entry("limits.pay_each", 1, "c1")) is same
    assert not fits(None, entry("limits.pay_each", 1, "c1"))


def test_activation_carries_the_entries_of_settings_that_stay(tmp_path: Path) -> None:
    made = tmp_path / "next"
    shutil.copytree(folder(), made)
    edit(
        made,
        "limits.yaml",
        "items: {title: {zh: 件数上限, en: Items}, type: integer",
        "items: {title: {zh: 件数上限, en: Items}, type: money",
    )
    edit(made, "rules.yaml", "has(limits.items) && items > limits.items", "base_amount > limits.items")
    edit(made, "policy.yaml", "version: 3", "version: 4")
    engine = Engine(policy())
    engine.step([entry("limits.pay_each", 1, "c1"), entry("limits.items", 2, "s1"), entry("switches.stop", True)])
    engine.activate(compile_policy(load_pack(made)))
    assert [kept.entry.setting for kept in engine.settings] == ["limits.pay_each", "switches.stop"]
    pay = next(one for one in events() if isinstance(one, Event))
    (decision,) = engine.step([pay])
    assert isinstance(decision, Decision)
    assert "stopped" in decision.rules


def test_the_explanation_shows_the_value_of_the_limit_that_was_read() -> None:
    engine = Engine(policy())
    pay = next(
        one for one in events() if isinstance(one, Event) and one.type == "pay" and one.fields["base_amount"] > 9
    )
    (decision,) = engine.step([entry("limits.pay_each", 7, pay.fields["customer"]), pay])[1:]
    assert isinstance(decision, Decision)
    told = msgspec.json.decode(answer(decision, policy(), "d", 0, explained=True))
    assert {"leaf": "limits.pay_each", "value": 7} in told["explain"]["over"]
    assert told["features"]["room"] == 7 - pay.fields["base_amount"]


# --- the door ---------------------------------------------------------------------------------------------------------

BODY: dict[str, object] = {
    "setting": "limits.pay_each",
    "entry_id": "e1",
    "scope": "entity",
    "key": "c1",
    "value": 50_000,
    "reason": "asked for",
    "source": "console",
}


class Surrogates(ClearSealer):
    def pseudonym(self, space: str, value: str) -> str:
        return f"{space}:{value[-4:]}"


def door() -> Door:
    return Door(pack(), Rates(), Surrogates(), lambda: START)


def test_an_entry_is_admitted_with_the_field_it_is_for() -> None:
    found = door().admit_setting(msgspec.json.encode(BODY | {"valid_until": "2026-12-01T00:00:00Z"}))
    assert (found.field, found.key, found.type, found.value) == ("customer", "c1", "money", 50_000)
    assert (found.valid_from, found.valid_until) == (0, 1_796_083_200_000)
    by_card = door().admit_setting(BODY | {"setting": "limits.by_card", "key": "4111110000000002"})
    assert (by_card.field, by_card.key) == ("card", "card:0002")
    number = door().admit_setting(BODY | {"setting": "limits.weight", "scope": "all", "value": 4} | {"key": None})
    assert (number.value, type(number.value)) == (4.0, float)
    switch = door().admit_setting(
        {"setting": "switches.stop", "entry_id": "s", "value": True, "reason": "r", "source": "s"}
    )
    assert (switch.scope, switch.key, switch.value) == ("all", "", True)


@pytest.mark.parametrize(
    ("change", "name", "why"),
    [
        ({"setting": "limits.pay_eech"}, "setting", "did you mean limits.pay_each"),
        ({"scope": "shop"}, "scope", "is one of entity, segment, all"),
        ({"scope": None}, "scope", "is one of"),
        ({"setting": "limits.items", "scope": "segment"}, "scope", "segment is not declared for limits.items"),
        ({"setting": "switches.stop", "value": True}, "scope", "entity is not declared"),
        ({"scope": "all"}, "key", "leave it out for all"),
        ({"key": None}, "key", "is required: the customer"),
        ({"key": "a\nb"}, "key", "control character"),
        ({"value": -1}, "value", "whole minor units from 0"),
        ({"value": 1.5}, "value", "whole minor units"),
        ({"value": True}, "value", "whole minor units"),
        ({"value": 10**15 + 1}, "value", "whole minor units"),
        ({"value": "7"}, "value", ""),
        ({"setting": "limits.weight", "scope": "all", "key": None, "value": 1e16}, "value", "a number from 0"),
        ({"setting": "switches.stop", "scope": "all", "key": None, "value": 1}, "value", "true or false"),
        ({"reason": ""}, "reason", ""),
        ({"valid_from": "soon"}, "valid_from", "RFC 3339"),
        ({"valid_from": "2026-12-01T00:00:00Z", "valid_until": "2026-12-01T00:00:00Z"}, "valid_until", "later end"),
        ({"vlaue": 1}, "vlaue", "did you mean value"),
        ({"source": None}, "source", ""),
    ],
)
def test_a_bad_entry_is_refused_by_the_field(change: dict[str, object], name: str, why: str) -> None:
    body = {key: value for key, value in (BODY | change).items() if value is not None}
    for given_body in (body, msgspec.json.encode(body)):
        with pytest.raises(EventError) as refused:
            door().admit_setting(given_body)  # type: ignore[arg-type]
        assert refused.value.field == name
        assert why in refused.value.message


@given(st.floats(allow_nan=True, allow_infinity=True) | st.integers() | st.booleans())
def test_only_values_of_the_type_pass(value: Value) -> None:
    for kind in ("money", "integer", "number", "switch"):
        definition = SettingDefinition("limits.x", kind)
        one = SettingEntry(
            setting="limits.x", entry_id="e", scope="all", type=kind, value=value, reason="r", source="s"
        )
        in_range = not isinstance(value, bool) and 0 <= value <= 10**15
        passes = {
            "switch": isinstance(value, bool),
            "number": isinstance(value, float) and in_range,
            "money": isinstance(value, int) and in_range,
            "integer": isinstance(value, int) and in_range,
        }
        if passes[kind]:
            check_setting(definition, one)
        else:
            with pytest.raises(EventError) as refused:
                check_setting(definition, one)
            assert refused.value.field == "value"


# --- the pack ---------------------------------------------------------------------------------------------------------

BAD = [
    ("limits.yaml", "type: integer", "type: whole", "type 'whole' is unknown"),
    ("limits.yaml", "entity: shop", "entity: shopp", "did you mean shop?"),
    ("limits.yaml", "entity: shop", "entity: event_id", "unknown entity key 'event_id'"),
    ("limits.yaml", "segment: home", "segment: items", "unknown key or code field 'items'"),
    ("limits.yaml", 'default: "800"', "default: 800", "text in major units"),
    ("limits.yaml", 'default: "800"', 'default: "-8"', "a limit is 0 or more"),
    ("limits.yaml", 'default: "800"', 'default: "8.001"', "default '8.001'"),
    ("limits.yaml", "default: 5", "default: -5", "default must lie between 0"),
    ("limits.yaml", "  items:", "  Items:", "name of limits 'Items' is not a name"),
    ("limits.yaml", "title: {zh: 件数上限, en: Items}, ", "", "limit lacks title"),
    ("switches.yaml", "default: true", "default: 1", "default must be true or false"),
    ("switches.yaml", "default: true", "defalt: true", "did you mean default?"),
    ("rules.yaml", "limits.by_card", "limits.by_crad", "unknown limit 'by_crad'"),
    ("rules.yaml", "base_amount > limits.by_card", "gift > limits.by_card", "money"),
    ("rules.yaml", "when: switches.stop,", "when: switches.stopp,", "unknown switch 'stopp'"),
    ("rules.yaml", "when: switches.stop,", "when: limits,", "a limit is read like this"),
    ("rules.yaml", "base_amount > limits.by_card", "card in limits.by_card", "a limit is a number, not a list"),
    ("features.yaml", 'country != "CN" &&', "items > limits.items &&", "'limits.items' may not be used"),
    ("tests.yaml", "given: []", 'given: [{at: "2026-01-01T00:00:00Z", setting: limits.no, value: 1}]', "unknown limit"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "why"), BAD)
def test_what_is_wrong_in_a_pack_is_named(file: str, old: str, new: str, why: str, tmp_path: Path) -> None:
    made = tmp_path / "pack"
    shutil.copytree(folder(), made)
    edit(made, file, old, new)
    with pytest.raises(PackError) as refused:
        compile_policy(load_pack(made))
    assert any(why in str(problem) and file in str(problem) for problem in refused.value.problems), refused.value


def test_a_setting_that_nothing_reads_is_a_warning(tmp_path: Path) -> None:
    made = tmp_path / "pack"
    shutil.copytree(folder(), made)
    edit(made, "rules.yaml", "when: switches.stop,", 'when: "false",')
    edit(made, "rules.yaml", "switches.safe && !switches.stop", "switches.safe")
    warned: CompiledPolicy = compile_policy(load_pack(made))
    assert any("no rule or feature reads switches.stop" in str(one) for one in warned.warnings)
    assert not any("limits." in str(one) and "reads" in str(one) for one in warned.warnings)


def test_the_files_count_in_the_content_hash(tmp_path: Path) -> None:
    made = tmp_path / "pack"
    shutil.copytree(folder(), made)
    assert load_pack(made).content_hash == pack().content_hash
    edit(made, "limits.yaml", '"800"', '"801"')
    assert load_pack(made).content_hash != pack().content_hash
