"""A journal's history as tables, in order: from its segments where they are, else from the records themselves."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from seawall.engine.history.lived.rows import RowMaker, Sealed
from seawall.engine.history.lived.segments import Segment, Segments
from seawall.engine.journal import Batch, Journal, Record, unpack_bundle
from seawall.engine.journal.records import named_bundles
from seawall.engine.pack import Pack, load_pack

SEGMENT_RECORDS = 65_536
SEGMENT_BYTES = 64 << 20  # of payload
Progress = Callable[[int, int], None]  # (records done, records in all)


class JournalHistory:
    """The records of an open journal up to the newest one of now, as tables (see `rows`).

    With a `cache` folder every whole stretch that was read is kept there, and found again while the journal's chain
    after it is the same. JournalDamage where the journal is damaged; PackError where a former pack cannot be read.
    """

    def __init__(self, journal: Journal, cache: Path | None = None, segment_records: int = SEGMENT_RECORDS) -> None:
        self.journal = journal
        self.last = journal.last
        self._segments = Segments(cache) if cache is not None else None
        self._records = segment_records
        self._tail: Any = None  # the newest records, too few for a segment
        self._tail_from: int | None = None  # they come after this one

    def tables(self, columns: Sequence[str] | None = None, after: int = -1) -> Iterator[Any]:
        """Tables of those of the named columns that there are (None: all), of the records after number `after`."""
        reached = -1
        for segment in self._good():
            if segment.last <= after:
                reached = segment.last
                continue
            assert self._segments is not None, "it found the segment"
            found = self._segments.read(segment, columns)
            if found is None:
                self._segments.drop(segment)
                break
            reached = segment.last
            yield _after(found[0], after)
        if reached < self.last:
            for table in self._rest(reached):
                yield _after(table if columns is None else _named(table, columns), after)

    def prepare(self, progress: Progress | None = None, stop: Callable[[], bool] | None = None) -> int:
        """Make the segments that are missing; how many records they cover now."""
        done = 0
        for table in self.tables(["sequence"]):
            done = int(table.column("sequence")[-1].as_py()) + 1 if len(table) else done
            if progress is not None:
                progress(done, self.last + 1)
            if stop is not None and stop():
                break
        return done

    def _good(self) -> list[Segment]:
        """Stored segments that are of this journal, without a gap; others are removed."""
        good: list[Segment] = []
        for segment in self._segments.listed() if self._segments is not None else ():
            if segment.last > self.last:
                break  # of a process that opened the journal later
            follows = segment.first == (good[-1].last + 1 if good else 0)
            if follows and self.journal.chain_at(segment.last) == segment.chain:
                good.append(segment)
            elif self._segments is not None:
                self._segments.drop(segment)
        return good

    def _rest(self, after: int) -> Iterator[Any]:
        """Tables of the records after the segments; whole stretches become segments on the way."""
        if self._tail_from == after:
            yield self._tail
            return
        maker = RowMaker(self._pack, self._sealed_upto(after))
        first = after + 1
        for batches, whole in self._stretches(after):
            table = maker.table((record for batch in batches for record in batch.records), _admitting)
            last = batches[-1].records[-1].sequence
            if not whole:
                self._tail, self._tail_from = table, first - 1
            elif self._segments is not None:
                self._segments.write(Segment(first, last, batches[-1].chain), table, maker.sealed)
            first = last + 1
            yield table

    def _stretches(self, after: int) -> Iterator[tuple[list[Batch], bool]]:
        """Batches in stretches that end as soon as they are large enough; the last may not be."""
        batches: list[Batch] = []
        count = size = 0
        for batch in self.journal.batches(after):
            if batch.records[0].sequence > self.last:
                break
            batches.append(batch)
            count += len(batch.records)
            size += sum(len(record.payload) for record in batch.records)
            if count >= self._records or size >= SEGMENT_BYTES:
                yield batches, bool(batch.chain)
                batches, count, size = [], 0, 0
        if batches:
            yield batches, False

    def _sealed_upto(self, after: int) -> Sealed:
        """The sealed fields of the packs that were active up to a record."""
        found: Sealed = frozenset()
        if after < 0 or self._segments is None:
            return found
        for segment in self._good():
            if segment.last == after:
                read = self._segments.read(segment, ["sequence"])
                return read[1] if read is not None else found
        return found

    def _pack(self, digest: str) -> Pack:
        return pack_of(self.journal, digest)


def covered(cache: Path) -> int:
    """How many records of a journal the segments in a folder hold, as their names say."""
    return max((segment.last + 1 for segment in Segments(cache).listed()), default=0)


def _admitting(record: Record) -> str | None:
    """The digest of the pack that admits from an activation on: the champion's."""
    return next(iter(named_bundles(record)), None)


def pack_of(journal: Journal, digest: str) -> Pack:
    """The pack in a journal's bundle. JournalError where there is none, PackError where it cannot be read."""
    return pack_in(journal.bundle(digest))


def pack_in(bundle: bytes) -> Pack:
    """The pack in a bundle."""
    with tempfile.TemporaryDirectory(prefix="seawall-pack-") as name:
        folder = Path(name)
        for file, data in unpack_bundle(bundle).items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return load_pack(folder)


def _named(table: Any, columns: Sequence[str]) -> Any:
    return table.select([name for name in table.column_names if name in columns])


def _after(table: Any, after: int) -> Any:
    """The rows after a sequence number; the table has that column."""
    if after < 0 or not len(table):
        return table
    return table.filter(pc.greater(table.column("sequence"), after))
