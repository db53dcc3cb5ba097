"""A journal read as columns: the same decisions as live, whatever is cached, and segments that are of this journal."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from seawall.engine.columns import IntColumn, NumberColumn, TextColumn
from seawall.engine.decision import Decision
from seawall.engine.door import Label
from seawall.engine.engine import Engine
from seawall.engine.event import EventType, Upcast, upcast
from seawall.engine.history.lived import JournalHistory, survey
from seawall.engine.history.lived.upcasts import upcast_columns
from seawall.engine.journal import ActivationRecord, Journal, decode
from seawall.engine.pack import load_pack
from seawall.engine.pack.model import OUTCOMES
from seawall.engine.policy import compile_policy
from seawall.engine.relive import Reliving, longest_reach, relive
from seawall.server.recovery import feed
from tests.engine import world
from tests.engine.lived import MANY, records, write_journal


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Journal, list[Decision]]]:
    journal, decisions = write_journal(tmp_path_factory.mktemp("lived") / "journal.db")
    yield journal, decisions
    journal.close()


def decided(history: JournalHistory) -> list[tuple[int, str, str, int]]:
    found = []
    for _block, one in relive(history, world.policy()):
        rows = zip(one.sequences.tolist(), one.hashes, one.outcomes.tolist(), one.scores.tolist(), strict=True)
        found += [(sequence, digest, OUTCOMES[level], score) for sequence, digest, level, score in rows]
    return found


def expected(decisions: Sequence[Decision]) -> list[tuple[int, str, str, int]]:
    return [(one.sequence, one.content_hash, one.outcome, one.score) for one in decisions]


@pytest.mark.parametrize("size", [1, 50, 65_536])
def test_the_policy_that_decided_live_decides_the_same_again(
    lived: tuple[Journal, list[Decision]], tmp_path: Path, size: int
) -> None:
    journal, decisions = lived
    assert len(decisions) > 300
    assert decided(JournalHistory(journal, None, size)) == expected(decisions)
    cold = JournalHistory(journal, tmp_path / "history", size)
    assert decided(cold) == expected(decisions), "while segments are made"
    assert decided(JournalHistory(journal, tmp_path / "history", size)) == expected(decisions), "from segments"
    kept = list((tmp_path / "history").glob("*.arrow")) if size < MANY else []
    assert bool(kept) is (size < MANY)
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept)


def test_segments_of_another_journal_or_damaged_ones_are_made_again(
    lived: tuple[Journal, list[Decision]], tmp_path: Path
) -> None:
    journal, decisions = lived
    folder = tmp_path / "history"
    assert JournalHistory(journal, folder, 50).prepare() >= 350
    paths = sorted(folder.glob("*.arrow"))
    assert len(paths) > 4
    foreign = folder / (paths[1].name[:34] + "00" * 32 + ".arrow")
    shutil.move(paths[1], foreign)
    data = bytearray(paths[0].read_bytes())
    data[len(data) // 2] ^= 1
    paths[0].write_bytes(data)
    assert decided(JournalHistory(journal, folder, 50)) == expected(decisions)
    assert sorted(folder.glob("*.arrow")) == paths


def test_a_damaged_segment_is_noticed(lived: tuple[Journal, list[Decision]], tmp_path: Path) -> None:
    journal, _ = lived
    folder = tmp_path / "history"
    JournalHistory(journal, folder, 50).prepare()
    first = min(folder.glob("*.arrow"))
    good = first.read_bytes()
    first.write_bytes(good[:-9] + b"x" + good[-8:])
    next(iter(JournalHistory(journal, folder, 50).tables()))
    assert first.read_bytes() == good, "made anew"


def test_sealed_values_are_left_out(lived: tuple[Journal, list[Decision]]) -> None:
    journal, _ = lived
    sealed = {field.name for kind in world.pack().events.values() for field in kind.fields.values() if field.sealed}
    tables = list(JournalHistory(journal, None, 50).tables())
    held = {name[2:] for table in tables for name in table.column_names if name[1:2] == "."}
    assert "base_amount" in held
    assert not held & sealed


def test_a_warm_start_as_long_as_the_longest_window_leaves_out_nothing(
    lived: tuple[Journal, list[Decision]], tmp_path: Path
) -> None:
    journal, decisions = lived
    history = JournalHistory(journal, tmp_path, 50)
    seen = survey(history)
    start = decisions[-40].effective_ms
    from_ms = max(start - longest_reach(world.policy()), 0)
    first = seen.first_at(from_ms)
    one = Reliving(world.policy(), hashes=True)
    one.begin(history, first, seen.clock_before(first))
    found = {}
    for table in history.tables(one.view.columns(), first - 1):
        for _, part in one.take(table):
            found |= dict(zip(part.sequences.tolist(), part.hashes, strict=True))
    assert [found[d.sequence] for d in decisions[-40:]] == [d.content_hash for d in decisions[-40:]]


def test_a_survey_tells_times_and_labels(lived: tuple[Journal, list[Decision]]) -> None:
    journal, decisions = lived
    seen = survey(JournalHistory(journal, None, 64))
    clock = dict(zip(seen.sequences.tolist(), seen.clock.tolist(), strict=True))
    assert [clock[one.sequence] for one in decisions] == [one.effective_ms for one in decisions]
    assert seen.end_ms == decisions[-1].effective_ms or seen.end_ms > decisions[-1].effective_ms
    assert seen.first_at(0) == 1
    assert seen.first_at(2**62) == int(seen.sequences[-1]) + 1
    assert seen.clock_before(1) == 0
    labels = [one for one in records() if isinstance(one, Label)]
    labelled = seen.labelled(("fraud",))
    assert labels
    known = dict(zip(labelled.event_ids.to_pylist(), labelled.times.tolist(), strict=True))
    assert known == {one.event_id: one.label_time for one in reversed(labels)}
    asked = pa.array([labels[0].event_id, "nobody"])
    assert labelled.known(asked).tolist() == [labels[0].label_time, -1]
    assert seen.labelled(("default",)).known(asked).tolist() == [-1, -1]


def test_old_versions_are_read_as_the_newest() -> None:
    rename, fill = Upcast(2, rename=(("a", "b"), ("b", "a"))), Upcast(3, set=(("c", 5), ("d", "x"), ("e", 1)))
    kind = EventType("pay", 3, {}, upcasts=(rename, fill))
    rows: list[tuple[int, dict[str, Any]]] = [
        (1, {"a": "1", "b": "2", "e": 0.5}), (1, {"a": "3"}), (2, {"b": "4", "c": 7}), (3, {"a": "5"}), (3, {}),
    ]  # fmt: skip
    names = {"a": TextColumn, "b": TextColumn, "c": IntColumn, "d": TextColumn, "e": NumberColumn}
    texts = ["1", "2", "3", "4", "5"]
    columns: dict[str, Any] = {}
    for name in ("a", "b"):
        codes = [texts.index(fields[name]) if name in fields else -1 for _, fields in rows]
        columns[name] = TextColumn(np.array(codes), texts)
    missing = -(2**63)
    columns["c"] = IntColumn(np.array([fields.get("c", missing) for _, fields in rows], np.int64))
    columns["e"] = NumberColumn(np.array([fields.get("e", np.nan) for _, fields in rows]))
    found = upcast_columns([kind], columns, np.zeros(5, np.int64), np.array([one for one, _ in rows]))
    read = []
    for row in range(5):
        values: dict[str, Any] = {}
        for name, column in found.items():
            assert isinstance(column, names[name])
            value = column.codes[row] if isinstance(column, TextColumn) else column.values[row]
            if isinstance(column, TextColumn):
                values |= {name: column.texts[value]} if value >= 0 else {}
            elif value == value and value != missing:
                values[name] = value
        read.append(values)
    assert read == [upcast(kind, fields, version) if version < 3 else fields for version, fields in rows]


def test_another_policy_decides_as_if_record_by_record(lived: tuple[Journal, list[Decision]], tmp_path: Path) -> None:
    """Without one of the event types, and with other thresholds; the oracle is the service's own recovery."""
    journal, _ = lived
    policy = compile_policy(load_pack(other_pack(tmp_path)))
    assert "login" not in policy.pack.events
    engine, oracle = Engine(policy), []
    stored = [decode(record) for record in journal.read(0)]
    for result in feed(engine, [one if not isinstance(one, ActivationRecord) else None for one in stored]):
        if isinstance(result, Decision):
            oracle.append((result.sequence, result.content_hash))
    history = JournalHistory(journal, tmp_path / "cache", 50)
    found = []
    for _, one in relive(history, policy):
        found += list(zip(one.sequences.tolist(), one.hashes, strict=True))
    assert len(oracle) > 200
    assert found == oracle


def other_pack(tmp_path: Path) -> Path:
    """The pack `everything` without logins and what speaks of them."""
    folder = Path(shutil.copytree(world.PACKS / "everything", tmp_path / "other"))
    events = (folder / "events.yaml").read_text(encoding="utf-8")
    (folder / "events.yaml").write_text(re.sub(r"(?ms)^  login:\n.*?(?=^\S|^  \S)", "", events), encoding="utf-8")
    for name in ("features.yaml", "policy.yaml", "rules.yaml"):
        lines = (folder / name).read_text(encoding="utf-8").replace("[pay, login]", "[pay]").splitlines()
        kept = [line for line in lines if "login" not in line]
        (folder / name).write_text("\n".join(kept) + "\n", encoding="utf-8")
    return folder
