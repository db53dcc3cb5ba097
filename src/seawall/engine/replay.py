"""History in, decisions out: a file of past events through the engine, resumable, the same decisions as live."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from seawall.engine.columns import Block, Column, Decided, IntColumn, NumberColumn, TextColumn
from seawall.engine.engine import Engine
from seawall.engine.errors import SeawallError, StateError
from seawall.engine.history import BLOCK_ROWS, HistoryBlock, HistoryMapping, open_history, read_blocks
from seawall.engine.history.output import Checkpoint, DecisionFile, decision_schema, decision_table
from seawall.engine.history.problems import HistoryError
from seawall.engine.lists import ListEntry
from seawall.engine.policy import CompiledPolicy
from seawall.engine.settings import SettingEntry
from seawall.engine.snapshot import dump, restore

FEATURES = ("all", "used", "none")
CHECKPOINT_SECONDS = 60.0

Progress = Callable[[int, int], None]  # (events done, events in all or -1)


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """events and labels applied; `resumed` of the events came from an earlier run; `finished` is false when stopped."""

    out: Path
    events: int
    labels: int
    resumed: int
    seconds: float
    finished: bool


def replay(
    events_path: Path,
    mapping: HistoryMapping,
    policy: CompiledPolicy,
    out_path: Path,
    *,
    features: str = "all",
    hashes: bool = True,
    progress: Progress | None = None,
    resume: bool = True,
    stop: Callable[[], bool] | None = None,
    observe: Callable[[HistoryBlock], None] | None = None,
    entries: Sequence[ListEntry | SettingEntry] = (),
    cache_dir: Path | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    block_rows: int = BLOCK_ROWS,
) -> ReplayResult:
    """Decide every event of a history file and write one row each to `out_path` (Parquet), in the file's order.

    `features`: all of the policy's as columns and its models' scores, those its rules use, or none. `entries` are
    those of lists, limits and switches, each applied before the events of its valid_from. `observe` sees every block,
    also those an earlier run has decided. When `stop` turns true the block at hand is finished and a checkpoint
    written beside the output; the same call later goes on. HistoryError for input that cannot be taken or output that
    cannot be written; nothing stands under `out_path` then.
    """
    assert features in FEATURES, f"features is one of {FEATURES}"
    began = time.monotonic()
    names = _wanted(policy, features)
    history = open_history(events_path)
    output = DecisionFile(out_path, decision_schema(names, hashes), mapping.sort)
    ordered = sorted(entries, key=lambda entry: entry.valid_from)
    settings = (names, hashes, block_rows, [msgspec.to_builtins(entry) for entry in ordered])
    parts = (policy.pack.content_hash, policy.label, mapping.content_hash, _rates(mapping), history.fingerprint())
    done = output.open(hashlib.sha256(msgspec.json.encode([*parts, *settings])).hexdigest(), resume)
    engine, done = _engine(policy, cache_dir, output, done)
    resumed, saved, finished = done.rows, time.monotonic(), True
    try:
        for index, block in enumerate(read_blocks(history, mapping, policy.pack, block_rows)):
            if observe is not None:
                observe(block)
            if index < done.blocks:
                continue
            _decide(engine, block, ordered, done, output, names, hashes)
            if progress is not None:
                progress(done.rows, history.rows)
            if stop is not None and stop():
                finished = False
                break
            if time.monotonic() - saved > checkpoint_seconds:
                output.checkpoint(done, dump(engine))
                saved = time.monotonic()
    except SeawallError as error:
        if not (isinstance(error, HistoryError) and error.file == str(out_path)):
            output.abandon()  # the input is at fault: there is nothing to go on with
        raise
    if finished:
        if not done.rows:
            output.write(output.schema.empty_table(), np.empty(0, np.int64))
        output.finish(done)
    else:
        output.checkpoint(done, dump(engine))
    return ReplayResult(out_path, done.rows, done.labels, resumed, time.monotonic() - began, finished)


def _wanted(policy: CompiledPolicy, features: str) -> list[str]:
    if features == "none":
        return []
    if features == "all":
        return policy.vector_names
    used = {name for entry in policy.entries for name in entry.expression.names}
    return [name for name in policy.vector_names if name in used]


def _rates(mapping: HistoryMapping) -> str:
    try:
        return hashlib.sha256(mapping.rates.read_bytes()).hexdigest() if mapping.rates else ""
    except OSError:
        return ""


def _engine(
    policy: CompiledPolicy, cache_dir: Path | None, output: DecisionFile, done: Checkpoint
) -> tuple[Engine, Checkpoint]:
    """The engine as the checkpoint left it; a new one, and a new checkpoint, where the state does not fit any more."""
    if done.state:
        try:
            return restore(policy, output.state(done), cache_dir), done
        except (StateError, OSError):
            done = output.open(done.fingerprint, resume=False)
    return Engine(policy, cache_dir), done


def _decide(
    engine: Engine,
    history: HistoryBlock,
    entries: Sequence[ListEntry | SettingEntry],
    done: Checkpoint,
    output: DecisionFile,
    names: Sequence[str],
    hashes: bool,
) -> None:
    """Step one block, with the entries that fall due in it, and write its decisions."""
    start = 0
    for block in _between_entries(engine, history.block, entries, done):
        decided: Decided = engine.step_block(block, hashes=hashes, features=bool(names))
        stop = start + len(decided.rows)
        table = decision_table(output.schema, decided, history.event_ids[start:stop], history.times[start:stop], names)
        output.write(table, history.rows[start:stop])
        done.labels += len(block) - len(decided.rows)
        start = stop
    assert start == len(history.rows), "one decision an event"
    done.rows += start
    done.blocks += 1


def _between_entries(
    engine: Engine, block: Block, entries: Sequence[ListEntry | SettingEntry], done: Checkpoint
) -> Iterator[Block]:
    """The block cut where entries come in between; each entry is applied on the way."""
    if done.entries == len(entries):
        yield block
        return
    clock = np.maximum.accumulate(np.maximum(block.times, engine.clock_ms))
    start = 0
    while done.entries < len(entries) and len(clock):
        place = int(np.searchsorted(clock, entries[done.entries].valid_from, side="left"))
        if place >= len(clock):
            break
        if place > start:
            yield _cut(block, start, place)
            start = place
        engine.step([entries[done.entries]])
        done.entries += 1
    if start < len(clock):
        yield _cut(block, start, len(clock))


def _cut(block: Block, start: int, stop: int) -> Block:
    if start == 0 and stop == len(block):
        return block
    columns = {name: _cut_column(column, start, stop) for name, column in block.columns.items()}
    part = slice(start, stop)
    return Block(block.type_names, block.types[part], block.times[part], block.event_ids[part], columns)


def _cut_column(column: Column, start: int, stop: int) -> Column:
    if isinstance(column, TextColumn):
        return TextColumn(column.codes[start:stop], column.texts)
    if isinstance(column, IntColumn):
        return IntColumn(column.values[start:stop])
    return NumberColumn(column.values[start:stop])
