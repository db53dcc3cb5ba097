"""API keys: made and revoked in a small database of their own, checked by the running service without asking it twice.

A key reads `sw_ID_SECRET`. Only the SHA-256 of the secret is kept: it has 256 random bits, so no slow hash is needed.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import os
import re
import secrets
import sqlite3
import string
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seawall.engine.errors import SeawallError

SCOPES = ("decide", "label", "lists", "limits", "read", "erase", "challenge", "metrics", "policies")
DEFAULT_SCOPES = ("decide", "label", "lists", "read")
MAX_KEYS = 10_000
MAX_RATE = 1_000_000  # requests a second
_NAME = re.compile(r"[\w][\w.@ -]{0,63}")
_KEY = re.compile(rb"(?i:bearer) sw_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")
_ID_LETTERS = string.ascii_lowercase + string.digits
_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, digest BLOB NOT NULL, scopes TEXT NOT NULL, rate REAL NOT NULL,
  created INTEGER NOT NULL, expires INTEGER, revoked INTEGER
) WITHOUT ROWID
"""
_COLUMNS = "id, name, digest, scopes, rate, created, expires, revoked"


class AccessError(SeawallError):
    """The key database cannot be read or written, or was asked for what cannot be."""


class KeyUnknownError(SeawallError):
    """No key, or one that is unknown, revoked or expired: the same words for all of them (401)."""

    def __init__(self) -> None:
        super().__init__("send a valid key as `Authorization: Bearer sw_…`; `seawall apikey create` makes one")


class ScopeError(SeawallError):
    """A key that may not do this (403)."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__(f"the key lacks the scope {scope!r}; make one with `seawall apikey create --scope {scope}`")


class TooManyError(SeawallError):
    """Faster than the key's rate, or too many wrong keys from one address (429)."""

    def __init__(self, message: str, retry_after: int) -> None:
        self.retry_after = retry_after  # s
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is stored of a key. Times in seconds since 1970; `rate` in requests a second, 0 for no limit."""

    id: str
    name: str
    digest: bytes
    scopes: frozenset[str]
    rate: float
    created: int
    expires: int | None
    revoked: int | None

    def state(self, now: float) -> str:
        """active, revoked or expired."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "active"


class KeyStore:
    """The database of keys: one short transaction a call, so that it works while the service runs."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path, self._clock = path, clock

    def create(
        self,
        name: str,
        scopes: Iterable[str] = DEFAULT_SCOPES,
        rate: float = 0,
        expires: int | None = None,
    ) -> str:
        """Make a key and return its text, which is kept nowhere. AccessError where an argument is out of bounds."""
        wanted = tuple(dict.fromkeys(scopes))
        unknown = [scope for scope in wanted if scope not in SCOPES]
        if unknown or not wanted:
            raise AccessError(f"unknown scope {', '.join(unknown) or '(none given)'}; there are {', '.join(SCOPES)}")
        if not _NAME.fullmatch(name):
            raise AccessError(f"{name[:64]!r} is no name for a key: 1 to 64 letters, digits, spaces and . _ @ -")
        if not 0 <= rate <= MAX_RATE:
            raise AccessError(f"rate must lie between 0 (no limit) and {MAX_RATE:,} requests a second, not {rate:g}")
        now = int(self._clock())
        if expires is not None and expires <= now:
            raise AccessError("the key would have expired already; give a time to come")
        key_id, secret = "".join(secrets.choice(_ID_LETTERS) for _ in range(8)), secrets.token_urlsafe(32)
        row = (key_id, name, _digest(secret.encode()), " ".join(wanted), float(rate), now, expires)
        with self._transaction() as connection:
            if connection.execute("SELECT 1 FROM keys WHERE name = ? AND revoked IS NULL", (name,)).fetchone():
                raise AccessError(f"there is a key named {name!r} already; revoke it first, or choose another name")
            if connection.execute("SELECT count(*) FROM keys WHERE revoked IS NULL").fetchone()[0] >= MAX_KEYS:
                raise AccessError(f"there are {MAX_KEYS:,} keys already; revoke those that are not used")
            connection.execute(f"INSERT INTO keys ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", row)  # noqa: S608
        return f"sw_{key_id}_{secret}"

    def revoke(self, name_or_id: str) -> KeyRecord:
        """Revoke the key of this id, else the active one of this name. AccessError where there is none."""
        with self._transaction() as connection:
            for where in ("id = ?", "name = ?"):
                query = f"SELECT {_COLUMNS} FROM keys WHERE {where} AND revoked IS NULL"  # noqa: S608 - constants
                row = connection.execute(query, (name_or_id,)).fetchone()
                if row is not None:
                    connection.execute("UPDATE keys SET revoked = ? WHERE id = ?", (int(self._clock()), row[0]))
                    return _record(row)
        raise AccessError(f"there is no active key {name_or_id[:64]!r}; `seawall apikey list` names them")

    def list(self) -> list[KeyRecord]:
        """Every key ever made, oldest first."""
        with self._transaction() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM keys ORDER BY created, id").fetchall()  # noqa: S608
        return [_record(row) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = open_keys(self.path)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise AccessError(f"{self.path}: {error}; check the file and the space on its disk") from None
        finally:
            connection.close()  # rolls back what was not committed


def open_keys(path: Path) -> sqlite3.Connection:
    """The database, made where there is none, for its owner's eyes only."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(path, timeout=5, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(_SCHEMA)
        except BaseException:
            connection.close()
            raise
    except OSError as error:
        raise AccessError(f"{path}: {error.strerror}; check the home directory's permissions") from None
    except sqlite3.Error as error:
        raise AccessError(f"{path}: {error}; move the file away to start with no keys") from None
    return connection


class ApiKey:
    """A key as the service holds it, with what is left of its rate."""

    __slots__ = ("bucket", "expires", "id", "name", "record", "scopes")

    def __init__(self, record: KeyRecord, bucket: Bucket | None) -> None:
        self.record, self.id, self.name, self.scopes = record, record.id, record.name, record.scopes
        self.expires = math.inf if record.expires is None else float(record.expires)
        self.bucket = bucket


class Bucket:
    """A token bucket of `rate` tokens a second that holds `size` of them, at least one second's worth and one token."""

    __slots__ = ("_at", "_left", "rate", "size")

    def __init__(self, rate: float, size: float = 0) -> None:
        self.rate, self.size = rate, max(size, rate, 1.0)
        self._left, self._at = self.size, -math.inf

    def take(self, now: float) -> float:
        """0.0 and a token is gone, or the seconds to wait for one."""
        left = min(self.size, self._left + (now - self._at) * self.rate)
        self._at = now
        if left >= 1.0:
            self._left = left - 1.0
            return 0.0
        self._left = left
        return (1.0 - left) / self.rate

    def owe(self, tokens: float) -> None:
        """Take tokens that may not be there yet: the next `take` waits until they are paid back."""
        self._left -= tokens


class Access:
    """Says who a request is from. Reads the database again once another process has changed it.

    `clock` gives seconds since 1970, `timer` monotonic seconds. Not thread-safe: it belongs to the server's loop.
    """

    CHECK_SECONDS = 0.5  # a revoked key stops within this
    _MAX_SEEN = 4_096
    _FAILURES = (1.0, 20.0)  # wrong keys a second from one address, and how many at once

    def __init__(
        self, path: Path, clock: Callable[[], float] = time.time, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self.path, self._clock, self._timer = path, clock, timer
        self._connection = open_keys(path)
        self._connection.execute("PRAGMA query_only = ON")
        self._keys: dict[str, ApiKey] = {}
        self._seen: dict[bytes, ApiKey] = {}  # raw header values that were right
        self._failures: OrderedDict[str, Bucket] = OrderedDict()
        self._version = -1
        self._next_check = -math.inf
        self._refresh()

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def admit(self, header: bytes | None, peer: str, scope: str) -> ApiKey:
        """The key in an Authorization header, if it may do `scope` now; takes one request from its rate.

        KeyUnknownError, ScopeError, TooManyError, AccessError.
        """
        now = self._timer()
        if now >= self._next_check:
            self._refresh()
            self._next_check = now + self.CHECK_SECONDS
        key = self._seen.get(header) if header is not None else None
        if key is None:
            key = self._identify(header, peer, now)
        if key.expires <= self._clock():
            raise self._failed(peer, now)
        if scope not in key.scopes:
            raise ScopeError(scope)
        if key.bucket is not None:
            wait = key.bucket.take(now)
            if wait:
                raise _too_fast(key, wait)
        return key

    def charge(self, key: ApiKey, more: int) -> None:
        """Take `more` requests from the key's rate: what a batch costs beyond the one that `admit` took."""
        if key.bucket is not None and more > 0:
            key.bucket.owe(more)

    def _identify(self, header: bytes | None, peer: str, now: float) -> ApiKey:
        """A header seen for the first time. A right key passes whatever others at its address do."""
        if header is None:
            raise self._failed(peer, now)
        match = _KEY.fullmatch(header)
        if match is None:
            raise self._failed(peer, now)
        key_id, digest = match[1].decode(), _digest(match[2])
        if key_id not in self._keys:
            self._refresh()  # a new key works at once; asking costs microseconds where nothing has changed
        key = self._keys.get(key_id)
        if not hmac.compare_digest(digest, key.record.digest if key else bytes(32)) or key is None:
            raise self._failed(peer, now)
        if len(self._seen) >= self._MAX_SEEN:
            self._seen.clear()
        self._seen[header] = key
        return key

    def _failed(self, peer: str, now: float) -> SeawallError:
        """What a wrong key earns: 401, or 429 once there were too many of them."""
        bucket = self._failures.get(peer)
        if bucket is None:
            if len(self._failures) >= self._MAX_SEEN:
                self._failures.popitem(last=False)
            bucket = self._failures[peer] = Bucket(*self._FAILURES)
        self._failures.move_to_end(peer)
        wait = bucket.take(now)
        if wait:
            return TooManyError("too many requests without a valid key from this address; wait", math.ceil(wait))
        return KeyUnknownError()

    def _refresh(self) -> None:
        """Read the keys again where the database has changed."""
        try:
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            if version == self._version:
                return
            rows = self._connection.execute(
                f"SELECT {_COLUMNS} FROM keys WHERE revoked IS NULL LIMIT {2 * MAX_KEYS}"  # noqa: S608 - constants
            ).fetchall()
        except sqlite3.Error as error:
            raise AccessError(f"the keys cannot be read ({error}); check {self.path.name}") from None
        before, self._version = self._keys, version
        self._keys = {record.id: _held(record, before.get(record.id)) for record in map(_record, rows)}
        self._seen = {
            header: self._keys[key.id] for header, key in self._seen.items() if key.id in self._keys
        }  # an id is never given twice, so the secret is still the one that was right


def _held(record: KeyRecord, before: ApiKey | None) -> ApiKey:
    if before is not None and before.record == record:
        return before
    return ApiKey(record, Bucket(record.rate) if record.rate else None)


def _too_fast(key: ApiKey, wait: float) -> TooManyError:
    return TooManyError(f"key {key.name!r} may send {key.record.rate:g} requests a second; slow down", math.ceil(wait))


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _record(row: tuple[str, str, bytes, str, float, int, int | None, int | None]) -> KeyRecord:
    key_id, name, digest, scopes, rate, created, expires, revoked = row
    return KeyRecord(key_id, name, digest, frozenset(scopes.split()), rate, created, expires, revoked)
