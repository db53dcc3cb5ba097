"""Reading batches back, in order, every one checked; short reads only, so that no reader holds up the writer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import JournalDamage, JournalError
from .file import check_identity, connect, damage, explained
from .frame import GENESIS, BadFrame, Batch, Record, decode_batch, extend, pick_record
from .head import GENESIS_TIP, Tip

_CHUNK_BYTES = 4 << 20
_COLUMNS = "SELECT first, count, data, chain FROM batches"
Row = tuple[int, int, bytes, bytes]


class Reader:
    """A read connection of its own, for any number of threads.

    Damage is told as JournalDamage, after every record before it was given.
    """

    def __init__(self, path: Path, *, check: bool = True) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._connection = connect(path, read_only=True)
        if check:
            try:
                check_identity(path, self._connection)
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            self._connection.close()

    def tip(self) -> Tip:
        """The newest record and the chain after it, as the last row says."""
        rows = self.select("SELECT first + count - 1, chain FROM batches ORDER BY first DESC LIMIT 1", ())
        if not rows:
            return GENESIS_TIP
        last, chain = rows[0]
        if not isinstance(last, int) or not isinstance(chain, bytes) or len(chain) != len(GENESIS):
            raise damage(self.path, "the last batch is damaged", -1)
        return Tip(last, chain)

    def batches(self, after: int, floor: int, *, verify: bool = True) -> Iterator[Batch]:
        """The records after number `after`, batch by batch; `floor` is a record known to exist.

        With `verify` each batch is chained to the one before it. The good records of a damaged batch are given, with an
        empty chain, before JournalDamage names the first bad one.
        """
        before = self._row("WHERE first <= ? ORDER BY first DESC LIMIT 1", (after,), -1) if after >= 0 else None
        if before and before[0] + before[1] > after + 1:  # `after` lies inside this batch
            first = before[0]
            chain = self.chain_before(first)
        else:
            first, chain = (before[0] + before[1], before[3]) if before else (0, GENESIS)
        while rows := self._chunk(first):
            for row in rows:
                records, problem = self._decode(first, row, chain if verify else b"", after)
                chain = row[3]
                if records:
                    yield Batch(records, b"" if problem else chain)
                if problem:
                    raise problem
                first += row[1]
        if first <= floor:
            raise damage(self.path, f"the records from {first} to {floor} are missing", first - 1)

    def record(self, sequence: int, floor: int) -> Record:
        """One record, its checksum checked. JournalError where there is none, JournalDamage where there should be."""
        row = self._row("WHERE first <= ? ORDER BY first DESC LIMIT 1", (sequence,), sequence - 1)
        if sequence < 0 or row is None or sequence >= row[0] + row[1]:
            if 0 <= sequence <= floor:
                raise damage(self.path, f"record {sequence} is missing", sequence - 1)
            raise JournalError(f"journal {self.path} has no record {sequence}; the newest is {floor}")
        first, count, data, _ = row
        try:
            return pick_record(first, count, data, sequence)
        except BadFrame as bad:
            raise _bad_frame(self.path, first, bad) from None

    def check_last(self, tip: Tip) -> None:
        """JournalDamage when the batch that ends at the tip is not as it was written."""
        row = self._row("WHERE first <= ? ORDER BY first DESC LIMIT 1", (tip.last,), tip.last - 1)
        if row is None or row[0] + row[1] - 1 != tip.last:
            raise damage(self.path, f"record {tip.last} ends no batch", row[0] - 1 if row else -1)
        _, problem = self._decode(row[0], row, self.chain_before(row[0]), -1)
        if problem:
            raise problem
        if row[3] != tip.chain:
            raise damage(self.path, f"the chain after record {tip.last} is not the acknowledged one", row[0] - 1)

    def chain_before(self, first: int) -> bytes:
        """The chain that the batch beginning at `first` continues."""
        if first <= 0:
            return GENESIS
        row = self._row("WHERE first < ? ORDER BY first DESC LIMIT 1", (first,), -1)
        if row is None or row[0] + row[1] != first:
            raise damage(self.path, f"record {first - 1} is missing", row[0] + row[1] - 1 if row else -1)
        return row[3]

    def chain_at(self, sequence: int) -> bytes | None:
        """The stored chain of the batch that ends at a record; None where none does."""
        row = self._row("WHERE first <= ? ORDER BY first DESC LIMIT 1", (sequence,), sequence - 1)
        return row[3] if row and row[0] + row[1] - 1 == sequence else None

    def bundle(self, digest: str) -> bytes | None:
        """The bytes filed under a digest, unchecked."""
        found = self.select("SELECT data FROM bundles WHERE digest = ?", (digest,))
        return found[0][0] if found and isinstance(found[0][0], bytes) else None

    def digests(self) -> list[str]:
        """The digests of all bundles, in order. JournalDamage where the table cannot be read."""
        return [str(row[0]) for row in self.select("SELECT digest FROM bundles ORDER BY digest", ())]

    def select(self, statement: str, parameters: tuple[object, ...], last_good: int = -1) -> list[Any]:
        """What a SELECT finds."""
        with self._lock, explained(self.path, "read", last_good):
            return self._connection.execute(statement, parameters).fetchall()

    def _row(self, which: str, parameters: tuple[object, ...], last_good: int) -> Row | None:
        found = self.select(f"{_COLUMNS} {which}", parameters, last_good)
        return self._checked(found[0], last_good) if found else None

    def _chunk(self, first: int) -> list[Row]:
        """The next rows, a few MiB of them; on an error those before it, where there are any."""
        rows: list[Row] = []
        size = 0
        with self._lock:
            try:
                with explained(self.path, "read", first - 1):
                    cursor = self._connection.execute(f"{_COLUMNS} WHERE first >= ? ORDER BY first", (first,))
                    try:
                        for row in cursor:
                            rows.append(self._checked(row, first - 1))
                            size += len(row[2])
                            if size >= _CHUNK_BYTES:
                                break
                    finally:
                        cursor.close()
            except JournalError:
                if not rows:
                    raise
        return rows

    def _checked(self, row: Any, last_good: int) -> Row:
        first, count, data, chain = row
        if not (isinstance(first, int) and isinstance(count, int) and isinstance(data, bytes) and count > 0):
            raise damage(self.path, f"the batch after record {last_good} is damaged", last_good)
        if not isinstance(chain, bytes) or len(chain) != len(GENESIS):
            raise damage(self.path, f"the chain of the batch after record {last_good} is damaged", last_good)
        return first, count, data, chain

    def _decode(self, first: int, row: Row, chain: bytes, after: int) -> tuple[list[Record], JournalDamage | None]:
        """The good records of a row after number `after`, and what is wrong with the rest.

        They must be numbered from `first` and continue `chain`; an empty chain is not checked.
        """
        begins, count, data, stored = row
        if begins != first:
            return [], damage(self.path, f"record {first} is missing", first - 1)
        records: list[Record] = []
        reached = chain
        try:
            for record, frame in decode_batch(first, count, data):
                if chain:
                    reached = extend(reached, frame)
                if record.sequence > after:
                    records.append(record)
        except BadFrame as bad:
            return records, _bad_frame(self.path, first, bad)
        if chain and reached != stored:
            what = f"the chain breaks in the batch that begins with record {first}"
            return [], damage(self.path, what, first - 1)
        return records, None


def _bad_frame(path: Path, first: int, bad: BadFrame) -> JournalDamage:
    sequence = first + bad.index
    return damage(path, f"record {sequence} {bad}", sequence - 1)
