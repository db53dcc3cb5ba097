"""Policies changed while decisions go on: at once or after warming, durable, and the same after any restart."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from seawall.engine.deployment import split
from seawall.engine.engine import Engine
from seawall.engine.errors import PackError, PolicyError
from seawall.engine.journal import ActivationRecord, EventRecord, Journal, JournalError, decode
from seawall.server.deploying import LabelTakenError, PolicyUnknownError, Rival, Wanted
from seawall.server.home import Home
from seawall.server.packs import PackShelf
from seawall.server.recovery import feed
from seawall.server.service import Service, Settings
from tests.server.packs import version
from tests.server.test_service import run
from tests.server.world import RING, Clock, bundle, event, running

FIRST = bundle()


def contents(folder: Path) -> list[Any]:
    with Journal(folder / "journal.db", read_only=True) as journal:
        assert journal.verify().problem is None
        return [decode(record) for record in journal.read()]


def lone_hashes(folder: Path, label: str, digest: str) -> dict[str, str]:
    """What this policy makes of the whole journal, alone from the first record on."""
    with Journal(folder / "journal.db", read_only=True) as journal:
        policy = PackShelf(journal, folder / "cache").policy(digest)
        assert policy.label == label
        engine = Engine(policy)
        results = feed(engine, [decode(record) for record in journal.read(0)])
    return {one.event_id: one.content_hash for one in results if one is not None}  # type: ignore[attr-defined]


def audit(folder: Path) -> dict[str, int]:
    """Every decision is wholly one version's: the hash of that version's lone replay. How many each served."""
    records = contents(folder)
    digests = {n.policy: n.digest for one in records if isinstance(one, ActivationRecord) for n in one.named}
    served: dict[str, int] = {}
    decisions = [one.decision for one in records if isinstance(one, EventRecord) and one.decision is not None]
    expected = {label: lone_hashes(folder, label, digest) for label, digest in digests.items()}
    for decision in decisions:
        assert decision.content_hash == expected[decision.policy][decision.event_id], decision
        served[decision.policy] = served.get(decision.policy, 0) + 1
    return served


def reopened(folder: Path, snapshots: bool) -> tuple[int, list[int]]:
    """Records replayed at a start, and decisions that came out otherwise."""
    if not snapshots:
        shutil.rmtree(folder / "snapshots")
    service = Service(Home(folder).prepare(), RING, clock=Clock())
    found = service.open()
    service.close()
    return found.replayed, found.differing


def events(start: int, stop: int) -> list[bytes]:
    return [event(number, card="k") for number in range(start, stop)]


async def warmed(service: Service, wanted: Wanted) -> int:
    """Ask until it is so; the record's number."""
    for _ in range(600):
        deployed = await service.deploy(wanted)
        if deployed.sequence is not None:
            return deployed.sequence
        assert deployed.warming is not None
        assert "failed" not in deployed.warming, deployed
        await asyncio.sleep(0.1)
    raise AssertionError("it never got warm")


def test_other_rules_decide_from_the_next_record_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as service:
            await service.decide_many(events(0, 3))
            filed = await service.file_bundle(version(2, least=2))
            assert (filed.policy.label, filed.same_features) == ("example_card@2", True)
            deployed = await service.deploy(Wanted(filed.digest, note="fewer payments"))
            assert (deployed.sequence, deployed.policy) == (4, "example_card@2")
            assert await service.deploy(Wanted(filed.digest)) == deployed, "the same again is the earlier one"
            (decided,) = await service.decide_many(events(3, 4))
            assert (decided.decision.sequence, decided.decision.policy) == (5, "example_card@2")  # type: ignore[union-attr]
            assert service.active().label == "example_card@2"

    run(story)
    (_, second) = [one for one in contents(tmp_path) if isinstance(one, ActivationRecord)]
    assert (second.policy, second.note) == ("example_card@2", "fewer payments")
    assert audit(tmp_path) == {"example_card@1": 3, "example_card@2": 1}
    assert reopened(tmp_path, snapshots=True) == (0, [])
    assert reopened(tmp_path, snapshots=False) == (5, [])


def test_challenger_and_shadows_run_beside_and_survive_a_restart(tmp_path: Path) -> None:
    def customers(start: int, stop: int) -> list[bytes]:
        return [event(number, customer=f"c{number}", card="k") for number in range(start, stop)]

    async def story() -> None:
        async with running(tmp_path, settings=Settings(snapshot_every=50)) as service:
            rival, shade = [(await service.file_bundle(version(n, least=n))).digest for n in (2, 3)]
            champion = service.activations[0].digest
            wanted = Wanted(champion, Rival(rival, 3_000, "customer"), (shade,))
            await service.deploy(wanted)
            await service.decide_many(customers(0, 150))
            salt = service.activations[-1].salt
        async with running(tmp_path) as service:
            assert service.activations[-1].salt == salt
            await service.decide_many(customers(150, 300))
            await service.deploy(wanted._replace(challenger=Rival(rival, 5_000, "customer")))
            assert service.activations[-1].salt == salt, "the same challenger keeps its entities"
            assert service.gauges()["policies_beside"] == 2
            await service.decide_many(customers(300, 400))
            results = service.counters.results
            assert sum(n for (_, role, _, _), n in results.items() if role == "shadow") == 250
            assert sum(n for (_, _, _, is_served), n in results.items() if is_served) == 250
            assert sum(n for (_, role, _, _), n in results.items() if role == "challenger") == 250
            assert sum(service.counters.outcomes.values()) == 250

    run(story)
    records = contents(tmp_path)
    share, salt = 0, ""
    for one in records:
        if isinstance(one, ActivationRecord):
            share, salt = one.share, one.salt
        elif isinstance(one, EventRecord) and one.decision is not None:
            is_its_turn = split(salt, one.event.fields["customer"]) < share
            assert one.decision.policy == ("example_card@2" if is_its_turn else "example_card@1")
            beside = ["example_card@1" if is_its_turn else "example_card@2", "example_card@3"]
            assert [other.policy for other in one.others] == beside
    served = audit(tmp_path)
    assert served["example_card@2"] > 80
    assert reopened(tmp_path, snapshots=False) == (402, [])


def test_other_windows_are_warmed_while_decisions_go_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as service:
            await service.decide_many(events(0, 10))
            filed = await service.file_bundle(version(2, is_wider=True))
            assert not filed.same_features
            first = await service.deploy(Wanted(filed.digest))
            assert first.sequence is None
            assert service.warming is not None
            assert service.warming["policies"] == ["example_card@2"]
            deciding = asyncio.create_task(_decide_until(service, 10))
            sequence = await warmed(service, Wanted(filed.digest))
            decided = await service.decide(event(100_000, card="k"))
            deciding.cancel()
            assert decided.decision.policy == "example_card@2"
            assert decided.decision.sequence > sequence > 20, "decisions went on meanwhile"
            row = dict(zip(service.active().feature_names, decided.decision.row, strict=False))
            assert row["card_count_1h"] == row["card_count_10m"] > 20
            assert service.warming is None
            assert service.gauges()["warming_records"] == 0

    run(story)
    served = audit(tmp_path)
    assert served["example_card@1"] > 10
    assert served["example_card@2"] > 0
    assert list((tmp_path / "cache" / "warming").glob("*")) == []
    assert reopened(tmp_path, snapshots=True) == (0, [])
    assert reopened(tmp_path, snapshots=False)[1] == []


async def _decide_until(service: Service, number: int) -> None:
    while True:
        await service.decide(event(number, card="k"))
        number += 1


def test_the_latest_wish_wins_over_one_that_is_warming(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as service:
            first = service.activations[0].digest
            wider = (await service.file_bundle(version(2, is_wider=True))).digest
            other = (await service.file_bundle(version(3, least=2))).digest
            assert (await service.deploy(Wanted(wider))).sequence is None
            assert (await service.deploy(Wanted(other))).sequence == 1
            assert service.warming is None
            assert (await service.deploy(Wanted(wider))).sequence is None
            assert (await service.deploy(Wanted(other))).sequence == 1, "what runs already is the wish: nothing changes"
            assert service.warming is None
            assert (await service.deploy(Wanted(first))).sequence == 2
            await asyncio.sleep(0.2)
            assert [one.policy for one in service.activations] == [f"example_card@{n}" for n in (1, 3, 1)]

    run(story)


def test_a_shadow_with_other_windows_takes_over_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as service:
            await service.decide_many(events(0, 10))
            first = service.activations[0].digest
            wider = (await service.file_bundle(version(2, is_wider=True))).digest
            await warmed(service, Wanted(first, None, (wider,)))
            await service.decide_many(events(10, 20))
            assert (await service.deploy(Wanted(wider, None, (first,)))).sequence == 22
            await service.decide_many(events(20, 30))
            assert (await service.deploy(Wanted(first))).sequence == 33, "one click back"
            await service.decide_many(events(30, 40))

    run(story)
    assert audit(tmp_path) == {"example_card@1": 30, "example_card@2": 10}
    assert reopened(tmp_path, snapshots=False)[1] == []


def test_what_cannot_be_deployed_is_named_and_changes_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as service:
            first = service.activations[0].digest
            with pytest.raises(PolicyUnknownError, match=f"no bundle {'0' * 64} was filed"):
                await service.deploy(Wanted("0" * 64))
            with pytest.raises(LabelTakenError, match="example_card@1 ran with other content"):
                await service.file_bundle(version(1, least=9))
            with pytest.raises(PolicyError, match="named twice"):
                await service.deploy(Wanted(first, None, (first,)))
            rival = (await service.file_bundle(version(2, least=2))).digest
            with pytest.raises(PolicyError, match=r"challenger\.entity: 'amount' is no key field"):
                await service.deploy(Wanted(first, Rival(rival, 10, "amount")))
            with pytest.raises(PackError, match="are not a bundle"):
                await service.file_bundle(b"PK\x03\x04")
            bad = version(3, rules="  - {id: typo, when: card_cuont_10m > 2, score: 3, title: {zh: 错, en: Typo}}\n")
            with pytest.raises(PackError) as found:
                await service.file_bundle(bad)
            (problem,) = [one for one in found.value.problems if one.severity == "error"]
            assert (problem.file, problem.line > 1, problem.column > 1) == ("rules.yaml", True, True)
            assert "card_count_10m" in problem.suggestion
            assert (service.sequence, len(service.activations)) == (0, 1)
            await service.deploy(Wanted(first, Rival(rival, 10)))
            assert service.activations[-1].entity == "customer", "the split_key of the champion's policy"

    run(story)
    assert not list((tmp_path / "cache" / "packs").glob(".new-*"))


def test_a_disk_that_refuses_the_record_leaves_the_policies_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with running(tmp_path) as service:
            digest = (await service.file_bundle(version(2, least=2))).digest
            with monkeypatch.context() as patch:
                patch.setattr(service.journal, "append", _full)
                with pytest.raises(JournalError, match="disk full"):
                    await service.deploy(Wanted(digest))
            decided = await service.decide(event(1))
            assert (decided.decision.policy, decided.decision.sequence) == ("example_card@1", 1)
            assert (await service.deploy(Wanted(digest))).sequence == 2

    run(story)


def _full(*_: object) -> None:
    raise JournalError("disk full")


def test_a_warming_that_fails_is_shown_and_may_be_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with running(tmp_path) as service:
            digest = (await service.file_bundle(version(2, is_wider=True))).digest
            with monkeypatch.context() as patch:
                patch.setattr("seawall.server.warm_up._MODULE", "seawall.server.no_such_module")
                await service.deploy(Wanted(digest))
                while service.warming is not None and "failed" not in service.warming:
                    await asyncio.sleep(0.05)
            assert service.warming is not None
            assert "no_such_module" in service.warming["failed"]
            assert (await service.decide(event(1))).decision.policy == "example_card@1"
            await warmed(service, Wanted(digest))
            assert (await service.decide(event(2))).decision.policy == "example_card@2"

    run(story)


def test_events_that_wait_are_read_as_the_new_champion_reads_them(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as service:
            digest = (await service.file_bundle(version(2, least=2))).digest
            waiting = [asyncio.create_task(service.decide(event(number))) for number in range(500)]
            await asyncio.sleep(0)
            deployed = await service.deploy(Wanted(digest))
            found = [(await one).decision for one in waiting]
            assert deployed.sequence is not None
            for one in found:
                assert one.policy == ("example_card@2" if one.sequence > deployed.sequence else "example_card@1")

    run(story)
    assert sum(audit(tmp_path).values()) == 500
