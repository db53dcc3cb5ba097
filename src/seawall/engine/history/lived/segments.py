"""Stretches of the journal as columns on disk: written once, checked against its chain, deletable at any time.

File: magic line, SHA-256 of what follows, an Arrow file. Its name holds the first and last sequence number and the
chain after the last, which stands for everything before it: a journal with that chain there has these records.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from seawall.engine.history.lived.rows import Sealed

_MAGIC = b"seawall-history-1\n"
_START = len(_MAGIC) + 32
_NAME = re.compile(r"(\d{16})-(\d{16})-([0-9a-f]{64})\.arrow")
_SEALED = b"seawall.sealed"


@dataclass(frozen=True, slots=True)
class Segment:
    """Records first … last of the journal; `chain` is the journal's after the last."""

    first: int
    last: int
    chain: bytes

    @property
    def name(self) -> str:
        """Its file's name."""
        return f"{self.first:016d}-{self.last:016d}-{self.chain.hex()}.arrow"


class Segments:
    """The segments in one folder, which is made when first written to and is its owner's alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def listed(self) -> Iterator[Segment]:
        """Segments by name, each following the one before it, from record 0 on."""
        found: dict[int, list[Segment]] = {}
        with suppress(OSError):
            for name in sorted(os.listdir(self.folder)):
                match = _NAME.fullmatch(name)
                if match:
                    one = Segment(int(match[1]), int(match[2]), bytes.fromhex(match[3]))
                    found.setdefault(one.first, []).append(one)
        at = 0
        while at in found:
            for one in found[at]:
                yield one
            at = max(one.last for one in found[at]) + 1

    def read(self, segment: Segment, columns: Sequence[str] | None = None) -> tuple[Any, Sealed] | None:
        """Its table (those of the named columns that it has), and the sealed fields known after it; None if damaged."""
        try:
            data = (self.folder / segment.name).read_bytes()
            view = memoryview(data)
            if view[: len(_MAGIC)] != _MAGIC or hashlib.sha256(view[_START:]).digest() != view[len(_MAGIC) : _START]:
                return None
            body = pa.py_buffer(view[_START:])
            schema = pa.ipc.open_file(body).schema
            wanted = [at for at, name in enumerate(schema.names) if columns is None or name in columns]
            options = pa.ipc.IpcReadOptions(included_fields=wanted)
            sealed = frozenset((kind, field) for kind, field in json.loads(schema.metadata[_SEALED]))
            return pa.ipc.open_file(body, options=options).read_all(), sealed
        except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
            return None

    def write(self, segment: Segment, table: Any, sealed: Sealed) -> None:
        """Keep a segment; a full or read-only disk costs the next reader time, nothing else."""
        sink = pa.BufferOutputStream()
        schema = table.schema.with_metadata({_SEALED: json.dumps(sorted(sealed)).encode()})
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_file(sink, schema, options=options) as writer:
            writer.write_table(table.cast(schema) if table.schema != schema else table)
        body = sink.getvalue()
        temporary = self.folder / f".{segment.first:016d}.{os.getpid()}"
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(_MAGIC + hashlib.sha256(body).digest())
                    file.write(body)
                os.replace(temporary, self.folder / segment.name)
            finally:
                temporary.unlink(missing_ok=True)

    def drop(self, segment: Segment) -> None:
        """Remove one."""
        with suppress(OSError):
            (self.folder / segment.name).unlink()
