"""Data keys, one a subject: made before their first use, wrapped by a root key, destroyed by erasure."""

from __future__ import annotations

import os
import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seawall.sealing.blind import BlindIndex
from seawall.sealing.cache import Recent, Waiting
from seawall.sealing.errors import TamperError
from seawall.sealing.keys import KEY_BYTES, KeyRing
from seawall.sealing.seal import KEY_ID_BYTES, DataKey
from seawall.sealing.store import Store, insert

_NONCE_BYTES = 12
_BATCH = 10_000
_SELECT = "SELECT key_id, root, wrapped FROM subject_keys WHERE subject = ?"
_BEHIND = (
    "SELECT subject, key_id, root, wrapped FROM subject_keys WHERE root < ? AND subject > ? ORDER BY subject LIMIT ?"
)
_UPDATE = "UPDATE subject_keys SET root = ?, wrapped = ? WHERE subject = ?"


class SubjectKeys:
    """The data keys in a store; the last `cache` ones used stay unwrapped in memory."""

    def __init__(self, store: Store, ring: KeyRing, cache: int = 100_000) -> None:
        self._store, self._ring = store, ring
        self._index = BlindIndex(ring, "subject")
        self._wraps = [AESGCM(ring.wrap_key(version)) for version in range(1, ring.version + 1)]
        self._known: Recent[str, DataKey] = Recent(cache)
        self._waiting: Waiting[str, tuple[DataKey, tuple[bytes, str, int, bytes]]] = Waiting()
        store.join(self)

    def key(self, subject: str) -> DataKey:
        """The subject's key, made where there is none: durable on return, or after the next flush in group commit."""
        with self._store.lock:
            found = self._known.get(subject)
        if found is not None:
            return found
        with self._store.adding():
            found = self._known.get(subject)
            if found is None:
                found = self.find(subject)
                if found is None:
                    found = self._new(subject)
                    self._store.added()
                self._known.put(subject, found)
            return found

    def prepare(self, subjects: Iterable[str]) -> None:
        """Makes the keys that are missing, many a commit, durable on return in either mode."""
        with self._store.writing, self._store.lock:
            try:
                for subject in subjects:
                    if self._known.get(subject) is None and self.find(subject) is None:
                        self._new(subject)
                        if len(self._waiting) >= _BATCH:
                            self._store.flush()
            finally:
                self._store.flush()  # after a bad subject too: a key that waits could be used before it is durable

    def secure(self, subject: str) -> DataKey:
        """The subject's key, durable on return in group commit too, whatever else waits there.

        A failure here throws away nothing that waits for a flush.
        """
        with self._store.writing:
            key = self.key(subject)
            with self._store.lock:
                waiting = self._waiting.new.get(subject)  # none is set apart: no flush is under way
            if waiting is not None:
                with self._store.transaction() as connection:
                    insert(connection, "INSERT INTO subject_keys", [waiting[1]])
                with self._store.lock:
                    del self._waiting.new[subject]
            return key

    def find(self, subject: str) -> DataKey | None:
        """The key as the store has it now, past the cache: what another process erased is gone here too."""
        with self._store.lock:
            waiting = self._waiting.get(subject)
            if waiting is not None:
                return waiting[0]
            digest = self._index.digest("", subject)
            for key_id, root, wrapped in self._store.look_up(_SELECT, (digest,)):
                return DataKey(key_id, AESGCM(self._unwrap(digest, key_id, root, wrapped)))
            return None

    def digest(self, subject: str) -> bytes:
        """What the store files the subject under: 32 bytes."""
        return self._index.digest("", subject)

    def erase(self, connection: sqlite3.Connection, subject: str) -> bool:
        """Deletes the key inside an open transaction; False where there was none."""
        self._known.drop(subject)
        return connection.execute("DELETE FROM subject_keys WHERE subject = ?", (self.digest(subject),)).rowcount > 0

    def rewrap(self, batch: int = 1_000) -> int:
        """Moves every key to the newest root, `batch` keys a transaction; returns how many moved."""
        moved, last = 0, b""
        while True:
            with self._store.transaction() as connection:
                behind = connection.execute(_BEHIND, (self._ring.version, last, batch)).fetchall()
                for subject, key_id, root, wrapped in behind:
                    key = self._unwrap(subject, key_id, root, wrapped)
                    connection.execute(_UPDATE, (self._ring.version, self._wrap(subject, key_id, key), subject))
            moved += len(behind)
            if len(behind) < batch:
                return moved
            last = behind[-1][0]

    def pending(self) -> int:
        """Keys that wait for a flush."""
        return len(self._waiting)

    def take(self) -> None:
        """Sets the waiting keys apart for a commit."""
        self._waiting.take()

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes the keys set apart."""
        insert(connection, "INSERT INTO subject_keys", [row for _, row in self._waiting.taken.values()])

    def settle(self, durable: bool) -> None:
        """Forgets waiting keys that did not reach the disk."""
        keys = self._waiting.settle()
        for subject in () if durable else keys:
            self._known.drop(subject)

    def _new(self, subject: str) -> DataKey:
        self._store.check_room()
        digest, key = self._index.digest("", subject), os.urandom(KEY_BYTES)
        key_id = urlsafe_b64encode(os.urandom(KEY_ID_BYTES)).decode()
        made = DataKey(key_id, AESGCM(key))
        self._waiting.new[subject] = made, (digest, key_id, self._ring.version, self._wrap(digest, key_id, key))
        return made

    def _wrap(self, subject: bytes, key_id: str, key: bytes) -> bytes:
        nonce, version = os.urandom(_NONCE_BYTES), self._ring.version
        return nonce + self._wraps[version - 1].encrypt(nonce, key, _bound_to(subject, key_id, version))

    def _unwrap(self, subject: bytes, key_id: str, root: int, wrapped: bytes) -> bytes:
        if not 1 <= root <= len(self._wraps):
            self._ring.wrap_key(root)  # says which root is missing
        try:
            return self._wraps[root - 1].decrypt(
                wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], _bound_to(subject, key_id, root)
            )
        except (InvalidTag, ValueError):
            raise TamperError(
                f"a data key in {self._store.path} was changed or moved; restore the store from a backup"
            ) from None


def _bound_to(subject: bytes, key_id: str, root: int) -> bytes:
    return b"wrap.%b.%b.%d" % (subject, key_id.encode(), root)
