"""Surrogates: random stand-ins for sensitive keys, found again by a blind index of the value.

A surrogate says nothing of its value. Whoever erases the index row cuts the link for good.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable
from functools import lru_cache

from seawall.sealing.blind import BlindIndex
from seawall.sealing.cache import Recent, Waiting
from seawall.sealing.errors import SealingError, StoreError
from seawall.sealing.filed import Filed
from seawall.sealing.keys import KeyRing
from seawall.sealing.store import Store, insert

SURROGATE_BYTES = 16
_SPACE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_SURROGATE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}_([a-z2-7]{26})")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_TO_DIGITS = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_SHIFTS = range(120, -1, -10)
_SPARE_BITS = 2  # 26 characters hold 130 bits
_LINKED = "SELECT 1 FROM surrogates WHERE surrogate = ?"
_UNCLAIMED = "SELECT 1 FROM claims WHERE surrogate = ? LIMIT 1"


class Surrogates:
    """The surrogates in a store, and which subjects they belong to; the last `cache` ones used stay in memory."""

    def __init__(self, store: Store, ring: KeyRing, cache: int = 200_000) -> None:
        self._store = store
        self._index = BlindIndex(ring, "surrogate")
        # By digest, so that no clear value stays in memory.
        self._known: Recent[bytes, str] = Recent(cache)
        self._claimed: Recent[tuple[bytes, bytes], bool] = Recent(cache)
        self._waiting: Waiting[bytes, str] = Waiting()
        self._claims: Waiting[tuple[bytes, bytes], bool] = Waiting()
        self._filed = None if store.read_only else self._all_filed()  # a reader cannot know what comes
        store.join(self)

    def surrogate(self, space: str, value: str) -> str:
        """The value's surrogate `SPACE_26 base32 characters`, made where there is none.

        Durable on return, or after the next flush in group commit. SealingError: a bad space or value.
        """
        digest = self._digest(space, value)
        with self._store.lock:
            found = self._known.get(digest)
        if found is None:
            found = self._make(digest)
        return f"{space}_{found}"

    def _make(self, digest: bytes) -> str:
        with self._store.adding():
            found = self._get(digest)
            if found is None:
                self._store.check_room()
                found = self._waiting.new[digest] = _encoded(os.urandom(SURROGATE_BYTES))
                self._store.added()
                self._known.put(digest, found)
                if self._filed is not None:
                    self._filed.add(digest)
            return found

    def find(self, space: str, value: str) -> str | None:
        """The value's surrogate if it has one, read past the cache; makes nothing."""
        digest = self._digest(space, value)
        with self._store.lock:
            found = self._waiting.get(digest) or self._read(digest)
        return None if found is None else f"{space}_{found}"

    def is_linked(self, surrogate: str) -> bool:
        """Whether a surrogate still stands for a value, read past the cache; False for a text that is none."""
        found = _SURROGATE.fullmatch(surrogate)
        return bool(found and self._store.rows(_LINKED, (_bytes(surrogate),)))

    def claim(self, subject: bytes, surrogates: Iterable[str]) -> bool:
        """Notes that the surrogates are the subject's (its digest), so that erasing the subject cuts their links.

        A surrogate of several subjects lives until the last of them is erased. Durable as a new surrogate is; True when
        all of it was durable before.
        """
        claims = [(subject, _bytes(surrogate)) for surrogate in surrogates]
        with self._store.lock:
            missing = [claim for claim in claims if self._claimed.get(claim) is None]
            new = [claim for claim in missing if claim not in self._claims]
        if new:
            with self._store.adding():
                self._store.check_room()
                self._claims.new.update(dict.fromkeys(new, True))
                self._store.added()
        return not missing

    def erase(self, connection: sqlite3.Connection, subject: bytes) -> int:
        """Deletes the subject's claims and the links nobody else claims, in an open transaction; returns the links."""
        mine = connection.execute("SELECT surrogate FROM claims WHERE subject = ?", (subject,)).fetchall()
        connection.execute("DELETE FROM claims WHERE subject = ?", (subject,))
        self._claimed.clear()
        unclaimed = [row[0] for row in mine if connection.execute(_UNCLAIMED, row).fetchone() is None]
        return sum(self._unlink(connection, surrogate) for surrogate in unclaimed)

    def erase_one(self, connection: sqlite3.Connection, surrogate: str) -> int:
        """Deletes the link of one surrogate, whoever claims it; 0 where the text is none or its link is gone."""
        found = _SURROGATE.fullmatch(surrogate)
        if not found:
            return 0
        connection.execute("DELETE FROM claims WHERE surrogate = ?", (_bytes(surrogate),))
        self._claimed.clear()
        return self._unlink(connection, _bytes(surrogate))

    def pending(self) -> int:
        """Surrogates and claims that wait for a flush."""
        return len(self._waiting) + len(self._claims)

    def take(self) -> None:
        """Sets what waits apart for a commit."""
        self._waiting.take()
        self._claims.take()

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes what was set apart."""
        surrogates = [(digest, _decoded(text)) for digest, text in self._waiting.taken.items()]
        insert(connection, "INSERT INTO surrogates", surrogates)
        insert(connection, "INSERT OR IGNORE INTO claims", list(self._claims.taken))

    def settle(self, durable: bool) -> None:
        """Forgets waiting surrogates that did not reach the disk; remembers claims that did."""
        surrogates, claims = self._waiting.settle(), self._claims.settle()
        for digest in () if durable else surrogates:
            self._known.drop(digest)
        for claim in claims if durable else ():
            self._claimed.put(claim, True)

    def _digest(self, space: str, value: str) -> bytes:
        _check_space(space)
        return self._index.digest(space, value)

    def _get(self, digest: bytes) -> str | None:
        found = self._known.get(digest) or self._waiting.get(digest)
        if found is None:
            found = self._read(digest)
            if found is not None:
                self._known.put(digest, found)
        return found

    def _all_filed(self) -> Filed:
        return Filed([digest for (digest,) in self._store.rows("SELECT substr(digest, 1, 8) FROM surrogates")])

    def _read(self, digest: bytes) -> str | None:
        if self._filed is not None and digest not in self._filed:
            return None
        for (surrogate,) in self._store.look_up("SELECT surrogate FROM surrogates WHERE digest = ?", (digest,)):
            if not isinstance(surrogate, bytes) or len(surrogate) != SURROGATE_BYTES:
                raise StoreError(f"a surrogate in {self._store.path} is damaged; restore the store from a backup")
            return _encoded(surrogate)
        return None

    def _unlink(self, connection: sqlite3.Connection, surrogate: bytes) -> int:
        for (digest,) in connection.execute(
            "SELECT digest FROM surrogates WHERE surrogate = ?", (surrogate,)
        ).fetchall():
            self._known.drop(digest)
            connection.execute("DELETE FROM surrogates WHERE digest = ?", (digest,))
            return 1
        return 0


@lru_cache(1_024)
def _check_space(space: str) -> None:
    if not _SPACE.fullmatch(space):
        raise SealingError(f"{space[:64]!r} cannot name a space; use 1 to 64 letters, digits, '_', '.' or '-'")


def _encoded(surrogate: bytes) -> str:
    """Base 32, RFC 4648, lower case, unpadded: 26 characters, two a step."""
    number = int.from_bytes(surrogate, "big") << _SPARE_BITS
    return "".join([_PAIRS[number >> shift & 1_023] for shift in _SHIFTS])


def _decoded(text: str) -> bytes:
    return (int(text.translate(_TO_DIGITS), 32) >> _SPARE_BITS).to_bytes(SURROGATE_BYTES, "big")


def _bytes(surrogate: str) -> bytes:
    found = _SURROGATE.fullmatch(surrogate)
    if not found:
        raise SealingError("this is not a surrogate (SPACE_ and 26 characters); claim what pseudonym() gave")
    return _decoded(found[1])
