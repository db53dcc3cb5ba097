"""Side by side: a challenger and shadows change nothing outside their share, and decide as they would alone."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine import snapshot
from seawall.engine.decision import Decision, Other
from seawall.engine.deployment import WHOLE, Challenger, Deployment, check_deployment, split
from seawall.engine.door import Event, Label
from seawall.engine.engine import Engine, Record
from seawall.engine.errors import ConflictError, PolicyError, StateError
from seawall.engine.lane import windows_of
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from seawall.engine.warming import Warming
from tests.engine.world import PACKS, as_block, lists, policy, stream

RULES = (
    ("rules.yaml", "score: 25, severity: high", "score: 60, severity: high"),
    ("policy.yaml", "version: 3", "version: 4"),
)
FEATURES = (
    ("features.yaml", "window: {last: 10m}", "window: {last: 20m}"),
    ("policy.yaml", "version: 3", "version: 5"),
)
NARROW = (
    ("events.yaml", "lateness: 2h", "lateness: 3h"),
    ("policy.yaml", "version: 3", "version: 6"),
)


@cache
def changed(edits: tuple[tuple[str, str, str], ...]) -> CompiledPolicy:
    with TemporaryDirectory() as name:
        folder = Path(name) / "pack"
        shutil.copytree(PACKS / "everything", folder)
        for file, old, new in edits:
            text = (folder / file).read_text("utf-8")
            assert old in text, (file, old)
            (folder / file).write_text(text.replace(old, new), "utf-8")
        return compile_policy(load_pack(folder))


@cache
def world() -> tuple[CompiledPolicy, CompiledPolicy, CompiledPolicy]:
    """The champion, one with other rules, one with other windows."""
    return policy(), changed(RULES), changed(FEATURES)


@cache
def records(seed: int = 3) -> tuple[Record, ...]:
    return (*lists(), *stream(seed=seed, n=260))


def alone(one: CompiledPolicy, sequence: Sequence[Record]) -> dict[int, Decision]:
    return {found.sequence: found for found in Engine(one).step(sequence) if isinstance(found, Decision)}


@cache
def lone(which: int, seed: int) -> dict[int, Decision]:
    return alone(world()[which], records(seed))


def short(decision: Decision) -> Other:
    return Other(decision.policy, decision.outcome, decision.score, decision.rules, decision.degraded)


def run(engine: Engine, sequence: Sequence[Record], cuts: Sequence[int]) -> tuple[dict[int, Decision], dict[int, Any]]:
    found: dict[int, Decision] = {}
    others: dict[int, Any] = {}
    edges = sorted({0, len(sequence), *(cut % len(sequence) for cut in cuts)})
    for start, stop in pairwise(edges):
        found |= {one.sequence: one for one in engine.step(sequence[start:stop]) if isinstance(one, Decision)}
        others |= engine.others
    return found, others


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 3),
    share=st.integers(1, 5_000),
    salt=st.text("0123456789abcdef", min_size=1, max_size=8),
    entity=st.sampled_from(["customer", "card", "shop"]),
    rival=st.sampled_from([1, 2]),
    beside=st.permutations([1, 2]),
    cuts=st.lists(st.integers(1, 260), max_size=6),
    restart=st.integers(0, 260),
)
def test_each_policy_decides_as_it_would_alone_and_serves_its_share_only(
    seed: int, share: int, salt: str, entity: str, rival: int, beside: list[int], cuts: list[int], restart: int
) -> None:
    policies, sequence = world(), records(seed)
    shadows = tuple(policies[one] for one in beside if one != rival)
    deployment = Deployment(policies[0], Challenger(policies[rival], share, entity, salt), shadows)
    engine = Engine(deployment)
    middle = restart % len(sequence)
    served, others = run(engine, sequence[:middle], cuts) if middle else ({}, {})
    engine = snapshot.restore(deployment, snapshot.dump(engine))
    more, beside_more = run(engine, sequence[middle:], cuts)
    served, others = served | more, others | beside_more
    champion, challenger = lone(0, seed), lone(rival, seed)
    events = {number: record for number, record in enumerate(sequence, 1) if isinstance(record, Event)}
    assert served.keys() == champion.keys() == events.keys()
    for number, decision in served.items():
        value = events[number].fields.get(entity)
        is_its_turn = value is not None and split(salt, str(value)) < share
        kept, other = (challenger, champion) if is_its_turn else (champion, challenger)
        assert decision == kept[number], "to the bit"
        shades = tuple(short(lone(policies.index(one), seed)[number]) for one in shadows)
        assert others[number] == (short(other[number]), *shades)


def test_the_policies_differ_so_that_the_property_means_something() -> None:
    champion, rules, windows = lone(0, 3), lone(1, 3), lone(2, 3)
    assert any(champion[n].outcome != rules[n].outcome for n in champion)
    assert any(champion[n].row != windows[n].row for n in champion)
    assert windows_of(policy()) == windows_of(changed(RULES))
    assert windows_of(policy()) != windows_of(changed(FEATURES))


def test_a_change_of_rules_runs_no_second_kernel() -> None:
    first, rules, windows = world()
    engine = Engine(Deployment(first, None, (rules,)))
    assert len(engine.lanes) == 1
    assert len(Engine(Deployment(first, None, (rules, windows))).lanes) == 2


def test_another_lateness_bound_has_windows_of_its_own() -> None:
    other, sequence = changed(NARROW), records(2)
    engine = Engine(Deployment(policy(), None, (other,)))
    assert len(engine.lanes) == 2
    _, others = run(engine, sequence, [100])
    expected = alone(other, sequence)
    assert {n: found[0] for n, found in others.items()} == {n: short(one) for n, one in expected.items()}


@given(value=st.text(min_size=1, max_size=20), low=st.integers(1, 5_000), more=st.integers(0, 4_999))
def test_a_larger_share_keeps_those_who_were_in_the_smaller(value: str, low: int, more: int) -> None:
    small, large = (Challenger(world()[1], share, "card", "a5") for share in (low, min(5_000, low + more)))
    assert large.serves(value) or not small.serves(value)


def test_the_split_is_even_and_is_the_published_one() -> None:
    assert [split("a5", name) for name in ("c1", "c2", "张三")] == [6_190, 7_763, 1_853]
    places = [split("9f", f"customer-{number}") for number in range(20_000)]
    for tenth in range(10):
        share = sum(tenth * WHOLE // 10 <= place < (tenth + 1) * WHOLE // 10 for place in places)
        assert 1_850 < share < 2_150


def test_an_event_without_the_entity_is_the_champions() -> None:
    deployment = Deployment(policy(), Challenger(changed(RULES), 5_000, "device", "s"))
    served, _ = run(Engine(deployment), records(1), [])
    events = dict(enumerate(records(1), 1))
    without = [number for number in served if "device" not in events[number].fields]  # type: ignore[union-attr]
    assert without
    assert {served[number].policy for number in without} == {"everything@3"}
    assert {one.policy for one in served.values()} == {"everything@3", "everything@4"}


# --- switching --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [1, 64, 133])
def test_after_a_switch_the_new_champion_decides_as_it_would_have_all_along(at: int) -> None:
    first, _, windows = world()
    sequence = records(3)
    engine = Engine(Deployment(first, None, (windows,)))
    engine.step(sequence[:at])
    number = engine.deploy(Deployment(windows, None, (first,)))
    assert number == at + 1
    served, others = run(engine, sequence[at:], [70])
    champion, former = lone(2, 3), lone(0, 3)
    assert served.keys() == {n + 1 for n in champion if n > at}
    for n, decision in served.items():
        expected = champion[n - 1]
        assert (decision.row, decision.score, decision.rules) == (expected.row, expected.score, expected.rules)
        assert others[n][0] == short(former[n - 1])


@pytest.mark.parametrize("at", [1, 90, 200])
def test_warmed_windows_are_those_of_a_policy_that_ran_from_the_beginning(at: int) -> None:
    first, _, windows = world()
    sequence = records(3)
    engine = Engine(first)
    engine.step(sequence[:at])
    warming = Warming(windows)
    passed = [record if isinstance(record, Event | Label) else None for record in sequence[:at]]
    for start in range(0, at, 37):
        warming.feed(passed[start : start + 37])
    lane, position = snapshot.restore_lane(windows, b"".join(snapshot.dump_lane(warming.lane, warming.position)))
    assert engine.deploy(Deployment(windows), [(lane, position)]) == at + 1
    served, _ = run(engine, sequence[at:], [20])
    expected = lone(2, 3)
    assert [one.row for one in served.values()] == [expected[n - 1].row for n in served]


def test_windows_that_are_cold_or_stand_elsewhere_are_refused_and_nothing_changes() -> None:
    first, _, windows = world()
    engine = Engine(first)
    engine.step(records(3)[:50])
    warming = Warming(windows)
    with pytest.raises(ConflictError, match="everything@5 has other features than everything@3"):
        engine.deploy(Deployment(first, None, (windows,)))
    with pytest.raises(StateError, match="the warmed windows stand at 0, the engine at 50"):
        engine.deploy(Deployment(windows), [(warming.lane, warming.position)])
    assert (engine.sequence, engine.policy) == (50, first)
    served, _ = run(engine, records(3)[50:], [10])
    assert served == {n: one for n, one in lone(0, 3).items() if n > 50}


def test_columns_refuse_more_than_one_policy() -> None:
    engine = Engine(Deployment(policy(), None, (changed(RULES),)))
    with pytest.raises(StateError, match="columns decide under one policy"):
        engine.step_block(as_block([one for one in records(1) if isinstance(one, Event)][:3]))


@pytest.mark.parametrize(
    ("deployment", "words"),
    [
        (lambda a, b: Deployment(a, None, (b, b)), "everything@4 is named twice"),
        (lambda a, b: Deployment(a, Challenger(b, 0, "card", "s")), "is 1 to 5,000 basis points, not 0"),
        (lambda a, b: Deployment(a, Challenger(b, 5_001, "card", "s")), "not 5,001"),
        (lambda a, b: Deployment(a, Challenger(b, 10, "amount", "s")), "'amount' is no key field of the champion"),
    ],
)
def test_what_cannot_run_side_by_side_is_named(deployment: Any, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        check_deployment(deployment(policy(), changed(RULES)))


# --- faults -----------------------------------------------------------------------------------------------------------


class Broken(Exception):
    pass


def _raise(*_: object, **__: object) -> Any:
    raise Broken("it broke")


@pytest.mark.parametrize("step", ["judge", "open", "score"])
def test_a_failing_shadow_degrades_only_its_own_result(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, rules, windows = world()
    engine = Engine(Deployment(first, None, (rules, windows)))
    monkeypatch.setattr(engine._tracks[1], step, _raise)
    served, others = run(engine, records(3), [50])
    assert served == lone(0, 3)
    for n, (broken, whole) in others.items():
        assert broken == Other("everything@4", "", 0, (), ("policy",))
        assert whole == short(lone(2, 3)[n])


def test_windows_of_a_shadow_that_cannot_grow_rest_and_cost_no_one(monkeypatch: pytest.MonkeyPatch) -> None:
    first, _, windows = world()
    engine = Engine(Deployment(first, None, (windows,)))
    sequence = records(3)
    run(engine, sequence[:100], [])
    monkeypatch.setattr(engine._lanes[1].state, "run", _raise)
    served, others = run(engine, sequence[100:], [30])
    assert served == {n: one for n, one in lone(0, 3).items() if n > 100}
    assert {found for (found,) in others.values()} == {Other("everything@5", "", 0, (), ("policy",))}
    assert engine.troubles == {"everything@5": "it broke"}
    assert len(engine.lanes) == 1


def test_the_champion_serves_for_a_challenger_that_fails_and_a_replay_does_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, rules, _ = world()
    deployment = Deployment(first, Challenger(rules, 5_000, "customer", "t"))
    sequence = records(3)
    healthy, _ = run(Engine(deployment), sequence, [])
    engine = Engine(deployment)
    monkeypatch.setattr(engine._tracks[1], "judge", _raise)
    served, others = run(engine, sequence, [50])
    turns = {n for n, one in healthy.items() if one.policy == "everything@4"}
    assert turns
    for n, decision in served.items():
        expected = lone(0, 3)[n]
        assert (decision.policy, decision.outcome, decision.rules) == ("everything@3", expected.outcome, expected.rules)
        assert decision.faults == (("challenger",) if n in turns else ())
        assert ("challenger" in decision.degraded) == (n in turns)
        assert others[n] == (Other("everything@4", "", 0, (), ("policy",)),)
    again = Engine(deployment).step(sequence, {n - 1: one.faults for n, one in served.items() if one.faults})
    assert {one.sequence: one for one in again if isinstance(one, Decision)} == served
