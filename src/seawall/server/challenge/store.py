"""HOME/challenges.db: what is open, how it ended, what must still be decided; authenticators; codes sent of late.

Each change is a step beside its row: the console follows them (`book.py`). Steps hold nothing about a person.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from seawall.engine.errors import SeawallError

OPEN = "open"
SCHEMA_VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS challenges (
  id TEXT PRIMARY KEY, challenged TEXT NOT NULL, sequence INTEGER NOT NULL, subject BLOB NOT NULL,
  method TEXT NOT NULL, kind TEXT NOT NULL, provider TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
  opened INTEGER NOT NULL, expires INTEGER NOT NULL, expires_at INTEGER NOT NULL, attempts_left INTEGER NOT NULL,
  sends_left INTEGER NOT NULL, asked INTEGER NOT NULL, code BLOB, contact BLOB, private TEXT NOT NULL, final BLOB,
  ended_at INTEGER, body BLOB, trouble TEXT NOT NULL, decision_id TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS one_open ON challenges (sequence) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS by_decision ON challenges (sequence);
CREATE INDEX IF NOT EXISTS by_subject ON challenges (subject);
CREATE INDEX IF NOT EXISTS due ON challenges (expires) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS undecided ON challenges (ended_at) WHERE body IS NOT NULL;
CREATE TABLE IF NOT EXISTS steps (
  number INTEGER PRIMARY KEY AUTOINCREMENT, challenge TEXT NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL,
  detail TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sends (at INTEGER NOT NULL, subject BLOB NOT NULL, contact BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS sends_by_subject ON sends (subject);
CREATE INDEX IF NOT EXISTS sends_by_contact ON sends (contact);
CREATE INDEX IF NOT EXISTS sends_by_time ON sends (at);
CREATE TABLE IF NOT EXISTS authenticators (
  subject BLOB PRIMARY KEY, secret TEXT NOT NULL, pending TEXT NOT NULL, attempts_left INTEGER NOT NULL,
  used INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS clock (at INTEGER NOT NULL);
"""
_FROM_1 = """
INSERT INTO steps (challenge, at, what, detail)
SELECT id, expires_at - (expires - opened) AS at, 'opened', '' FROM challenges
UNION ALL SELECT id, ended_at, state, reason FROM challenges WHERE state <> 'open'
UNION ALL SELECT id, ended_at, 'decided', '' FROM challenges WHERE decision_id <> ''
ORDER BY 2, 1
"""


class ChallengeStoreError(SeawallError):
    """The database cannot be read or written."""


class Row(msgspec.Struct, kw_only=True):
    """One challenge. Times in ms: `opened`, `expires` and `asked` by the steady clock, the others by the wall's.

    `code`, `contact`: HMACs under the key in `private`, a sealed text {key, mask}. `final`: keyed digest of the request
    that ended it. `body`: the event of its result, until that is decided; `trouble`: why it is not.
    """

    id: str
    challenged: str  # decision_id
    sequence: int
    subject: bytes
    method: str
    kind: str
    provider: str
    state: str = OPEN
    reason: str = ""
    opened: int
    expires: int
    expires_at: int
    attempts_left: int
    sends_left: int = 0
    asked: int
    code: bytes | None = None
    contact: bytes | None = None
    private: str
    final: bytes | None = None
    ended_at: int | None = None
    body: bytes | None = None
    trouble: str = ""
    decision_id: str = ""


class Authenticator(msgspec.Struct, kw_only=True):
    """A subject's authenticator: the sealed secret in use, the one that waits for its first code ("": none)."""

    subject: bytes
    secret: str = ""
    pending: str = ""
    attempts_left: int = 0
    used: int = 0  # the last time step taken


_COLUMNS = Row.__struct_fields__
_AUTHENTICATOR = Authenticator.__struct_fields__
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM challenges"  # noqa: S608 - constants


class Store:
    """The open database. Belongs to one thread; every change is on the disk when `transaction` ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._explained():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            self._connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
            try:
                for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
                    self._connection.execute(f"PRAGMA {pragma}")
                (version,) = self._connection.execute("PRAGMA user_version").fetchone()
                if version > SCHEMA_VERSION:
                    raise ChallengeStoreError(f"{path} has version {version}, not {SCHEMA_VERSION}; use that release")
                self._connection.executescript(_SCHEMA)
                self._connection.execute("BEGIN IMMEDIATE")
                if version == 1:
                    self._connection.execute(_FROM_1)
                self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def transaction(self, now: int) -> Iterator[None]:
        """All of what is done inside, or nothing of it; `now` is kept as the time that was."""
        with self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("DELETE FROM clock")
                self._connection.execute("INSERT INTO clock VALUES (?)", (now,))
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def clock(self) -> int:
        """The time of the last change, 0 where there was none."""
        return int(self._one("SELECT coalesce(max(at), 0) FROM clock")[0])

    # --- challenges ---------------------------------------------------------------------------------------------------

    def get(self, challenge_id: str) -> Row | None:
        """A challenge by its id."""
        found = self._rows(f"{_SELECT} WHERE id = ?", challenge_id)
        return found[0] if found else None

    def of_decision(self, sequence: int) -> list[Row]:
        """The challenges of a decision, oldest first."""
        return self._rows(f"{_SELECT} WHERE sequence = ? ORDER BY opened, id", sequence)

    def due(self, now: int, most: int) -> list[Row]:
        """Open ones whose time is over."""
        return self._rows(f"{_SELECT} WHERE state = 'open' AND expires <= ? ORDER BY expires LIMIT ?", now, most)

    def undecided(self, most: int) -> list[Row]:
        """Ended ones whose result is not decided yet."""
        return self._rows(f"{_SELECT} WHERE body IS NOT NULL ORDER BY ended_at LIMIT ?", most)

    def put(self, row: Row, what: str, at: int, detail: str = "") -> None:
        """Write a challenge, new or changed, and the step (of STEPS) that changed it, at a wall-clock time in ms."""
        marks = ", ".join("?" * len(_COLUMNS))
        statement = f"INSERT OR REPLACE INTO challenges ({', '.join(_COLUMNS)}) VALUES ({marks})"  # noqa: S608
        self._do(statement, *(getattr(row, name) for name in _COLUMNS))
        self._do("INSERT INTO steps (challenge, at, what, detail) VALUES (?, ?, ?, ?)", row.id, at, what, detail)

    def counts(self) -> tuple[int, int]:
        """How many are open, and how many results are not decided yet."""
        (is_open,) = self._one("SELECT count(*) FROM challenges WHERE state = 'open'")
        (waiting,) = self._one("SELECT count(*) FROM challenges WHERE body IS NOT NULL")
        return is_open, waiting

    # --- codes sent ---------------------------------------------------------------------------------------------------

    def sent(self, subject: bytes, contact: bytes, since: int) -> tuple[int, int]:
        """Codes after `since` to one subject and to one contact, the larger; and when the first of them was."""
        found = (0, 0)
        for name, value in (("subject", subject), ("contact", contact)):
            query = f"SELECT count(*), coalesce(min(at), 0) FROM sends WHERE {name} = ? AND at > ?"  # noqa: S608
            found = max(found, tuple(self._one(query, value, since)))
        return found

    def note_sent(self, subject: bytes, contact: bytes, now: int, since: int) -> None:
        """One more code; those from before `since` are forgotten."""
        self._do("DELETE FROM sends WHERE at <= ?", since)
        self._do("INSERT INTO sends VALUES (?, ?, ?)", now, subject, contact)

    # --- authenticators -----------------------------------------------------------------------------------------------

    def authenticator(self, subject: bytes) -> Authenticator | None:
        """A subject's authenticator."""
        query = f"SELECT {', '.join(_AUTHENTICATOR)} FROM authenticators WHERE subject = ?"  # noqa: S608
        found = self._all(query, subject)
        return Authenticator(**dict(zip(_AUTHENTICATOR, found[0], strict=True))) if found else None

    def put_authenticator(self, one: Authenticator) -> None:
        """Write it, new or changed."""
        values = [getattr(one, name) for name in _AUTHENTICATOR]
        self._do("INSERT OR REPLACE INTO authenticators VALUES (?, ?, ?, ?, ?)", *values)

    def forget(self, subject: bytes) -> None:
        """Everything secret of an erased subject."""
        self._do("UPDATE challenges SET private = '', code = NULL, contact = NULL WHERE subject = ?", subject)
        self._do("DELETE FROM sends WHERE subject = ?", subject)
        self._do("DELETE FROM authenticators WHERE subject = ?", subject)

    def _rows(self, query: str, *values: Any) -> list[Row]:
        return [Row(**dict(zip(_COLUMNS, found, strict=True))) for found in self._all(query, *values)]

    def _one(self, query: str, *values: Any) -> tuple[Any, ...]:
        return self._all(query, *values)[0]

    def _all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._explained():
            return self._connection.execute(query, values).fetchall()

    def _do(self, statement: str, *values: Any) -> None:
        with self._explained():
            self._connection.execute(statement, values)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise ChallengeStoreError(f"{self.path}: {error}; check the file and the space on its disk") from None
