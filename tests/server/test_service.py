"""The service as its callers see it: durable, idempotent, recoverable, forgetful of erased people."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from seawall.engine.errors import ConflictError, EventError
from seawall.engine.journal import EventRecord, Journal, JournalError, decode
from seawall.sealing import StoreError
from seawall.server.decided import BusyError, Decided, UnavailableError
from seawall.server.home import Home
from seawall.server.service import Service, Settings
from tests.server.world import RING, Clock, bundle, event, running


def run(story: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> Any:
    return asyncio.run(story(*args))


def hashes(folder: Path) -> dict[str, str]:
    with Journal(folder / "journal.db", read_only=True) as journal:
        contents = [decode(record) for record in journal.read()]
        assert journal.verify().problem is None
    return {
        one.decision.event_id: one.decision.content_hash
        for one in contents
        if isinstance(one, EventRecord) and one.decision is not None
    }


def test_an_answer_is_in_the_journal_when_it_is_given(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as service:
            decided = await service.decide(event(1))
            assert (decided.decision.sequence, decided.repeated) == (1, False)
            assert hashes(tmp_path) == {"e-1": decided.decision.content_hash}

    run(story)


def test_a_repeat_gets_the_same_decision_and_another_content_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as service:
            first = await service.decide(event(1))
            again = await service.decide(event(1))
            assert (again.decision, again.decision_id, again.repeated) == (first.decision, first.decision_id, True)
            with pytest.raises(ConflictError, match="e-1"):
                await service.decide(event(1, amount=7))
            at_once = await asyncio.gather(*[service.decide(event(2)) for _ in range(5)])
            assert len({one.decision_id for one in at_once}) == 1
            assert sorted(one.repeated for one in at_once) == [False, True, True, True, True]
            assert service.sequence == 2
        async with running(tmp_path) as service:
            after = await service.decide(event(1))
            assert (after.decision, after.repeated) == (first.decision, True)

    run(story)


def test_a_restart_goes_on_where_it_stood_with_or_without_a_snapshot(tmp_path: Path) -> None:
    whole, parted = tmp_path / "whole", tmp_path / "parted"

    async def in_one() -> None:
        async with running(whole) as service:
            await service.decide_many([event(number) for number in range(300)])

    async def in_parts() -> None:
        for start in range(0, 300, 100):
            async with running(parted) as service:
                await service.decide_many([event(number) for number in range(start, start + 100)])
            if start == 100:
                shutil.rmtree(parted / "snapshots")

    run(in_one)
    run(in_parts)
    assert len(hashes(whole)) == 300
    assert hashes(whole) == hashes(parted)


def test_a_snapshot_that_does_not_begin_holds_nothing_up(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, settings=Settings(snapshot_every=1)) as service:
            service.snapshots.start = lambda *_: False  # type: ignore[method-assign]
            for number in range(3):
                decided = await asyncio.wait_for(service.decide(event(number)), 10)
                assert not decided.repeated

    run(story)


def test_a_batch_is_answered_item_by_item(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as service:
            results = await service.decide_many([event(1), b"{", event(1), event(1, amount=3), event(2, amount="x")])
            first, malformed, again, conflict, bad = results
            assert isinstance(first, Decided)
            assert isinstance(again, Decided)
            assert again.decision_id == first.decision_id
            assert isinstance(malformed, EventError)
            assert isinstance(conflict, ConflictError)
            assert isinstance(bad, EventError)
            assert bad.field == "amount"
            assert service.sequence == 1

    run(story)


def test_a_full_queue_says_so_and_takes_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, settings=Settings(queue=10)) as service:
            with pytest.raises(BusyError):
                await service.decide_many([event(number) for number in range(11)])
            results = await asyncio.gather(*[service.decide(event(n)) for n in range(20)], return_exceptions=True)
            kept = [one for one in results if isinstance(one, Decided)]
            assert sum(isinstance(one, BusyError) for one in results) == 10
            assert len(kept) == 10 == service.sequence

    run(story)


@pytest.mark.parametrize("failing", ["journal", "keys"])
def test_after_a_failed_write_nothing_is_kept_and_the_engine_stands_where_the_journal_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    monkeypatch.setattr("seawall.server.sequencer.RETRY_SECONDS", 0.01)

    async def story() -> None:
        async with running(tmp_path / "a") as service:
            await service.decide_many([event(number) for number in range(50)])
            with monkeypatch.context() as patch:
                if failing == "journal":
                    patch.setattr(service.journal, "append", _raise(JournalError("disk full")))
                else:
                    patch.setattr(service.sealer, "flush", _raise(StoreError("disk full")))
                new = [event(number, card=f"62220200000{number:05d}") for number in range(50, 60)]
                results = await service.decide_many(new)
                assert all(isinstance(one, UnavailableError) for one in results)
                assert "disk full" in str(results[0])
            while service.ready():
                await asyncio.sleep(0.01)
            assert service.sequence == 50
            await service.decide_many([event(number) for number in range(50, 100)])
        async with running(tmp_path / "b") as service:
            await service.decide_many([event(number) for number in range(100)])

    run(story)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")


@pytest.mark.parametrize("pragma", ["max_page_count = 1", "query_only = ON"], ids=["disk full", "no write permission"])
@pytest.mark.parametrize("store", ["journal", "keys"])
def test_a_disk_that_refuses_costs_nothing_that_was_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str, pragma: str
) -> None:
    monkeypatch.setattr("seawall.server.sequencer.RETRY_SECONDS", 0.01)

    async def story() -> None:
        async with running(tmp_path / "a") as service:
            writer = service.journal._writer if store == "journal" else service.sealer.store._connection
            first = await service.decide_many([event(number) for number in range(40)])
            writer.execute(f"PRAGMA {pragma}")
            refused = await service.decide_many([event(n, card=f"new {n}") for n in range(40, 200)])
            assert any(isinstance(one, UnavailableError) for one in refused)
            kept = 40 + sum(isinstance(one, Decided) for one in refused)
            writer.execute("PRAGMA max_page_count = 1000000")
            writer.execute("PRAGMA query_only = OFF")
            while service.ready():
                await asyncio.sleep(0.01)
            assert service.sequence == kept
            again = await service.decide_many([event(number) for number in range(40)])
            assert [one.decision_id for one in again] == [one.decision_id for one in first]  # type: ignore[union-attr]
            assert isinstance(await service.decide(event(999)), Decided)

    run(story)
    hashes(tmp_path / "a")


def _raise(error: Exception) -> Callable[..., Any]:
    def fail(*args: object) -> None:
        raise error

    return fail


def test_erasing_a_subject_leaves_the_sequence_whole_and_the_value_unreadable(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as service:
            for number in range(20):
                await service.decide(event(number, card=f"card-of-{number % 5}"))
            card = service.event(1).fields["card"]
            assert service.sealer.find("card", "card-of-0") == card
            number, erasure = await service.erase("c0")
            assert (number, erasure.links_cut) == (21, 1)
            assert service.sealer.find("card", "card-of-0") is None
            assert service.sealer.find("card", "card-of-1") is not None
            later = await service.decide(event(21, customer="c0", card="card-of-0"))
            assert later.decision.sequence == 22
            assert service.event(22).fields["card"] != card

    run(story)
    before = hashes(tmp_path)
    assert len(before) == 21
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"card-of-" not in path.read_bytes(), path
    shutil.rmtree(tmp_path / "snapshots")

    async def replayed() -> None:
        service = Service(Home(tmp_path).prepare(), RING, clock=Clock())
        found = service.open()
        assert (found.replayed, found.differing) == (22, [])
        service.close()

    run(replayed)
    assert hashes(tmp_path) == before


def test_another_pack_needs_another_version_and_starts_warm(tmp_path: Path) -> None:
    from tests.server.world import PACKS

    folder = tmp_path / "pack"
    shutil.copytree(PACKS / "example_card", folder)
    rules = (folder / "rules.yaml").read_text().replace("card_count_10m >= 5", "card_count_10m >= 2")
    (folder / "rules.yaml").write_text(rules)
    changed = bundle(folder)
    features = (folder / "features.yaml").read_text() + (
        "\n  - {name: card_count_1h, version: 1, entity: card, on: [payment.card], agg: count, window: {last: 1h}, "
        "default: 0, title: {zh: 本卡1小时笔数, en: Payments of the card in 1 h}}\n"
    )
    (folder / "features.yaml").write_text(features)
    (folder / "policy.yaml").write_text((folder / "policy.yaml").read_text().replace("version: 1", "version: 2"))
    wider = bundle(folder)

    async def story() -> None:
        home = tmp_path / "home"
        async with running(home) as service:
            await service.decide_many([event(number, card="k") for number in range(10)])
        service = Service(Home(home), RING, clock=Clock())
        service.open()
        with pytest.raises(ConflictError, match="raise its version"):
            service.activate(changed)
        service.activate(wider)
        await service.start()
        decided = await service.decide(event(10, card="k"))
        assert decided.decision.sequence == 12
        assert decided.decision.policy == "example_card@2"
        row = dict(zip(service.active().feature_names, decided.decision.row, strict=False))
        assert row["card_count_1h"] == row["card_count_10m"] == 11
        old = service.find("e-3")
        assert old is not None
        answer = service.answers(old.decision.policy, "en").write(old.decision, old.decision_id, 0, explained=True)
        assert json.loads(answer)["policy"] == "example_card@1"
        await service.stop()
        shutil.rmtree(home / "snapshots")
        again = Service(Home(home).prepare(), RING, clock=Clock())
        assert again.open().differing == []
        again.close()

    run(story)


def test_decisions_are_found_by_either_id_and_listed_in_order(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path) as service:
            decided = [await service.decide(event(number)) for number in range(5)]
            for one in decided:
                assert service.find(one.decision_id) == one._replace(repeated=True)
                assert service.find(one.decision.event_id) == one._replace(repeated=True)
            assert service.find("e-9") is None
            assert service.find("00000000-0000-7000-8000-000000000001") is None
            assert [one.decision.sequence for one in service.decisions(2, 2)] == [3, 4]

    run(story)
