"""The key store: one SQLite file of wrapped data keys and surrogates, with one writer and group commit."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import quote

from seawall.sealing.errors import StoreError
from seawall.sealing.keyfile import sync_folder
from seawall.sealing.keys import KeyRing

APPLICATION_ID = 0x5345_414C  # "SEAL"
SCHEMA_VERSION = 1
MAX_PENDING = 100_000
BUSY_MS = 5_000
# New keys land on pages all over the file: a checkpoint stops a flush for about 10 ms, so it should come seldom.
CHECKPOINT_PAGES = (32 << 20) // 4_096
_ROWS = 128  # a statement inserts at most
SCHEMA = """
CREATE TABLE ring (ring_id TEXT NOT NULL, check_value TEXT NOT NULL);
CREATE TABLE subject_keys (
    subject BLOB PRIMARY KEY, key_id TEXT NOT NULL, root INTEGER NOT NULL, wrapped BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE surrogates (digest BLOB PRIMARY KEY, surrogate BLOB NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE claims (
    subject BLOB NOT NULL, surrogate BLOB NOT NULL, PRIMARY KEY (subject, surrogate)
) WITHOUT ROWID;
CREATE INDEX claims_by_surrogate ON claims (surrogate);
"""


def insert(connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert many rows by few statements: `statement` ends before VALUES.

    Each statement lets go of the interpreter and has to win it back from a busy thread; a row each would take long.
    """
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        row = f"({', '.join('?' * len(part[0]))})"
        values = [value for one in part for value in one]
        connection.execute(f"{statement} VALUES {', '.join([row] * len(part))}", values)


class Part(Protocol):
    """A table's keeper, holding rows that wait for the next commit."""

    def pending(self) -> int:
        """How many rows wait."""

    def take(self) -> None:
        """Sets the waiting rows apart for a commit; rows that come now wait for the next one."""

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes the rows set apart inside an open transaction."""

    def settle(self, durable: bool) -> None:
        """Ends the wait of those rows: they are on the disk, or they never were and must be forgotten."""


class Store:
    """An open key store of one key ring. StoreError: damaged, another ring's, or another process writes.

    One process writes (an advisory lock beside the file), any number read. With `group_commit` new rows wait for
    `flush`, which must come before anything that uses them is kept; one thread may flush while another goes on adding.
    Without it every new row is durable before it is used.

    `writing` guards the connection that writes, `lock` what is in memory; whoever needs both takes `writing` first.
    """

    def __init__(self, path: Path, ring: KeyRing, *, group_commit: bool = False, read_only: bool = False) -> None:
        self.path, self.group_commit, self.read_only = path, group_commit, read_only
        self.lock, self.writing = threading.RLock(), threading.RLock()
        self._parts: list[Part] = []
        self._claim: int | None = None
        try:
            if not read_only:
                self._claim = _lock_file(path)
            self._connection = _connect(path, read_only)
            try:
                self._prepare(ring)
                self._reader = self._connection if read_only else _connect(path, read_only=True)
            except BaseException:
                self._connection.close()
                raise
        except BaseException:
            self._unlock()
            raise

    def join(self, part: Part) -> None:
        """Lets a table's keeper take part in every flush."""
        self._parts.append(part)

    def rows(self, statement: str, parameters: tuple[object, ...] = ()) -> list[Any]:
        """What a statement finds; waits for a commit that is under way."""
        with self.writing, self._explained("read"):
            return self._connection.execute(statement, parameters).fetchall()

    def look_up(self, statement: str, parameters: tuple[object, ...]) -> list[Any]:
        """What a SELECT finds among the committed rows; waits for no commit."""
        with self.lock, self._explained("read"):
            return self._reader.execute(statement, parameters).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A durable transaction: all of it is on the disk at the end, or none of it after an error."""
        self.check_writable()
        with self.writing, self._explained("written"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def adding(self) -> Iterator[None]:
        """Held by a keeper that may add a row, which outside group commit is flushed at once."""
        with nullcontext() if self.group_commit else self.writing, self.lock:
            yield

    def added(self) -> None:
        """A keeper calls this after each new row: it is flushed at once, or waits in group commit."""
        if not self.group_commit:
            self.flush()

    def check_room(self) -> None:
        """A keeper calls this before each new row. StoreError: read-only, or too many rows wait already."""
        self.check_writable()
        if sum(part.pending() for part in self._parts) >= MAX_PENDING:
            raise StoreError(f"{MAX_PENDING:,} new keys wait for the disk; call flush() more often")

    def waits(self) -> bool:
        """Whether rows wait for `flush`; those of a flush under way do not count."""
        return any(part.pending() for part in self._parts)

    def check_writable(self) -> None:
        """StoreError where the store was opened to be read."""
        if self.read_only:
            raise StoreError(f"key store {self.path} was opened read-only; let the writing process do this")

    def flush(self) -> None:
        """Makes every waiting row durable. StoreError: none of them is, and what used them must be thrown away."""
        with self.writing:
            with self.lock:
                waiting = [part for part in self._parts if part.pending()]
                for part in waiting:
                    part.take()
            if not waiting:
                return
            durable = False
            try:
                with self.transaction() as connection:
                    for part in waiting:
                        part.write(connection)
                durable = True
            finally:
                with self.lock:
                    for part in waiting:
                        part.settle(durable)

    def scrub(self) -> bool:
        """Empties the write-ahead log, where old pages outlive deleted rows; False while a reader holds it."""
        with self.writing, self._explained("written"):
            busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy

    def close(self) -> None:
        """Flushes and closes; a second call does nothing."""
        with self.writing, self.lock:
            try:
                if not self.read_only:
                    self.flush()
            finally:
                self._reader.close()
                self._connection.close()
                self._unlock()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _prepare(self, ring: KeyRing) -> None:
        with self._explained("opened"):
            application, version = (
                self._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
            )
            tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not tables and not self.read_only:
            self._found(ring)
        elif (application, version) != (APPLICATION_ID, SCHEMA_VERSION):
            raise StoreError(f"{self.path} is not a key store of version {SCHEMA_VERSION}; check the path")
        if self.rows("SELECT ring_id, check_value FROM ring") != [(ring.ring_id, ring.check)]:
            raise StoreError(f"key store {self.path} belongs to another key file; give the one it was made with")
        if not self.read_only:
            self.scrub()

    def _found(self, ring: KeyRing) -> None:
        with self.transaction() as connection:
            for statement in SCHEMA.split(";\n"):
                connection.execute(statement)
            connection.execute("INSERT INTO ring VALUES (?, ?)", (ring.ring_id, ring.check))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        sync_folder(self.path.parent)

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"key store {self.path} cannot be {what}: {error}; check disk, mode and backup") from error

    def _unlock(self) -> None:
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None


def _lock_file(path: Path) -> int:
    """Takes the writer's lock; it ends with the process, however that ends."""
    try:
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"key store {path} cannot be opened: {error.strerror}; check its folder") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise StoreError(f"another process writes key store {path}; stop it, or open the store read-only") from None
    return lock


def _connect(path: Path, read_only: bool) -> sqlite3.Connection:
    try:
        if not read_only:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        uri = f"file:{quote(str(path))}?mode={'ro' if read_only else 'rw'}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"key store {path} cannot be opened: {error}; check the path and its mode") from None
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute("PRAGMA secure_delete = ON")
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    except sqlite3.Error as error:
        connection.close()
        raise StoreError(f"key store {path} cannot be opened: {error}; restore it from a backup") from None
    return connection
