"""The ledger's file: SQLite (WAL, synchronous=FULL, mode 0600) whose tables only ever grow."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from seawall.ledger.errors import StoreError
from seawall.ledger.files import sync_folder
from seawall.ledger.note import is_name
from seawall.ledger.tree import node_position

APPLICATION_ID = 0x5345_414E
SCHEMA_VERSION = 1
BUSY_MS = 10_000
_TABLES = {
    "ledger": "(origin BLOB NOT NULL)",
    "entries": "(idx INTEGER PRIMARY KEY, body BLOB NOT NULL, hash BLOB NOT NULL)",
    "nodes": "(position INTEGER PRIMARY KEY, hash BLOB NOT NULL)",  # complete subtrees, see tree.node_position
    "checkpoints": "(number INTEGER PRIMARY KEY, size INTEGER NOT NULL, text BLOB NOT NULL)",
    "signatures": "(number INTEGER PRIMARY KEY, checkpoint INTEGER NOT NULL, line BLOB NOT NULL)",
}
_SCHEMA = [
    *(f"CREATE TABLE {name} {columns}" for name, columns in _TABLES.items()),
    "CREATE INDEX checkpoints_by_size ON checkpoints (size)",
    "CREATE INDEX signatures_by_checkpoint ON signatures (checkpoint)",
    *(  # against accidents; against intent there are the hashes
        f"CREATE TRIGGER {name}_no_{change} BEFORE {change} ON {name} BEGIN SELECT RAISE(ABORT, 'append only'); END"
        for name in _TABLES
        for change in ("update", "delete")
    ),
]


class Store:
    """An open ledger file. Any number of processes may write, one transaction at a time; a thread at a time."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path, self.read_only = path, read_only
        self.lock = threading.RLock()
        self._connection = _connect(path, read_only)
        try:
            self.origin = self._prepare()
        except BaseException:
            self._connection.close()
            raise

    @classmethod
    def create(cls, path: Path, origin: str) -> Store:
        """Makes the file, durably; StoreError where there is one already."""
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            raise StoreError(f"ledger {path} exists already; open it instead") from None
        except OSError as error:
            raise StoreError(f"ledger {path} cannot be made: {error.strerror}; check its folder") from None
        connection = _connect(path, read_only=False)
        try:
            with explained(path, "made"):
                connection.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA:
                    connection.execute(statement)
                connection.execute("INSERT INTO ledger VALUES (?)", (origin.encode(),))
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                connection.execute("COMMIT")
                sync_folder(path.parent)
        finally:
            connection.close()
        return cls(path)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The only writer for as long as it is open; all of it is on the disk at the end, or nothing after an error."""
        if self.read_only:
            raise StoreError(f"ledger {self.path} was opened read-only; open it to write")
        with self.lock, explained(self.path, "written"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Every read inside sees the ledger as it is at the first of them."""
        with self.lock, explained(self.path, "read"):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def stream(self, statement: str, parameters: Iterable[object] = ()) -> Iterator[Any]:
        """Rows one by one; whoever needs a steady view takes a snapshot around it."""
        with explained(self.path, "read"):
            rows = self._connection.execute(statement, tuple(parameters))
            yield from iter(rows.fetchone, None)  # `from rows` would close them, perhaps after their connection

    def row(self, statement: str, parameters: Iterable[object] = ()) -> Any:
        """The first row, or None."""
        with self.lock, explained(self.path, "read"):
            return self._connection.execute(statement, tuple(parameters)).fetchone()

    def size(self) -> int:
        """Number of entries."""
        last = self.row("SELECT idx FROM entries ORDER BY idx DESC LIMIT 1")
        return last[0] + 1 if last else 0

    def node(self, level: int, index: int) -> bytes:
        """Hash of a complete subtree; level 0 is an entry's. StoreError where it is missing."""
        if level:
            statement, key = "SELECT hash FROM nodes WHERE position = ?", node_position(level, index)
        else:
            statement, key = "SELECT hash FROM entries WHERE idx = ?", index
        try:  # not `row`: a proof reads some twenty nodes
            with self.lock:
                found = self._connection.execute(statement, (key,)).fetchone()
        except sqlite3.Error as error:
            raise StoreError(f"ledger {self.path} cannot be read: {error}; check disk, mode and backup") from error
        if found is None:
            raise StoreError(
                f"ledger {self.path} lacks subtree node ({level}, {index}); `seawall ledger verify` says what happened"
            )
        hashed: bytes = found[0]
        return hashed

    def close(self) -> None:
        """Closes the file; a second call does nothing."""
        with self.lock:
            self._connection.close()

    def _prepare(self) -> str:
        found = [self.row(f"PRAGMA {name}")[0] for name in ("application_id", "user_version")]
        if found != [APPLICATION_ID, SCHEMA_VERSION]:
            raise StoreError(f"{self.path} is not a ledger of version {SCHEMA_VERSION}; check the path")
        try:
            origin: str = self.row("SELECT origin FROM ledger")[0].decode("ascii")
        except (TypeError, AttributeError, UnicodeDecodeError):
            origin = ""
        if not is_name(origin):
            raise StoreError(f"ledger {self.path} has lost its origin; restore it from a backup")
        return origin


@contextmanager
def explained(path: Path, what: str) -> Iterator[None]:
    """What SQLite and the system say, as one line of ours."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"ledger {path} cannot be {what}: {error}; check disk, mode and backup") from error


def _connect(path: Path, read_only: bool) -> sqlite3.Connection:
    if not path.is_file():
        raise StoreError(f"no ledger at {path}; check the path, or create one")
    with explained(path, "opened"):
        uri = f"file:{quote(str(path))}?mode={'ro' if read_only else 'rw'}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        try:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            if not read_only:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
    return connection
