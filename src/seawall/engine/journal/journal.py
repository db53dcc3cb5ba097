"""The open journal: one writer appends batches, each durable when append returns; any number of readers read on."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from types import TracebackType

from .bundle import MAX_BUNDLE
from .errors import JournalError
from .file import connect_writer, create, damage, explain, lock_file
from .frame import MAX_BATCH, MAX_BATCH_BYTES, Batch, Record, encode_batch
from .head import GENESIS_TIP, HeadFile, Tip, read_head
from .reader import Reader
from .survey import Progress, Stats, Verification, count, verify

_INSERT = "INSERT INTO batches VALUES (?, ?, ?, ?)"


class Journal:
    """The journal in the SQLite file at `path`, with its head file beside it.

    One process writes, others open it read_only; any threads may share a Journal. JournalError when it cannot be
    opened or another process writes; JournalDamage when acknowledged records are missing or the last batch is damaged.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path, self.read_only = path, read_only
        self._head_path = head_of(path)
        self._lock = threading.Lock()
        with ExitStack() as opened:
            if not read_only:
                opened.callback(os.close, lock_file(path))
            head = read_head(self._head_path)  # before the database, which is never behind it
            if not read_only and not (path.exists() and path.stat().st_size):
                self._check_none_missing(head, GENESIS_TIP)
                create(path)
            if not read_only:
                # looked at before it is opened to write: SQLite then throws away what it cannot read of its log
                with closing(Reader(path)) as reader:
                    self._checked_tip(reader, head)
                self._writer = connect_writer(path)
                opened.callback(self._writer.close)
            self._reader = Reader(path)
            opened.callback(self._reader.close)
            self._tip = self._checked_tip(self._reader, head)
            if not read_only:
                self._head = HeadFile(self._head_path)
                opened.callback(self._head.close)
                self._head.write(self._tip)
            self._opened = opened.pop_all()

    @property
    def tip(self) -> Tip:
        """`last` and `chain`, of the same moment. A reader looks into the file each time."""
        return self._reader.tip() if self.read_only else self._tip

    @property
    def last(self) -> int:
        """The number of the newest record, -1 when there is none."""
        return self.tip.last

    @property
    def chain(self) -> bytes:
        """The chain after the newest record, 32 bytes."""
        return self.tip.chain

    def append(self, records: Sequence[tuple[int, bytes]]) -> int:
        """Keeps (kind, payload) records as one batch, durable when this returns; the new `last`.

        JournalError: none of them is kept, `last` and `chain` are as before, and a later append works once the disk
        does. A batch has at most MAX_BATCH records of at most MAX_RECORD bytes, MAX_BATCH_BYTES in all.
        """
        self._check_writable()
        if len(records) > MAX_BATCH:
            raise JournalError(f"a batch has at most {MAX_BATCH:,} records, not {len(records):,}; append it in parts")
        with self._lock:
            last, chain = self._tip
            if not records:
                return last
            data, chain = encode_batch(last + 1, records, chain)
            if len(data) > MAX_BATCH_BYTES:
                raise JournalError(f"a batch has at most {MAX_BATCH_BYTES:,} bytes, not {len(data):,}; append parts")
            self._write(_INSERT, (last + 1, len(records), data, chain))
            self._tip = tip = Tip(last + len(records), chain)
            self._head.write(tip)
            return tip.last

    def batches(self, after: int = -1, *, verify: bool = True) -> Iterator[Batch]:
        """The records after number `after` in their batches, each with the chain after it; otherwise like `read`."""
        return self._reader.batches(after, self._floor(), verify=verify)

    def read(self, after: int = -1, *, verify: bool = True) -> Iterator[Record]:
        """The records after number `after`, in order, in bounded memory.

        Every checksum is checked, and with `verify` the chain. Records appended meanwhile are read too. JournalDamage
        comes after the last good record, and names the first bad one.
        """
        for batch in self.batches(after, verify=verify):
            yield from batch.records

    def get(self, sequence: int) -> Record:
        """One record, its checksum checked. JournalError when there is none, JournalDamage when it is damaged."""
        return self._reader.record(sequence, self._floor())

    def chain_at(self, sequence: int) -> bytes | None:
        """The chain after a record that ends its batch, as stored; None where no batch ends there."""
        return self._reader.chain_at(sequence)

    def put_bundle(self, data: bytes) -> str:
        """Files bytes under their SHA-256, in hex, which is returned; durable when this returns.

        Putting the same bytes again repairs a damaged bundle.
        """
        self._check_writable()
        if len(data) > MAX_BUNDLE:
            raise JournalError(f"a bundle has at most {MAX_BUNDLE:,} bytes, not {len(data):,}")
        digest = hashlib.sha256(data).hexdigest()
        with self._lock:
            if self._reader.bundle(digest) != data:
                self._write("INSERT OR REPLACE INTO bundles VALUES (?, ?)", (digest, data))
        return digest

    def has_bundle(self, digest: str) -> bool:
        """Whether bytes are filed under a digest."""
        return self._reader.bundle(digest) is not None

    def bundle(self, digest: str) -> bytes:
        """The bytes filed under a digest. JournalError when there are none, JournalDamage when they changed."""
        data = self._reader.bundle(digest)
        if data is None:
            raise JournalError(f"journal {self.path} has no bundle {digest[:64]}; publish its policy again")
        if hashlib.sha256(data).hexdigest() != digest:
            raise damage(self.path, f"bundle {digest} is damaged; putting the same bytes again repairs it", self.last)
        return data

    def stats(self, progress: Progress | None = None) -> Stats:
        """What the journal holds; reads all of it. JournalDamage where that fails."""
        return count(self._reader, self._floor(), progress)

    def verify(self, progress: Progress | None = None) -> Verification:
        """Checks every record, the whole chain and every bundle; says how far it is good. `progress`(done, total)."""
        return verify(self._reader, self._floor(), progress)

    def close(self) -> None:
        """Lets go of the files; a second call does nothing."""
        with self._lock:
            self._opened.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _write(self, statement: str, parameters: tuple[object, ...]) -> None:
        """One statement as a transaction of its own."""
        try:
            self._writer.execute(statement, parameters)
        except sqlite3.Error as error:
            if not isinstance(error, sqlite3.ProgrammingError) and self._writer.in_transaction:
                with suppress(sqlite3.Error):
                    self._writer.execute("ROLLBACK")
            raise explain(self.path, "written", error, self._tip.last) from error

    def _checked_tip(self, reader: Reader, head: Tip | None) -> Tip:
        """The newest record, once the last batch and the head's agree with what was acknowledged."""
        tip = reader.tip()
        self._check_none_missing(head, tip)
        if tip.last >= 0:
            reader.check_last(tip)
        if head and 0 <= head.last < tip.last:
            reader.check_last(head)
        return tip

    def _check_none_missing(self, head: Tip | None, tip: Tip) -> None:
        if head and head.last > tip.last:
            missing = f"{head.last - tip.last:,} acknowledged records after record {tip.last} are missing"
            raise damage(self.path, missing, tip.last)

    def _floor(self) -> int:
        """A record that must be there: whoever reads less has met damage."""
        if not self.read_only:
            return self._tip.last
        head = read_head(self._head_path)
        return max(self._tip.last, head.last if head else -1)

    def _check_writable(self) -> None:
        if self.read_only:
            raise JournalError(f"journal {self.path} was opened read-only; let the writing process do this")


def head_of(path: Path) -> Path:
    """The head file beside a journal."""
    return path.with_suffix(".head")
