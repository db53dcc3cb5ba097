"""History files: one line or row an event, with its label beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from seawall.simulator import render
from seawall.simulator import rows as r
from seawall.simulator.fields import Field, Naming

Progress = Callable[[int, int, int], None]

_ROW_GROUP = 250_000
_TYPES = {"amount": pa.int64(), "latency_ms": pa.int32(), "latitude": pa.float64(), "longitude": pa.float64()}
_TIME = pa.timestamp("ms", tz="UTC")


class _Writer(Protocol):
    def write(self, rows: r.Rows) -> None: ...

    def close(self) -> None: ...


def write(
    path: Path,
    blocks: Iterable[r.Rows],
    days: int,
    fields: Sequence[Field],
    labels: Sequence[str],
    naming: Naming,
    progress: Progress | None,
) -> int:
    """Write the blocks (one a day) by the suffix of `path`; returns the number of events.

    `labels` names the labels that the kinds of event can have; each gives a column is_<label>.
        The file appears under its name only when it is whole. ValueError for another suffix.
    """
    make = WRITERS.get(path.suffix.lower())
    if make is None:
        raise ValueError(f"{path}: cannot write {path.suffix or 'a file without suffix'}; use {', '.join(WRITERS)}")
    partial = path.with_name(path.name + ".partial")
    written = 0
    try:
        writer = make(partial, fields, labels, naming)
        try:
            for day, rows in enumerate(blocks, start=1):
                writer.write(rows)
                written += len(rows)
                if progress is not None:
                    progress(day, days, written)
        finally:
            writer.close()
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return written


class _Lines:
    """NDJSON: the event as the API takes it, and is_<label>, scenario, label_time, campaign."""

    def __init__(self, path: Path, fields: Sequence[Field], labels: Sequence[str], naming: Naming) -> None:
        self._file = path.open("wb")
        self._not = {f"is_{label}": False for label in labels}
        self._fields, self._naming = fields, naming
        self._encoder = msgspec.json.Encoder()

    def write(self, rows: r.Rows) -> None:
        lines = render.events(rows, self._fields, self._naming)
        for line in lines:
            line.update(self._not)
        labelled = np.flatnonzero(rows["scenario"] >= 0)
        for place, label in zip(labelled.tolist(), render.labels(rows[labelled], self._naming), strict=True):
            lines[place] |= {
                f"is_{label['label']}": True,
                "scenario": label["scenario"],
                "label_time": label["label_time"],
            }
        for place in np.flatnonzero(rows["campaign"] >= 0).tolist():
            lines[place]["campaign"] = int(rows["campaign"][place])
        self._file.write(self._encoder.encode_lines(lines))

    def close(self) -> None:
        self._file.close()


class _Parquet:
    """Parquet: one column a field, event_time and label_time as UTC timestamps, null where absent."""

    def __init__(self, path: Path, fields: Sequence[Field], labels: Sequence[str], naming: Naming) -> None:
        self._fields, self._labels, self._naming = fields, labels, naming
        types = {field.name: _TIME if field.name == "event_time" else _TYPES.get(field.name, pa.string())
                 for field in fields}  # fmt: skip
        types |= dict.fromkeys((f"is_{label}" for label in labels), pa.bool_())
        types |= {"scenario": pa.string(), "label_time": _TIME, "campaign": pa.int32()}
        self._schema = pa.schema(list(types.items()))
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._waiting: list[r.Rows] = []

    def write(self, rows: r.Rows) -> None:
        self._waiting.append(rows)
        if sum(map(len, self._waiting)) >= _ROW_GROUP:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        rows = np.concatenate([r.build(0), *self._waiting])
        self._waiting = []
        if len(rows):
            self._writer.write_table(self._table(rows))

    def _table(self, rows: r.Rows) -> Any:
        columns = {field.name: self._column(field, rows) for field in self._fields}
        labelled = rows["scenario"] >= 0
        names = np.where(labelled, render.LABEL_NAMES[rows["scenario"]], "")
        columns |= {f"is_{label}": pa.array(names == label) for label in self._labels}
        columns["scenario"] = pa.array(np.where(labelled, render.SCENARIO_NAMES[rows["scenario"]], ""), mask=~labelled)
        columns["label_time"] = pa.array(render.label_times(rows), mask=~labelled).cast(_TIME)
        columns["campaign"] = pa.array(rows["campaign"], mask=rows["campaign"] < 0)
        return pa.table(columns, schema=self._schema)

    def _column(self, field: Field, rows: r.Rows) -> Any:
        if field.name == "event_time":
            return pa.array(rows["time"]).cast(_TIME)
        values, present = render.column(field, rows, self._naming)
        array = pa.array(np.ascontiguousarray(values), type=self._schema.field(field.name).type)
        if present.all():
            return array
        places = np.cumsum(present) - 1
        return array.take(pa.array(places, mask=~present))


WRITERS: dict[str, Callable[[Path, Sequence[Field], Sequence[str], Naming], _Writer]] = {
    ".parquet": _Parquet,
    ".ndjson": _Lines,
    ".jsonl": _Lines,
}

__all__ = ["WRITERS", "Progress", "write"]
