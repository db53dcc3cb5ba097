"""The file of decisions: written in parts beside its final name, resumable, whole or not there at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from seawall.engine.columns import Decided, Ints
from seawall.engine.history.problems import HistoryError
from seawall.engine.pack.model import OUTCOMES

_CHECKPOINT = "checkpoint.json"
_ROW = "__row"  # of the input file, kept while decisions are not in its order
_TIME = pa.timestamp("ms", tz="UTC")


@dataclass(slots=True)
class Checkpoint:
    """How far a replay has come: whole blocks, events, the parts that hold them, the engine's state in `state`."""

    fingerprint: str
    blocks: int = 0
    rows: int = 0
    labels: int = 0
    entries: int = 0
    state: str = ""
    parts: list[str] = field(default_factory=list)


def decision_schema(feature_names: Sequence[str], hashes: bool) -> Any:
    """Columns of the file: the decision, then a double a feature (null where missing)."""
    names = [("event_id", pa.string()), ("event_time", _TIME), ("outcome", pa.string()), ("score", pa.int64())]
    names += [("rules", pa.list_(pa.string()))]
    names += [("content_hash", pa.string())] if hashes else []
    return pa.schema([*names, *((name, pa.float64()) for name in feature_names)])


def decision_table(
    schema: Any, decided: Decided, event_ids: Sequence[str], times: Ints, feature_names: Sequence[str]
) -> Any:
    """Decisions of n events as a table of that schema; event_ids and times are those of the events, in order."""
    rules = pa.array([list(rules) for rules in decided.combinations], pa.list_(pa.string()))
    columns: dict[str, Any] = {
        "event_id": pa.array(event_ids, pa.string()),
        "event_time": pa.array(times).cast(_TIME),
        "outcome": pa.array(OUTCOMES).take(pa.array(decided.outcomes)),
        "score": pa.array(decided.scores),
        "rules": rules.take(pa.array(decided.fired)),
    }
    if "content_hash" in schema.names:
        columns["content_hash"] = pa.array(decided.hashes, pa.string())
    places = {name: index for index, name in enumerate(decided.feature_names)}
    for name in feature_names:
        values = np.ascontiguousarray(decided.features[:, places[name]])
        columns[name] = pa.array(values, from_pandas=True)
    return pa.table(columns, schema=schema)


class DecisionFile:
    """Parts and checkpoint in OUT.partial/, and at the end the one file OUT.

    HistoryError says in one line why something cannot be written; OUT is then as it was before.
    """

    def __init__(self, out: Path, schema: Any, reorder: bool) -> None:
        self.out, self.schema, self.reorder = out, schema, reorder
        self.folder = out.with_name(out.name + ".partial")
        self.part_schema = schema.append(pa.field(_ROW, pa.int64())) if reorder else schema
        self._writer: Any = None
        self._part = ""

    def open(self, fingerprint: str, resume: bool) -> Checkpoint:
        """The checkpoint to go on from: the stored one where it is of the same replay, else a new one."""
        if self.out.is_dir() or not self.out.parent.is_dir():
            why = "is a folder; name a file" if self.out.is_dir() else "lies in no existing folder; create it first"
            raise HistoryError(str(self.out), why)
        stored = self._stored()
        with self._writing():
            if stored is not None and resume and stored.fingerprint == fingerprint:
                kept = {_CHECKPOINT, stored.state, *stored.parts}
                for path in self.folder.iterdir():
                    if path.name not in kept:
                        path.unlink()
                return stored
            self.discard()
            self.folder.mkdir()
        return Checkpoint(fingerprint)

    def write(self, table: Any, rows: Ints) -> None:
        """Append decisions; `rows` are their rows in the input file."""
        with self._writing():
            if self._writer is None:
                self._part = f"part-{len(list(self.folder.glob('part-*'))):06d}.parquet"
                self._writer = _writer(self.folder / self._part, self.part_schema)
            self._writer.write_table(table.append_column(_ROW, pa.array(rows)) if self.reorder else table)

    def checkpoint(self, checkpoint: Checkpoint, state: bytes) -> None:
        """Make everything so far durable: the open part is closed, the state written, then the checkpoint replaced."""
        with self._writing():
            self._close_part(checkpoint)
            earlier, checkpoint.state = checkpoint.state, f"state-{checkpoint.blocks:08d}.bin"
            _write_durably(self.folder / checkpoint.state, state)
            _write_durably(self.folder / (_CHECKPOINT + ".new"), json.dumps(asdict(checkpoint)).encode())
            os.replace(self.folder / (_CHECKPOINT + ".new"), self.folder / _CHECKPOINT)
            if earlier and earlier != checkpoint.state:
                (self.folder / earlier).unlink(missing_ok=True)

    def state(self, checkpoint: Checkpoint) -> bytes:
        """The engine's state at a stored checkpoint."""
        return (self.folder / checkpoint.state).read_bytes()

    def finish(self, checkpoint: Checkpoint) -> None:
        """Put the parts together under the final name, in the input's order, and remove what is no longer needed."""
        with self._writing():
            self._close_part(checkpoint)
            parts = [self.folder / name for name in checkpoint.parts]
            if len(parts) == 1 and not self.reorder:
                whole = parts[0]
            else:
                whole = self.folder / "whole.parquet"
                self._join(parts, whole)
            os.replace(whole, self.out)
            shutil.rmtree(self.folder, ignore_errors=True)

    def abandon(self) -> None:
        """Close what is open and leave no trace."""
        self._close_quietly()
        self.discard()

    def discard(self) -> None:
        """Remove OUT.partial/ if it is ours."""
        if self.folder.is_dir():
            strange = [path.name for path in self.folder.iterdir() if not _ours(path)]
            if strange:
                raise HistoryError(str(self.folder), f"holds {strange[0]}, which is not ours; move it away")
            shutil.rmtree(self.folder)

    def _join(self, parts: list[Path], whole: Path) -> None:
        with _writer(whole, self.schema) as writer:
            if self.reorder:
                tables = [pq.read_table(part) for part in parts]
                table = pa.concat_tables([self.part_schema.empty_table(), *tables]).sort_by(_ROW)
                writer.write_table(table.drop_columns([_ROW]))
                return
            for part in parts:
                with pq.ParquetFile(part) as file:
                    for batch in file.iter_batches():
                        writer.write_batch(batch)

    def _close_part(self, checkpoint: Checkpoint) -> None:
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.close()
            _sync(self.folder / self._part)
            checkpoint.parts.append(self._part)

    def _close_quietly(self) -> None:
        if self._writer is not None:
            writer, self._writer = self._writer, None
            try:
                writer.close()
            except (OSError, pa.ArrowException):
                return

    def _stored(self) -> Checkpoint | None:
        try:
            stored = Checkpoint(**json.loads((self.folder / _CHECKPOINT).read_bytes()))
        except (OSError, ValueError, TypeError):
            return None
        names = [stored.state, *stored.parts]
        return stored if all((self.folder / name).is_file() and Path(name).name == name for name in names) else None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            self._close_quietly()
            reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
            raise HistoryError(
                str(self.out), f"cannot be written: {reason[:200]}; free space or name another place, then run it again"
            ) from None


def _ours(path: Path) -> bool:
    return path.name.startswith((_CHECKPOINT, "part-", "state-", "whole.parquet"))


def _writer(path: Path, schema: Any) -> Any:
    repeated = [name for name in ("outcome", "score", "rules.list.element") if name.split(".")[0] in schema.names]
    return pq.ParquetWriter(path, schema, compression="zstd", compression_level=1, use_dictionary=repeated)


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
