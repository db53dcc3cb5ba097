"""The sealer for live events: pseudonyms, sealed values and content digests over one key ring and one key store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from seawall.sealing.cache import Recent
from seawall.sealing.errors import ErasedError
from seawall.sealing.keys import KeyRing
from seawall.sealing.mac import hmac_under
from seawall.sealing.seal import key_id_of, open_value, seal_value
from seawall.sealing.store import Store
from seawall.sealing.subjects import SubjectKeys
from seawall.sealing.surrogate import Surrogates


@dataclass(frozen=True, slots=True)
class Erasure:
    """What erasing a subject destroyed.

    `scrubbed` is False while a reader kept old pages in the store's write-ahead log; `LocalSealer.scrub` then finishes.
    """

    key_destroyed: bool
    links_cut: int
    scrubbed: bool


class LocalSealer:
    """Fits the door's `Sealer`. Order in group commit: admit a batch, `flush`, append to the journal, answer.

    Every method raises StoreError when the store fails: nothing of the batch may then be kept.
    """

    def __init__(self, path: Path, ring: KeyRing, *, group_commit: bool = False, read_only: bool = False) -> None:
        self.store = Store(path, ring, group_commit=group_commit, read_only=read_only)
        self.subjects = SubjectKeys(self.store, ring)
        self.surrogates = Surrogates(self.store, ring)
        self._mac = hmac_under(ring.mac_key)
        self._claimed: Recent[tuple[str, ...], bool] = Recent(100_000)  # durable ones

    def pseudonym(self, space: str, value: str) -> str:
        """The surrogate of a sensitive key: always the same for the same space and value, until it is erased."""
        return self.surrogates.surrogate(space, value)

    def find(self, space: str, value: str) -> str | None:
        """The surrogate of a key that has one: for a search, which must leave no trace."""
        return self.surrogates.find(space, value)

    def seal(self, subject: str, place: str, value: bytes) -> str:
        """The value encrypted under the subject's data key, bound to its place (event id / field)."""
        return seal_value(self.subjects.key(subject), subject, place, value)

    def seal_durably(self, subject: str, place: str, value: bytes) -> str:
        """The same for what is kept beside the journal: the subject's key is durable before the text is given."""
        return seal_value(self.subjects.secure(subject), subject, place, value)

    def open(self, subject: str, place: str, text: str) -> bytes:
        """The value in a sealed text. ErasedError: its key is gone. TamperError: changed, or from elsewhere."""
        key_id = key_id_of(text)
        key = self.subjects.find(subject)
        if key is None or key.key_id != key_id:
            raise ErasedError(
                f"the value at {place!r} has no data key under this subject: it was erased, or is another's"
            )
        return open_value(key, subject, place, text)

    def is_linked(self, surrogate: str) -> bool:
        """Whether a surrogate's link to its value is there; erasing cuts it."""
        return self.surrogates.is_linked(surrogate)

    def mac(self, data: bytes) -> bytes:
        """HMAC-SHA-256 of the data: 32 bytes."""
        return self._mac(data)

    def claim(self, subject: str, surrogates: Iterable[str]) -> None:
        """Notes whose surrogates these are, so that erasing the subject cuts their links too."""
        claim = (subject, *surrogates)
        with self.store.lock:
            is_durable = self._claimed.get(claim)
        if not is_durable and self.surrogates.claim(self.subjects.digest(subject), claim[1:]):
            with self.store.lock:
                self._claimed.put(claim, True)

    def prepare(self, subjects: Iterable[str]) -> None:
        """Makes the data keys of many subjects in one commit."""
        self.subjects.prepare(subjects)

    def waits(self) -> bool:
        """Whether something new is not durable yet."""
        return self.store.waits()

    def flush(self) -> None:
        """Makes new keys and surrogates durable; nothing to do outside group commit."""
        self.store.flush()

    def erase(self, subject: str) -> Erasure:
        """Destroys the subject's data key and the links of its surrogates, durably; a second time finds nothing.

        The surrogates are those it claimed, less those another subject claims as well, and the subject itself where it
        is one.
        """
        with self.store.writing:
            self.store.flush()
            with self.store.lock, self.store.transaction() as connection:
                self._claimed.clear()
                destroyed = self.subjects.erase(connection, subject)
                links = self.surrogates.erase(connection, self.subjects.digest(subject))
                links += self.surrogates.erase_one(connection, subject)
            return Erasure(destroyed, links, self.store.scrub())

    def scrub(self) -> bool:
        """Clears old pages from the store's write-ahead log; False while a reader holds them."""
        return self.store.scrub()

    def close(self) -> None:
        """Flushes and closes the store."""
        self.store.close()

    def __enter__(self) -> LocalSealer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
