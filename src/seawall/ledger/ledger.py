"""The ledger: entries appended in durable batches, chained and in a Merkle tree; heads, proofs, checkpoints."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from seawall.ledger.checkpoint import Checkpoint, Head
from seawall.ledger.entry import Entry, NewEntry, decode, encode, genesis
from seawall.ledger.errors import CheckpointError, EntryError, LedgerError, StoreError
from seawall.ledger.note import Signature, Signer, Verifier, check_name
from seawall.ledger.store import Store
from seawall.ledger.tree import Frontier, consistency_proof, inclusion_proof, leaf_hash, nodes_above, root

MAX_BATCH = 10_000
Clock = Callable[[], int]  # ms since 1970, UTC


def system_clock() -> int:
    """Now, in ms."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class _Edge:
    """Where the next entry goes."""

    frontier: Frontier
    chain: bytes
    time: int


class Ledger:
    """An open ledger. Several processes may append to one file: each append first looks where the others left it."""

    def __init__(self, store: Store, clock: Clock = system_clock) -> None:
        self._store, self._clock = store, clock
        self._edge = _Edge(Frontier(), genesis(store.origin), 0)

    @classmethod
    def create(cls, path: Path, origin: str | None = None, clock: Clock = system_clock) -> Ledger:
        """Makes a new ledger file. `origin` names the ledger for good, worldwide (default: a random name)."""
        name = origin or f"seawall/{secrets.token_hex(16)}"
        check_name(name)
        return cls(Store.create(path, name), clock)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, clock: Clock = system_clock) -> Ledger:
        """Opens the file of a ledger. StoreError: absent, or no ledger."""
        return cls(Store(path, read_only=read_only), clock)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; a second call does nothing."""
        self._store.close()

    @property
    def origin(self) -> str:
        return self._store.origin

    @property
    def store(self) -> Store:
        """The file, for export and audit."""
        return self._store

    def __len__(self) -> int:
        return self._store.size()

    def append(self, entries: Sequence[NewEntry]) -> range:
        """Records a batch, all or nothing, on the disk when it returns; gives the entries' indices.

        An entry's time is the clock's, never before the entry before it. EntryError: one cannot be recorded, and none
        is; StoreError: the disk or another process would not let us.
        """
        if len(entries) > MAX_BATCH:
            raise EntryError(f"a batch of {len(entries):,} entries is over {MAX_BATCH:,}; append it in parts")
        with self._store.transaction() as connection:
            edge = self._current_edge()
            frontier, chain, now = edge.frontier.copy(), edge.chain, max(self._clock(), edge.time)
            first, position = frontier.size, nodes_above(frontier.size) + 1
            rows, nodes = [], []
            for index, new in enumerate(entries, first):
                try:
                    body = encode(new, index, now, chain)
                except EntryError as error:
                    raise EntryError(f"entry {index - first} of the batch: {error}") from None
                chain = leaf_hash(body)
                rows.append((index, body, chain))
                nodes += frontier.append(chain)
            connection.executemany("INSERT INTO entries VALUES (?, ?, ?)", rows)
            connection.executemany("INSERT INTO nodes VALUES (?, ?)", enumerate(nodes, position))
        if rows:
            self._edge = _Edge(frontier, chain, now)
        return range(first, frontier.size)

    def entry(self, index: int) -> Entry:
        """One entry. LedgerError: there is none, or its bytes were damaged."""
        return decode_at(index, self.body(index))

    def body(self, index: int) -> bytes:
        """The canonical bytes of one entry. LedgerError where there is none."""
        found = self._store.row("SELECT body FROM entries WHERE idx = ?", (index,))
        if found is None:
            raise LedgerError(f"the ledger has no entry {index:,}; it has {len(self):,}, counted from 0")
        body: bytes = found[0]
        return body

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
        """Entries from `start` up to, but not including, `stop`; a generator."""
        end = len(self) if stop is None else stop
        rows = self._store.stream("SELECT idx, body FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx", (start, end))
        return (decode_at(index, body) for index, body in rows)

    def head(self, size: int | None = None) -> Head:
        """The tree head over the first `size` entries (default: all), with the time of the last of them."""
        wanted = self._size(size)
        if wanted == 0:
            return Head(self.origin, 0, root(self._store.node, 0), genesis(self.origin), 0)
        last = self.entry(wanted - 1)
        chain = self._store.node(0, wanted - 1)
        return Head(self.origin, wanted, root(self._store.node, wanted), chain, last.time)

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """RFC 9162 proof that entry `index` is in the tree of `size` entries; LedgerError for one that is not."""
        wanted = self._size(size)
        if not 0 <= index < wanted:
            raise LedgerError(f"entry {index:,} is not among the first {wanted:,}; they count from 0")
        return inclusion_proof(self._store.node, index, wanted)

    def consistency_proof(self, first: int, second: int | None = None) -> list[bytes]:
        """RFC 9162 proof that the tree of `second` entries starts with that of `first`."""
        wanted = self._size(second)
        if not 0 < first <= wanted:
            raise LedgerError(f"no consistency proof leads from {first:,} to {wanted:,} entries; sizes grow from 1")
        return consistency_proof(self._store.node, first, wanted)

    # --- checkpoints --------------------------------------------------------------------------------------------------

    def checkpoint(self, *signers: Signer) -> Checkpoint:
        """Signs where the ledger stands and keeps the checkpoint. CheckpointError: empty, or no key of its own name."""
        if not any(signer.name == self.origin for signer in signers):
            raise CheckpointError(f"a checkpoint is signed by the key of {self.origin}; load the key under that name")
        with self._store.transaction() as connection:
            edge = self._current_edge()
            size = edge.frontier.size
            if not size:
                raise CheckpointError("an empty ledger has nothing to sign; append an entry first")
            latest = self.last_checkpoint()
            now = max(self._clock(), edge.time, latest.head.time if latest else 0)
            signed = Checkpoint.sign(Head(self.origin, size, edge.frontier.root(), edge.chain, now), *signers)
            cursor = connection.execute(
                "INSERT INTO checkpoints (size, text) VALUES (?, ?)", (size, signed.head.text.encode())
            )
            lines = [(cursor.lastrowid, one.line.encode()) for one in signed.signatures]
            connection.executemany("INSERT INTO signatures (checkpoint, line) VALUES (?, ?)", lines)
        return signed

    def cosign(self, head: Head, signature: Signature, witness: Verifier) -> Checkpoint:
        """Keeps a witness's signature with the checkpoint it signed. CheckpointError: unknown head, bad signature."""
        if not witness.verifies(head.text, signature):
            raise CheckpointError(f"the signature by {witness.name} is not this checkpoint's; send it the checkpoint")
        with self._store.transaction() as connection:
            found = self._store.row(
                "SELECT number FROM checkpoints WHERE size = ? AND text = ?", (head.size, head.text.encode())
            )
            if found is None:
                raise CheckpointError(f"this ledger has no such checkpoint of {head.size:,} entries")
            kept = self._checkpoint(found[0])
            cosigned = kept.signed_again(signature)
            if cosigned != kept:
                row = (found[0], signature.line.encode())
                connection.execute("INSERT INTO signatures (checkpoint, line) VALUES (?, ?)", row)
        return cosigned

    def last_checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint, if any."""
        found = self._store.row("SELECT max(number) FROM checkpoints")
        return self._checkpoint(found[0]) if found[0] is not None else None

    def checkpoint_over(self, index: int) -> Checkpoint | None:
        """The first checkpoint that covers an entry, if any."""
        found = self._store.row("SELECT number FROM checkpoints WHERE size > ? ORDER BY size, number LIMIT 1", (index,))
        return self._checkpoint(found[0]) if found else None

    def checkpoint_of(self, size: int) -> Checkpoint | None:
        """The newest checkpoint over exactly `size` entries, if any."""
        found = self._store.row("SELECT max(number) FROM checkpoints WHERE size = ?", (size,))
        return self._checkpoint(found[0]) if found[0] is not None else None

    def _checkpoint(self, number: int) -> Checkpoint:
        return Checkpoint.parse(note_of(self._store, number))

    def _current_edge(self) -> _Edge:
        """The edge, read anew where another process has moved it on. Inside a transaction only."""
        last = self._store.row("SELECT idx, body, hash FROM entries ORDER BY idx DESC LIMIT 1")
        if last is None:
            self._edge = _Edge(Frontier(), genesis(self.origin), 0)
        elif (last[0] + 1, last[2]) != (self._edge.frontier.size, self._edge.chain):
            index, body, chain = last
            self._edge = _Edge(Frontier.read(index + 1, self._store.node), chain, decode_at(index, body).time)
        return self._edge

    def _size(self, size: int | None) -> int:
        stored = len(self)
        if size is not None and not 0 <= size <= stored:
            raise LedgerError(f"the ledger has {stored:,} entries, not {size:,}; ask for a size up to that")
        return stored if size is None else size


def decode_at(index: int, body: bytes) -> Entry:
    """The entry of stored bytes. StoreError names the one that was damaged."""
    try:
        return decode(body)
    except EntryError as error:
        raise StoreError(f"entry {index:,} is damaged: {error}; `seawall ledger verify` tells more") from None


def note_of(store: Store, number: int) -> str:
    """A stored checkpoint as a signed note; bytes that are no text show as U+FFFD."""
    text = store.row("SELECT text FROM checkpoints WHERE number = ?", (number,))[0]
    lines = store.stream("SELECT line FROM signatures WHERE checkpoint = ? ORDER BY number", (number,))
    return note_text(text, (line for (line,) in lines))


def note_text(text: object, lines: Iterable[object]) -> str:
    """Stored parts put together as a note."""
    return _text(text) + "\n" + "".join(f"{_text(line)}\n" for line in lines)


def _text(stored: object) -> str:
    return stored.decode("utf-8", "replace") if isinstance(stored, bytes) else str(stored)
