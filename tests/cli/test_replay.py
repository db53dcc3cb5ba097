import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .conftest import Run


def test_replay_writes_one_row_an_event(seawall: Run, history: Path) -> None:
    ran = seawall("replay", "h.parquet", "--policy", "sample", "--out", "o.parquet", "--features", "all")
    assert ran.status == 0, ran.err
    assert ran.out.startswith("120 events and 12 labels in ")
    assert pq.read_schema(history.parent / "o.parquet").names[-3:] == ["count_1h", "frauds_30d", "sum_1d"]


def test_ctrl_c_ends_with_a_checkpoint_and_the_same_command_goes_on(
    seawall: Run, history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def interrupting(what: str) -> Iterator[Callable[[int, int], None]]:
        yield lambda done, total: os.kill(os.getpid(), signal.SIGINT)

    command = ("replay", "h.parquet", "--policy", "sample", "--out", "o.parquet")
    handler = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("seawall.cli.replay.progress_bar", interrupting)
    ran = seawall(*command)
    assert ran.status == 130
    assert "stopped after 120 events; the same command goes on from there" in ran.err
    assert not (history.parent / "o.parquet").exists()
    assert signal.getsignal(signal.SIGINT) is handler
    monkeypatch.undo()
    monkeypatch.chdir(history.parent)
    again = seawall(*command)
    assert (again.status, "(120 of them by an earlier run)" in again.out) == (0, True)


def test_a_mapping_is_named_or_lies_in_the_pack(seawall: Run, history: Path) -> None:
    (history.parent / "sample" / "mapping.yaml").rename(history.parent / "other.yaml")
    command = ("replay", "h.parquet", "--policy", "sample", "--out", "o.parquet")
    assert "has no mapping.yaml; name a mapping with --mapping FILE" in seawall(*command).err
    assert seawall(*command, "--mapping", "other.yaml").status == 0


ENTRY = (
    '{"list": "watched", "entry_id": "w1", "key": "c1", "reason": "test", "owner": "maker", '
    '"valid_from": "2026-03-02T00:00:00.000Z"}\n'
)


def watched(history: Path, rule: str = "watched") -> int:
    rules = pq.read_table(history.parent / "o.parquet").column("rules").to_pylist()
    return sum(rule in fired for fired in rules)


def test_list_entries_as_of_the_time_and_as_of_today(seawall: Run, history: Path) -> None:
    (history.parent / "entries.ndjson").write_text(ENTRY)
    command = ("replay", "h.parquet", "--policy", "sample", "--out", "o.parquet", "--entries", "entries.ndjson")
    assert seawall(*command).status == 0
    assert watched(history) == 11  # from 2 March 00:00 on, which is the 40th of the events
    assert seawall(*command, "--lists", "today").status == 0
    assert watched(history) == 17  # all of c1's


def test_entries_of_limits_are_applied_at_their_time(seawall: Run, history: Path) -> None:
    sample = history.parent / "sample"
    limit = "limits:\n  each: {title: {zh: 限额, en: Limit}, type: money, entity: customer}\n"
    (sample / "limits.yaml").write_text(limit, "utf-8")
    rule = "  - {id: over, title: {zh: 超限, en: Over}, when: base_amount >= limits.each}\n"
    rules = (sample / "rules.yaml").read_text("utf-8")
    (sample / "rules.yaml").write_text(rules.replace("rules:\n", f"rules:\n{rule}", 1), "utf-8")
    entry = '{"setting": "limits.each", "entry_id": "l1", "scope": "entity", "key": "c1", "value": 0, "reason": "r", '
    entry += '"source": "s", "valid_from": "2026-03-02T00:00:00.000Z"}\n'
    (history.parent / "entries.ndjson").write_text(entry)
    command = ("replay", "h.parquet", "--policy", "sample", "--out", "o.parquet", "--entries", "entries.ndjson")
    assert seawall(*command).err == ""
    assert watched(history, "over") == 11  # as with a list entry of that day
    seawall(*command, "--lists", "today")
    assert watched(history, "over") == 17


def test_an_entry_that_has_ended_or_was_removed_is_not_of_today(seawall: Run, history: Path) -> None:
    ended = ENTRY.replace('"}\n', '", "valid_until": "2026-03-03T00:00:00.000Z"}\n')
    removed = ENTRY.replace('"}\n', '", "removed": true}\n')
    command = ("replay", "h.parquet", "--policy", "sample", "--out", "o.parquet", "--entries", "e.ndjson")
    for text in (ended, ENTRY + removed):
        (history.parent / "e.ndjson").write_text(text)
        assert seawall(*command, "--lists", "today").status == 0
        assert watched(history) == 0


def test_a_bad_entry_is_named_by_row_and_field(seawall: Run, history: Path) -> None:
    (history.parent / "e.ndjson").write_text(ENTRY + ENTRY.replace("watched", "watchd"))
    ran = seawall("replay", "h.parquet", "--policy", "sample", "--out", "o.parquet", "--entries", "e.ndjson")
    assert ran.status == 2
    assert "e.ndjson, row 2, column list: unknown list 'watchd'; did you mean watched?" in ran.err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("  customer: customer", "  customer: kunde"), "mapping.yaml:6:13: h.parquet has no column 'kunde'"),
        (("event_id: id\n", ""), "lacks event_id"),
    ],
)
def test_a_bad_mapping_is_one_line(seawall: Run, history: Path, change: tuple[str, str], words: str) -> None:
    path = history.parent / "sample" / "mapping.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    ran = seawall("replay", "h.parquet", "--policy", "sample", "--out", "o.parquet")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert words in ran.err
    assert not (history.parent / "o.parquet").exists()
    assert not (history.parent / "o.parquet.partial").exists()
