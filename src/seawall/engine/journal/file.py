"""The journal's SQLite file: who may write it, how it is opened, what its errors mean."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from .errors import JournalDamage, JournalError

APPLICATION_ID = 0x5357_4A4C  # "SWJL"
VERSION = 1
PAGE_SIZE = 16_384
# A checkpoint stops the appends for about 0.7 ms a MiB. At 16 MiB it meets one append of 64 KB in 180, so the 99th
# percentile does not see it, and the longest pause stays near 12 ms.
CHECKPOINT_PAGES = (16 << 20) // PAGE_SIZE
BUSY_MS = 5_000
SCHEMA = (
    f"PRAGMA page_size = {PAGE_SIZE}",
    "PRAGMA synchronous = FULL",
    "CREATE TABLE batches (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, data BLOB NOT NULL, chain BLOB NOT NULL)",
    "CREATE TABLE bundles (digest TEXT PRIMARY KEY, data BLOB NOT NULL)",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
    "PRAGMA journal_mode = WAL",  # last, so that nothing of the new file is left in a log
)
_OF_THE_SYSTEM = frozenset(  # not the file's own fault
    {
        sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_AUTH,
    }
)  # fmt: skip


def lock_file(path: Path) -> int:
    """Takes the writer's lock, which ends with the process, however that ends. JournalError: another has it."""
    try:
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalError(f"journal {path} cannot be opened: {error.strerror}; check its folder") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise JournalError(f"another process writes journal {path}; stop it, or open the journal read-only") from None
    return lock


def connect(path: Path, read_only: bool) -> sqlite3.Connection:
    """A connection that any thread may use, one at a time; a writing one makes the file. JournalError says why not."""
    try:
        if not read_only:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        elif not path.is_file():
            raise JournalError(f"journal {path} does not exist; check the path")
        uri = f"file:{quote(str(path))}?mode={'ro' if read_only else 'rw'}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    except (sqlite3.Error, OSError) as error:
        raise JournalError(f"journal {path} cannot be opened: {error}; check the path and its mode") from None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    return connection


def create(path: Path) -> None:
    """Makes an empty journal, whole or not at all. JournalError says why not."""
    unborn = path.with_name(f"{path.name}.new")
    with explained(path, "made"):
        for suffix in ("", "-journal", "-wal", "-shm"):
            unborn.with_name(unborn.name + suffix).unlink(missing_ok=True)
        connection = connect(unborn, read_only=False)
        try:
            for statement in SCHEMA:
                connection.execute(statement)
        finally:
            connection.close()
        unborn.replace(path)
        _sync_folder(path.parent)


def connect_writer(path: Path) -> sqlite3.Connection:
    """A connection whose every transaction is on the disk when it ends. JournalError says why not."""
    connection = connect(path, read_only=False)
    try:
        with explained(path, "opened"):
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


def check_identity(path: Path, connection: sqlite3.Connection) -> None:
    """JournalError when the file is not a journal of this version."""
    with explained(path, "opened"):
        application, version = _pragma(connection, "application_id"), _pragma(connection, "user_version")
    if application != APPLICATION_ID:
        raise JournalError(f"{path} is not a journal; check the path")
    if version != VERSION:
        raise JournalError(f"journal {path} has version {version}, this seawall reads version {VERSION}; update it")


@contextmanager
def explained(path: Path, what: str, last_good: int = -1) -> Iterator[None]:
    """SQLite's errors in words: JournalDamage where the file itself is at fault, else JournalError."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(path, what, error, last_good) from error
    except UnicodeDecodeError as error:  # SQLite quotes a damaged schema in its message
        raise damage(path, f"cannot be {what} (its schema is no text)", last_good) from error
    except OSError as error:
        raise JournalError(f"journal {path} cannot be {what}: {error.strerror}; check the disk") from error


def explain(path: Path, what: str, error: sqlite3.Error, last_good: int) -> JournalError:
    """The JournalError or JournalDamage that an error of SQLite means."""
    if isinstance(error, sqlite3.ProgrammingError):
        return JournalError(f"journal {path} is closed; open it again")
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _OF_THE_SYSTEM:
        return JournalError(f"journal {path} cannot be {what}: {error}; check the disk, its free space and the mode")
    return damage(path, f"cannot be {what} ({error})", last_good)


def damage(path: Path, what: str, last_good: int) -> JournalDamage:
    """JournalDamage in one line with its remedy."""
    kept = f"the records up to {last_good}" if last_good >= 0 else "what can still be read"
    return JournalDamage(f"journal {path}: {what}; `seawall journal salvage` keeps {kept}", last_good)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
