"""The data plane's files as the console and the worker read them: journal, packs and key store, never written."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings

from seawall.apps.decisions.archive import ArchiveError
from seawall.engine.decision import Decision
from seawall.engine.errors import SeawallError
from seawall.engine.journal import Batch, EventRecord, Journal, JournalError, Kind, decode_event, unpack_bundle
from seawall.engine.policy import CompiledPolicy
from seawall.sealing import ErasedError, LocalSealer, SealingError
from seawall.server.decided import decision_id
from seawall.server.home import Home
from seawall.server.packs import PackShelf

_KEPT = 4  # homes: tests have several
_lock = threading.Lock()
_archives: dict[Home, HomeArchive] = {}


class HomeArchive:
    """Implements `seawall.apps.decisions.archive.Archive` over one home; files are opened when first needed."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = threading.RLock()
        self._journal: Journal | None = None
        self._shelf: PackShelf | None = None

    def last(self) -> int:
        """Number of the newest record; -1 while the home has none."""
        if self._journal is None and not self._home.journal.exists():
            return -1
        with _explained():
            return self._opened().last

    def chain_at(self, sequence: int) -> str | None:
        """The chain after a record that ends its batch."""
        with _explained():
            found = self._opened().chain_at(sequence)
        return found.hex() if found is not None else None

    def batches(self, after: int) -> Iterator[Batch]:
        """Records after a number, chained and checked."""
        with _explained():
            yield from self._opened().batches(after)

    def event(self, sequence: int) -> EventRecord | None:
        """The event record of that number."""
        if not 0 <= sequence <= self.last():
            return None
        with _explained():
            record = self._opened().get(sequence)
            return decode_event(record) if record.kind == Kind.EVENT else None

    def policy(self, digest: str) -> CompiledPolicy:
        """Compiled when first asked for, then kept."""
        with self._lock, _explained():
            self._opened()
            assert self._shelf is not None
            return self._shelf.policy(digest)

    def bundle(self, digest: str) -> dict[str, bytes]:
        """Its files by name."""
        with _explained():
            return unpack_bundle(self._opened().bundle(digest))

    def decision_id(self, decision: Decision) -> str:
        """A UUID that names its time and number."""
        return decision_id(decision)

    def open(self, subject: str, place: str, text: str) -> bytes | None:
        """The value in a sealed text; None where it was erased."""
        with _explained(), self._sealer() as sealer:
            try:
                return sealer.open(subject, place, text)
            except ErasedError:
                return None

    def surrogate(self, space: str, value: str) -> str | None:
        """The surrogate of a clear value, where it has one."""
        if not self._home.key_store.exists():
            return None
        with _explained(), self._sealer() as sealer:
            return sealer.find(space, value)

    def surrogates(self, space: str, values: Sequence[str]) -> list[str | None]:
        """The same for many values, the key store opened once."""
        if not self._home.key_store.exists():
            return [None] * len(values)
        with _explained(), self._sealer() as sealer:
            return [sealer.find(space, value) for value in values]

    def linked(self, surrogates: Sequence[str]) -> list[bool]:
        """Whether their links are in the key store."""
        if not self._home.key_store.exists():
            return [False] * len(surrogates)
        with _explained(), self._sealer() as sealer:
            return [sealer.is_linked(one) for one in surrogates]

    def close(self) -> None:
        """Let go of the journal."""
        with self._lock:
            if self._journal is not None:
                self._journal.close()
            self._journal = self._shelf = None

    def _opened(self) -> Journal:
        with self._lock:
            if self._journal is None:
                self._journal = Journal(self._home.journal, read_only=True)
                self._shelf = PackShelf(self._journal, self._home.cache)
            return self._journal

    def _sealer(self) -> LocalSealer:
        """Opened for one question: so it sees every erasure, and no clear value stays in memory."""
        if not self._home.key_file.exists():
            raise SealingError(f"{self._home.key_file} is missing; restore the key file from its backup")
        return LocalSealer(self._home.key_store, self._home.key_ring()[0], read_only=True)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (JournalError, SealingError, SeawallError, OSError) as error:
        raise ArchiveError(str(error)) from error


def archive() -> HomeArchive:
    """The archive of the home in the settings; one a process."""
    home: Home = settings.HOME
    with _lock:
        found = _archives.get(home)
        if found is None:
            while len(_archives) >= _KEPT:
                _archives.pop(next(iter(_archives))).close()
            found = _archives[home] = HomeArchive(home)
        return found
