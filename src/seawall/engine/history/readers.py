"""Readers of history files: Parquet, NDJSON and CSV as a stream of Arrow batches with the wanted columns only."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.json as pa_json
import pyarrow.parquet as pq

from seawall.engine.history.problems import HistoryError

SUFFIXES = (".parquet", ".ndjson", ".jsonl", ".csv", ".ndjson.gz", ".jsonl.gz", ".csv.gz")
_SAMPLE_LINES = 1_000
_CHUNK = 16 << 20
_MAX_LINE = 1 << 20
_MAX_COLUMNS = 10_000

TEXT, INTEGER, REAL = "text", "integer", "real"  # what a column is expected to hold, for files without types
_ARROW = {TEXT: pa.string(), INTEGER: pa.int64(), REAL: pa.float64()}


@dataclass(frozen=True, slots=True)
class HistoryFile:
    """An opened history: its columns (for NDJSON those of the first lines) and its rows, -1 where unknown."""

    path: Path
    kind: str  # parquet | ndjson | csv
    names: tuple[str, ...]
    rows: int

    def batches(self, columns: Mapping[str, str], size: int) -> Iterator[Any]:
        """Tables of exactly `size` rows (the last one fewer), with `columns` (name -> TEXT, INTEGER or REAL).

        HistoryError names the file, and the row where one is known, when the file cannot be read on.
        """
        return _rebatched(_READERS[self.kind](self, columns, size), size)

    def has_column(self, name: str) -> bool:
        """Whether any row has the column; NDJSON is searched for it to the end where the first lines lack it."""
        return name in self.names or (self.kind == "ndjson" and _holds(self.path, msgspec.json.encode(name)))

    def fingerprint(self) -> str:
        """SHA-256 over size, time of change, and the first and last 64 KB: enough to know the file again."""
        stat = self.path.stat()
        digest = hashlib.sha256(f"{stat.st_size} {stat.st_mtime_ns}\n".encode())
        with self.path.open("rb") as file:
            digest.update(file.read(65_536))
            file.seek(max(0, stat.st_size - 65_536))
            digest.update(file.read(65_536))
        return digest.hexdigest()


def open_history(path: Path) -> HistoryFile:
    """Look at a history file. HistoryError says why it cannot be read: absent, unknown suffix, truncated, empty."""
    kind = _kind(path)
    try:
        if not path.is_file():
            raise HistoryError(str(path), "is not a file; name a history to read")
        return _OPENERS[kind](path)
    except OSError as error:
        raise HistoryError(str(path), f"cannot be read: {_first_line(error)}") from None
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise _damaged(path, kind, error) from None


def _kind(path: Path) -> str:
    name = path.name.lower()
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return "ndjson" if "json" in suffix else "csv" if "csv" in suffix else "parquet"
    raise HistoryError(str(path), f"is of no known kind; use {', '.join(SUFFIXES)}")


def _damaged(path: Path, kind: str, error: Exception, row: int = 0) -> HistoryError:
    words = {"parquet": "Parquet", "ndjson": "NDJSON", "csv": "CSV"}[kind]
    return HistoryError(str(path), f"is damaged or no {words}: {_first_line(error)}; copy or export it again", row)


def _first_line(error: Exception) -> str:
    strerror = getattr(error, "strerror", None)
    text = strerror if isinstance(strerror, str) else (str(error).strip().splitlines() or [type(error).__name__])[0]
    return text[:200].rstrip(". ")


def _rebatched(tables: Iterator[Any], size: int) -> Iterator[Any]:
    """The same rows in tables of exactly `size`, so that blocks do not depend on how the file was written."""
    waiting: list[Any] = []
    held = 0
    for table in tables:
        waiting.append(table)
        held += len(table)
        while held >= size:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, size)
            held -= size
            waiting = [whole.slice(size)]
    if held:
        yield pa.concat_tables(waiting)


# --- Parquet ----------------------------------------------------------------------------------------------------------


def _open_parquet(path: Path) -> HistoryFile:
    with pq.ParquetFile(path) as file:
        return HistoryFile(path, "parquet", tuple(file.schema_arrow.names[:_MAX_COLUMNS]), file.metadata.num_rows)


def _read_parquet(history: HistoryFile, columns: Mapping[str, str], size: int) -> Iterator[Any]:
    read = 0
    try:
        with pq.ParquetFile(history.path, pre_buffer=True) as file:
            for batch in file.iter_batches(batch_size=size, columns=list(columns)):
                yield pa.Table.from_batches([batch])
                read += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(history.path, "parquet", error, read + 1) from None


# --- NDJSON -----------------------------------------------------------------------------------------------------------


def _stream(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def _open_ndjson(path: Path) -> HistoryFile:
    names: dict[str, None] = {}
    for line in _sample(path):
        names |= dict.fromkeys(line)
    if not names:
        raise HistoryError(str(path), "holds no rows; one JSON object a line is needed")
    return HistoryFile(path, "ndjson", tuple(names), -1)


def _sample(path: Path) -> list[dict[str, Any]]:
    sample: list[dict[str, Any]] = []
    with _stream(path) as file:
        for row in range(1, _SAMPLE_LINES + 1):
            line = file.readline(_MAX_LINE + 1)
            if not line:
                break
            if line.strip():
                sample.append(_object(path, line, row))
    return sample


def _object(path: Path, line: bytes, row: int) -> dict[str, Any]:
    if len(line) > _MAX_LINE:
        raise HistoryError(str(path), f"is longer than {_MAX_LINE:,} bytes; one JSON object a line is needed", row)
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HistoryError(str(path), f"is not JSON: {_first_line(error)}", row) from None
    if not isinstance(value, dict):
        raise HistoryError(str(path), "is not a JSON object; one object a line is needed", row)
    return value


def _read_ndjson(history: HistoryFile, columns: Mapping[str, str], size: int) -> Iterator[Any]:
    schema = _ndjson_schema(_sample(history.path), columns)
    options = pa_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    row = 1
    for chunk in _line_chunks(history.path):
        try:
            table = pa_json.read_json(io.BytesIO(chunk), parse_options=options)
        except pa.ArrowException as error:
            raise _bad_line(history.path, chunk, row, schema, error) from None
        row += chunk.count(b"\n")
        yield table.select(list(columns))


def _ndjson_schema(sample: list[dict[str, Any]], columns: Mapping[str, str]) -> Any:
    fields = []
    for name, expected in columns.items():
        seen = {type(line[name]) for line in sample if line.get(name) is not None}
        if seen <= {int, float} and seen:
            arrow = pa.float64() if expected == REAL or float in seen else pa.int64()
        elif seen == {bool}:
            arrow = pa.bool_()
        else:
            arrow = _ARROW[expected] if not seen else pa.string()
        fields.append((name, arrow))
    return pa.schema(fields)


def _line_chunks(path: Path) -> Iterator[bytes]:
    """Whole lines, about _CHUNK bytes at a time."""
    try:
        with _stream(path) as file:
            rest = b""
            while data := file.read(_CHUNK):
                cut = data.rfind(b"\n") + 1
                if not cut:
                    rest += data
                    if len(rest) > _CHUNK:
                        raise HistoryError(str(path), f"has a line of more than {_CHUNK:,} bytes")
                    continue
                yield rest + data[:cut]
                rest = data[cut:]
            if rest.strip():
                yield rest + b"\n"
    except (OSError, EOFError) as error:
        raise _damaged(path, "ndjson", error) from None


def _bad_line(path: Path, chunk: bytes, first: int, schema: Any, error: Exception) -> HistoryError:
    """The line of a chunk that Arrow refused, found again by reading each."""
    accepted: dict[Any, tuple[type, ...]] = {
        pa.string(): (str,), pa.int64(): (int,), pa.float64(): (int, float), pa.bool_(): (bool,),
    }  # fmt: skip
    for row, line in enumerate(chunk.splitlines(), first):
        if not line.strip():
            continue
        try:
            values = _object(path, line, row)
        except HistoryError as problem:
            return problem
        for name, arrow in zip(schema.names, schema.types, strict=True):
            value = values.get(name)
            if value is not None and type(value) not in accepted[arrow]:
                return HistoryError(str(path), f"holds {value!r:.40}, but {arrow} in the rows before", row, name)
    return _damaged(path, "ndjson", error, first)


def _holds(path: Path, word: bytes) -> bool:
    return any(word in chunk for chunk in _line_chunks(path))


# --- CSV --------------------------------------------------------------------------------------------------------------


def _open_csv(path: Path) -> HistoryFile:
    with io.TextIOWrapper(_stream(path), encoding="utf-8-sig", newline="") as file:
        header = file.readline(_MAX_LINE)
    names = next(csv.reader([header]), [])
    if not names:
        raise HistoryError(str(path), "is empty; the first line must name the columns")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise HistoryError(str(path), f"has the column {twice!r} twice; rename one")
    return HistoryFile(path, "csv", tuple(names), -1)


def _read_csv(history: HistoryFile, columns: Mapping[str, str], size: int) -> Iterator[Any]:
    """Every column as text: the conversion that follows knows the row of what it cannot take."""
    options = pa_csv.ConvertOptions(
        include_columns=list(columns),
        column_types=dict.fromkeys(columns, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
    )
    read = pa_csv.ReadOptions(block_size=8 << 20)
    try:
        with pa.input_stream(str(history.path), compression="detect") as stream:
            for batch in pa_csv.open_csv(stream, read_options=read, convert_options=options):
                yield pa.Table.from_batches([batch])
    except (pa.ArrowException, OSError) as error:
        raise _damaged(history.path, "csv", error) from None


_OPENERS: Mapping[str, Callable[[Path], HistoryFile]] = {
    "parquet": _open_parquet,
    "ndjson": _open_ndjson,
    "csv": _open_csv,
}
_READERS: Mapping[str, Callable[[HistoryFile, Mapping[str, str], int], Iterator[Any]]] = {
    "parquet": _read_parquet,
    "ndjson": _read_ndjson,
    "csv": _read_csv,
}
