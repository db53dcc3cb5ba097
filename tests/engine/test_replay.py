import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest

from seawall.engine.decision import Decision
from seawall.engine.door import ClearSealer, Door, Event, Label
from seawall.engine.engine import Engine
from seawall.engine.history import HistoryError, HistoryMapping, load_mapping
from seawall.engine.lists import ListEntry
from seawall.engine.money import Rates
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from seawall.engine.replay import ReplayResult, replay
from seawall.engine.times import parse_instant

from .history.conftest import MAPPING, clock, payment, write_pack, write_rows

HOUR = 3_600_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("replay")


@pytest.fixture(scope="module")
def policy(folder: Path) -> CompiledPolicy:
    return compile_policy(load_pack(write_pack(folder / "sample")))


@pytest.fixture(scope="module")
def mapping(folder: Path, policy: CompiledPolicy) -> HistoryMapping:
    (folder / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    return load_mapping(folder / "mapping.yaml", policy.pack)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    """300 payments over two days, some late, some labelled."""
    rng = Random(7)
    minutes = sorted(rng.randrange(2880) for _ in range(300))
    late = [max(0, minute - (rng.random() < 0.1) * rng.randrange(200)) for minute in minutes]
    return [
        payment(i, clock(minute), f"c{rng.randrange(9)}", rng.randrange(20_000), int(rng.random() < 0.1))
        for i, minute in enumerate(late)
    ]


@pytest.fixture(scope="module")
def events(folder: Path, rows: list[dict[str, Any]]) -> Path:
    return write_rows(folder / "events.parquet", rows)


def live(policy: CompiledPolicy, rows: list[dict[str, Any]], entries: list[ListEntry]) -> Iterator[Decision]:
    """The same history record by record through the door, labels and list entries at their time."""
    engine, now = Engine(policy), 0
    door = Door(policy.pack, Rates(), ClearSealer(), lambda: arrival)
    waiting: list[tuple[int, int, Event]] = []
    entries = sorted(entries, key=lambda entry: entry.valid_from)
    for number, row in enumerate(rows):
        arrival = parse_instant(row["at"])
        now = max(now, arrival)
        while entries and entries[0].valid_from <= now:
            due = sorted(item for item in waiting if item[0] < entries[0].valid_from)
            waiting = [item for item in waiting if item not in due]
            engine.step([_label(*item) for item in due])
            engine.step([entries.pop(0)])
        due = sorted(item for item in waiting if item[0] <= now)
        waiting = [item for item in waiting if item not in due]
        engine.step([_label(*item) for item in due])
        body = {"event_id": row["id"], "type": "payment.card", "event_time": row["at"], "customer": row["customer"]}
        event = door.admit_object(body | {"amount": row["amount"], "currency": "CNY"})
        (decision,) = engine.step([event])
        assert isinstance(decision, Decision)
        yield decision
        if row["fraud"]:
            waiting.append((arrival + HOUR, number, event))


def _label(at: int, _: int, event: Event) -> Label:
    return Label("fraud", event.event_id, at, at, {"customer": event.fields["customer"]}, b"")


def run(events: Path, mapping: HistoryMapping, policy: CompiledPolicy, out: Path, **more: Any) -> ReplayResult:
    return replay(events, mapping, policy, out, **({"block_rows": 37} | more))


def test_replay_decides_as_the_live_engine_does(
    policy: CompiledPolicy, mapping: HistoryMapping, rows: list[dict[str, Any]], events: Path, tmp_path: Path
) -> None:
    result = run(events, mapping, policy, tmp_path / "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.schema.names == [
        "event_id", "event_time", "outcome", "score", "rules", "content_hash", "count_1h", "frauds_30d", "sum_1d",
    ]  # fmt: skip
    wanted = list(live(policy, rows, []))
    got = table.to_pylist()
    assert (result.events, result.finished, len(got)) == (300, True, 300)
    assert result.labels > 5
    for row, decision, given in zip(got, wanted, rows, strict=True):
        assert row["event_id"] == decision.event_id == given["id"]
        assert row["event_time"].timestamp() * 1000 == parse_instant(given["at"])
        assert (row["outcome"], row["score"], tuple(row["rules"])) == (decision.outcome, decision.score, decision.rules)
        assert row["content_hash"] == decision.content_hash
        assert row["sum_1d"] == decision.row[policy.slots["sum_1d"]]
    assert {row["outcome"] for row in got} == {"approve", "challenge", "review", "decline"}
    assert not (tmp_path / "out.parquet.partial").exists()


def test_list_entries_are_applied_at_their_time(
    policy: CompiledPolicy, mapping: HistoryMapping, rows: list[dict[str, Any]], events: Path, tmp_path: Path
) -> None:
    common = {"list": "watched", "reason": "test", "owner": "maker"}
    start, stop = parse_instant(clock(601)), parse_instant(clock(1900))
    entries = [
        ListEntry(entry_id="w2", key="c2", valid_from=stop, **common),
        ListEntry(entry_id="w1", key="c1", valid_from=start, valid_until=stop, **common),
    ]
    run(events, mapping, policy, tmp_path / "out.parquet", entries=entries)
    got = pq.read_table(tmp_path / "out.parquet").to_pylist()
    watched = [(row["event_id"], "watched" in row["rules"]) for row in got]
    wanted = list(live(policy, rows, entries))
    assert watched == [(decision.event_id, "watched" in decision.rules) for decision in wanted]
    assert 0 < sum(hit for _, hit in watched) < 60
    assert [row["content_hash"] for row in got] == [decision.content_hash for decision in wanted]


@pytest.mark.parametrize("stops", [(1,), (3, 2), (8,)])
def test_a_stopped_replay_goes_on_to_the_same_file(
    policy: CompiledPolicy, mapping: HistoryMapping, events: Path, tmp_path: Path, stops: tuple[int, ...]
) -> None:
    out, seen = tmp_path / "out.parquet", []
    done = 0
    for blocks in stops:
        countdown = iter([False] * (blocks - 1) + [True])
        result = run(events, mapping, policy, out, stop=lambda counter=countdown: next(counter))
        assert not result.finished
        assert not out.exists()
        assert result.resumed == done
        done = result.events
    last = run(events, mapping, policy, out, observe=lambda block: seen.extend(block.rows.tolist()))
    assert (last.finished, last.events, last.resumed) == (True, 300, done)
    assert seen == list(range(300))
    run(events, mapping, policy, tmp_path / "whole.parquet")
    assert pq.read_table(out).equals(pq.read_table(tmp_path / "whole.parquet"))
    assert not (tmp_path / "out.parquet.partial").exists()


def test_checkpoints_on_the_way_leave_the_same_file(
    policy: CompiledPolicy, mapping: HistoryMapping, events: Path, tmp_path: Path
) -> None:
    run(events, mapping, policy, tmp_path / "a.parquet", checkpoint_seconds=0.0)
    run(events, mapping, policy, tmp_path / "b.parquet")
    assert pq.read_table(tmp_path / "a.parquet").equals(pq.read_table(tmp_path / "b.parquet"))


def test_another_history_is_not_taken_for_the_one_that_was_stopped(
    policy: CompiledPolicy, mapping: HistoryMapping, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    events, out = write_rows(tmp_path / "events.parquet", rows), tmp_path / "out.parquet"
    run(events, mapping, policy, out, stop=lambda: True)
    write_rows(events, rows[:200])
    result = run(events, mapping, policy, out)
    assert (result.events, result.resumed) == (200, 0)
    assert pq.read_metadata(out).num_rows == 200


def test_resume_can_be_refused(policy: CompiledPolicy, mapping: HistoryMapping, events: Path, tmp_path: Path) -> None:
    run(events, mapping, policy, tmp_path / "out.parquet", stop=lambda: True)
    assert run(events, mapping, policy, tmp_path / "out.parquet", resume=False).resumed == 0


def test_a_damaged_state_starts_over(
    policy: CompiledPolicy, mapping: HistoryMapping, events: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.parquet"
    run(events, mapping, policy, out, stop=lambda: True)
    (state,) = (tmp_path / "out.parquet.partial").glob("state-*")
    state.write_bytes(state.read_bytes()[:-7])
    result = run(events, mapping, policy, out)
    assert (result.events, result.resumed) == (300, 0)


def test_sorting_decides_in_time_order_and_writes_in_file_order(
    policy: CompiledPolicy, folder: Path, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "sorted.yaml").write_text(MAPPING + "sort: event_time\n", encoding="utf-8")
    mapping = load_mapping(tmp_path / "sorted.yaml", policy.pack)
    shuffled = list(rows)
    Random(1).shuffle(shuffled)
    run(write_rows(tmp_path / "s.parquet", shuffled), mapping, policy, tmp_path / "s_out.parquet")
    got = pq.read_table(tmp_path / "s_out.parquet").to_pylist()
    assert [row["event_id"] for row in got] == [row["id"] for row in shuffled]
    ordered = sorted(shuffled, key=lambda row: row["at"])
    wanted = {decision.event_id: decision.content_hash for decision in live(policy, ordered, [])}
    assert {row["event_id"]: row["content_hash"] for row in got} == wanted


@pytest.mark.parametrize(("features", "names"), [("none", []), ("used", ["count_1h", "frauds_30d"])])
def test_feature_columns_are_those_asked_for(
    policy: CompiledPolicy, mapping: HistoryMapping, events: Path, tmp_path: Path, features: str, names: list[str]
) -> None:
    run(events, mapping, policy, tmp_path / "out.parquet", features=features, hashes=False)
    assert pq.read_schema(tmp_path / "out.parquet").names == [
        "event_id",
        "event_time",
        "outcome",
        "score",
        "rules",
        *names,
    ]


def test_bad_input_further_on_leaves_nothing(
    policy: CompiledPolicy, mapping: HistoryMapping, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    bad = [*rows[:250], rows[250] | {"customer": None}]
    events = write_rows(tmp_path / "bad.parquet", bad)
    with pytest.raises(HistoryError, match="row 251, column customer: is absent"):
        run(events, mapping, policy, tmp_path / "out.parquet", checkpoint_seconds=0.0)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.parquet"]


def test_an_earlier_output_stays_when_a_replay_fails(
    policy: CompiledPolicy, mapping: HistoryMapping, events: Path, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    out = tmp_path / "out.parquet"
    run(events, mapping, policy, out)
    before = out.read_bytes()
    with pytest.raises(HistoryError):
        run(write_rows(tmp_path / "bad.parquet", [rows[0], rows[0]]), mapping, policy, out)
    assert out.read_bytes() == before


def test_an_empty_history_gives_an_empty_file(
    policy: CompiledPolicy, mapping: HistoryMapping, events: Path, tmp_path: Path
) -> None:
    pq.write_table(pq.read_table(events).slice(0, 0), tmp_path / "none.parquet")
    run(tmp_path / "none.parquet", mapping, policy, tmp_path / "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    assert (table.num_rows, "content_hash" in table.column_names) == (0, True)


@pytest.mark.parametrize(
    ("out", "words"), [("no/such/out.parquet", "lies in no existing folder"), (".", "is a folder")]
)
def test_an_output_that_cannot_be_is_named_at_once(
    policy: CompiledPolicy, mapping: HistoryMapping, events: Path, tmp_path: Path, out: str, words: str
) -> None:
    with pytest.raises(HistoryError, match=words):
        run(events, mapping, policy, tmp_path / out)


def test_a_folder_that_is_not_ours_is_left_alone(
    policy: CompiledPolicy, mapping: HistoryMapping, events: Path, tmp_path: Path
) -> None:
    (tmp_path / "out.parquet.partial").mkdir()
    (tmp_path / "out.parquet.partial" / "thesis.txt").write_text("years of work")
    with pytest.raises(HistoryError, match=r"thesis.txt, which is not ours"):
        run(events, mapping, policy, tmp_path / "out.parquet")
    assert (tmp_path / "out.parquet.partial" / "thesis.txt").exists()


_FULL_DISK = """
import resource, sys
from pathlib import Path
from seawall.engine.history import HistoryError, load_mapping
from seawall.engine.pack import load_pack
from seawall.engine.policy import compile_policy
from seawall.engine.replay import replay
folder, events, out = map(Path, sys.argv[1:4])
policy = compile_policy(load_pack(folder / "sample"))
mapping = load_mapping(folder / "mapping.yaml", policy.pack)
replay(events, mapping, policy, out.with_name("warm.parquet"))
resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, resource.RLIM_INFINITY))
try:
    replay(events, mapping, policy, out)
except HistoryError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(replay(events, mapping, policy, out).events)
"""


def test_a_full_disk_is_one_clear_line_and_the_next_run_succeeds(
    mapping: HistoryMapping, folder: Path, events: Path, tmp_path: Path
) -> None:
    """A limit on the size of files stands for the full disk: both make writes fail half-way."""
    assert resource.RLIMIT_FSIZE
    command = [sys.executable, "-c", _FULL_DISK, str(folder), str(events), str(tmp_path / "out.parquet")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    line, events_done = done.stdout.splitlines()
    assert line.startswith(f"{tmp_path / 'out.parquet'}: cannot be written: ")
    assert "free space or name another place, then run it again" in line
    assert events_done == "300"
    assert pq.read_metadata(tmp_path / "out.parquet").num_rows == 300
