"""Models that are tampered with or fail: what was approved decides, or the declared fallback, and it is counted."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from seawall.engine.errors import PackError
from seawall.engine.journal import EventRecord, Journal, decode, pack_bundle, unpack_bundle
from seawall.engine.model.trees import TreeModel
from seawall.server.home import Home
from seawall.server.service import Service
from tests.engine.model.by_hand import TEXT
from tests.engine.test_pack_models import HASH, STEP
from tests.server.test_service import hashes, run
from tests.server.world import PACKS, RING, Clock, bundle, event, running

FALLBACK = "model: {score: 7, outcome: challenge}"


@cache
def scored() -> bytes:
    """The worked example with a model that its burst rule reads."""
    with TemporaryDirectory() as name:
        folder = Path(shutil.copytree(PACKS / "example_card", Path(name) / "pack"))
        (folder / "models").mkdir()
        (folder / "models/by_hand.txt").write_text(TEXT, "utf-8")
        (folder / "models.yaml").write_text(STEP % HASH, "utf-8")
        rules = (folder / "rules.yaml").read_text("utf-8")
        rules = rules.replace("card_count_10m >= 5", "models.by_hand > 3.0 || card_count_10m >= 5", 1)
        (folder / "rules.yaml").write_text(rules, "utf-8")
        policy = (folder / "policy.yaml").read_text("utf-8").replace("model: {score: 0, outcome: review}", FALLBACK)
        (folder / "policy.yaml").write_text(policy, "utf-8")
        return bundle(folder)


def events(start: int, stop: int) -> list[bytes]:
    return [event(number) for number in range(start, stop)]


def tampered(file: str, change: Callable[[bytes], bytes]) -> bytes:
    """The bundle with one file changed: the hash in models.yaml is the approved one."""
    files = unpack_bundle(scored())
    before = files[file]
    files[file] = change(before)
    assert files[file] != before
    return pack_bundle(files)


def model_cheaper(data: bytes) -> bytes:
    return data.replace(b"leaf_value=1 2 4", b"leaf_value=1 2 2")


@pytest.mark.parametrize("snapshots", [True, False])
@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("models/by_hand.txt", model_cheaper),
        ("models.yaml", lambda data: data.replace(HASH.encode(), b"0" * 64)),
        ("rules.yaml", lambda data: data.replace(b"card_count_10m >= 5", b"card_count_10m >= 9")),
        ("rules.yaml", None),
    ],
)
def test_files_changed_on_disk_before_a_start_are_taken_from_the_journal_again(
    tmp_path: Path, file: str, change: Callable[[bytes], bytes] | None, snapshots: bool
) -> None:
    async def decided(count: int) -> float:
        async with running(tmp_path, pack=scored()) as service:
            await service.decide_many(events(count, count + 20))
            return service.gauges()["packs_repaired_total"]

    async def reopened() -> tuple[float, int]:
        service = Service(Home(tmp_path).prepare(), RING, clock=Clock())
        found = service.open()
        await service.start()
        await service.decide_many(events(20, 40))
        repaired = service.gauges()["packs_repaired_total"]
        await service.stop()
        return repaired, len(found.differing)

    assert run(decided, 0) == 0
    (unpacked,) = [path for path in (Home(tmp_path).cache / "packs").iterdir() if not path.name.startswith(".")]
    if change is None:
        (unpacked / file).unlink()
    else:
        (unpacked / file).write_bytes(change((unpacked / file).read_bytes()))
    if not snapshots:
        shutil.rmtree(Home(tmp_path).snapshots)
    assert run(reopened) == (1, 0)
    with TemporaryDirectory() as name:
        other = Path(name)

        async def untouched() -> None:
            async with running(other, pack=scored()) as service:
                await service.decide_many(events(0, 40))

        run(untouched)
        assert hashes(tmp_path) == hashes(other)


@pytest.mark.parametrize(
    ("change", "message"),
    [(model_cheaper, "has SHA-256"), (lambda data: data[:-40], "has SHA-256"), (lambda data: b"", "has SHA-256")],
)
def test_a_tampered_model_is_not_filed_and_the_champion_goes_on(
    tmp_path: Path, change: Callable[[bytes], bytes], message: str
) -> None:
    async def story() -> None:
        async with running(tmp_path, pack=bundle()) as service:
            with pytest.raises(PackError, match=message):
                await service.file_bundle(tampered("models/by_hand.txt", change))
            assert [one for one in await service.decide_many(events(0, 5)) if one] != []
            assert service.counters.degraded == 0

    run(story)


@pytest.mark.parametrize("answer", [math.nan, math.inf, None])
def test_a_model_that_fails_takes_the_declared_fallback_and_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: float | None
) -> None:
    def broken(*_: object) -> float:
        if answer is None:
            raise ArithmeticError("the kernel broke")
        return answer

    async def story() -> None:
        async with running(tmp_path, pack=scored()) as service:
            await service.decide_many(events(0, 1))
            assert service.counters.degraded == 0
            monkeypatch.setattr(TreeModel, "score", broken)
            for number in range(1, 11):
                await service.decide(event(number))
            assert service.gauges()["degraded_total"] == 10

    run(story)
    monkeypatch.undo()
    with Journal(tmp_path / "journal.db", read_only=True) as journal:
        made = [one.decision for one in map(decode, journal.read()) if isinstance(one, EventRecord) and one.decision]
    assert [one.degraded for one in made] == [(), *[("models.by_hand",)] * 10]
    assert all((one.outcome, one.score) == ("challenge", 7) for one in made if one.degraded and not one.rules)
    assert any(not one.rules for one in made[1:])
    if answer is None:  # what raised is stored, and replayed as an input
        shutil.rmtree(Home(tmp_path).snapshots, ignore_errors=True)
        service = Service(Home(tmp_path).prepare(), RING, clock=Clock())
        found = service.open()
        service.close()
        assert (found.differing, found.replayed) == ([], 11)
