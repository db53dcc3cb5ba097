"""A damaged journal: how far it is good, and its good part as a new journal."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from .errors import JournalDamage, JournalError
from .frame import FRAME_BYTES, MAX_BATCH, MAX_BATCH_BYTES, Record
from .head import read_head
from .journal import Journal, head_of
from .reader import Reader
from .survey import Progress, Verification, verify


def salvage(damaged: Path, to: Path, progress: Progress | None = None) -> Verification:
    """Copies every bundle that is whole and the records from the first to the last good one into a new journal.

    The damaged files stay as they are; `progress`(records, records or -1). The numbers and the chain of what is kept
    are unchanged; `problem` says where and why it ends. JournalError: `to` exists, or not one record can be read.
    """
    for path in (to, head_of(to)):
        if path.exists():
            raise JournalError(f"{path} exists; salvage writes a new file only")
    head = read_head(head_of(damaged))
    with closing(Reader(damaged, check=False)) as source:
        _first_record(source)
        with Journal(to) as target:
            _copy_bundles(source, target)
            problem = _copy_records(source, target, head.last if head else -1, progress)
            found = target.verify()
    return replace(found, problem=problem or found.problem)


def _first_record(source: Reader) -> None:
    """JournalError when there is nothing to keep, before anything is made."""
    try:
        next(source.batches(-1, -1))
    except StopIteration:
        raise JournalError(f"journal {source.path} holds no record; there is nothing to salvage") from None
    except JournalError as error:
        raise JournalError(f"not one record can be read, there is nothing to salvage: {error}") from None


def _copy_bundles(source: Reader, target: Journal) -> None:
    try:
        digests = source.digests()
    except JournalError:
        return  # verifying the new journal tells which bundles its activations miss
    for digest in digests:
        try:
            data = source.bundle(digest) or b""
        except JournalError:
            continue
        if hashlib.sha256(data).hexdigest() == digest:
            target.put_bundle(data)


def _copy_records(source: Reader, target: Journal, floor: int, progress: Progress | None) -> str | None:
    """Appends the good records, in full batches; what ended them."""
    batches = source.batches(-1, floor)
    waiting: list[Record] = []
    size = 0
    problem = None
    while True:
        try:
            batch = next(batches, None)
        except JournalError as error:
            batch, problem = None, str(error)
        added = sum(len(record.payload) + FRAME_BYTES for record in batch.records) if batch else 0
        if batch is None or len(waiting) + len(batch.records) > MAX_BATCH or size + added > MAX_BATCH_BYTES:
            target.append([(record.kind, record.payload) for record in waiting])
            waiting, size = [], 0
            if progress:
                progress(target.last + 1, floor + 1 or -1)
        if batch is None:
            return problem
        waiting += batch.records
        size += added


def examine(path: Path, progress: Progress | None = None) -> Verification:
    """Like Journal.verify, and also for a file that is too damaged to open as a journal. JournalError: it is none."""
    try:
        with Journal(path, read_only=True) as journal:
            return journal.verify(progress)
    except JournalDamage as damage:
        head = read_head(head_of(path))
        with closing(Reader(path, check=False)) as reader:
            found = verify(reader, head.last if head else -1, progress)
        return replace(found, problem=found.problem or str(damage))
