"""The audit: reads a whole ledger once and names the first thing that is not as it was recorded, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from seawall.ledger.checkpoint import Checkpoint
from seawall.ledger.entry import Entry, decode, genesis
from seawall.ledger.errors import CheckpointError, EntryError, StoreError
from seawall.ledger.note import Verifier
from seawall.ledger.source import Row, Source, StoredCheckpoint
from seawall.ledger.tree import Frontier, leaf_hash

MAX_FINDINGS = 100
PROGRESS_EVERY = 4096
Progress = Callable[[int], None]  # entries read so far


class Finding(NamedTuple):
    """Something changed, missing or out of place."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(slots=True)
class Report:
    """What an audit found. `signed`: entries covered by the last good checkpoint, made at `signed_time` (ms)."""

    origin: str
    entries: int = 0
    checkpoints: int = 0
    signed: int = 0
    signed_time: int = 0
    unchecked_signatures: int = 0
    findings: list[Finding] = field(default_factory=list)
    more: int = 0  # findings beyond the first hundred
    proved: int | None = None  # the entry, where a proof was verified

    @property
    def ok(self) -> bool:
        return not self.findings

    def add(self, place: str, message: str) -> None:
        """Keeps the finding, or counts it where there are too many."""
        if len(self.findings) < MAX_FINDINGS:
            shown = "".join(letter if letter.isprintable() else "�" for letter in message)
            self.findings.append(Finding(place, shown))  # a forger's bytes must not reach a terminal
        else:
            self.more += 1


@dataclass(slots=True)
class _Signed:
    """A checkpoint with good signatures, and whether the entries bear it out."""

    label: str
    checkpoint: Checkpoint
    holds: bool | None = None  # None: the entries do not reach that far


def audit(source: Source, verifiers: Sequence[Verifier], progress: Progress | None = None) -> Report:
    """Checks entries, chain, stored subtrees, checkpoints and signatures of a ledger, in one pass."""
    report = Report(source.origin)
    checkpoints: list[Finding] = []
    signed = list(_signed(source, verifiers, report, checkpoints))
    try:
        _walk(source, signed, report, progress)
    except StoreError as error:
        report.add(f"entry {report.entries}", str(error))
    for finding in checkpoints:
        report.add(*finding)
    _compare(signed, report)
    return report


# --- checkpoints ------------------------------------------------------------------------------------------------------


def _signed(
    source: Source, verifiers: Sequence[Verifier], report: Report, findings: list[Finding]
) -> Iterator[_Signed]:
    """The checkpoints that can be read and are signed by the ledger; what is wrong with the others goes to findings."""
    earlier: Checkpoint | None = None
    for stored in source.checkpoints:
        report.checkpoints += 1
        try:
            checkpoint = _readable(stored, source.origin)
            good = checkpoint.verify(verifiers)
        except CheckpointError as error:
            findings.append(Finding(stored.label, f"{error}; its text or a signature was changed"))
            continue
        report.unchecked_signatures += len(checkpoint.signatures) - len(good)
        if not stored.outside:
            if earlier and not _follows(earlier, checkpoint):
                findings.append(Finding(stored.label, "it does not follow the checkpoint before it in size and time"))
            earlier = checkpoint
        yield _Signed(stored.label, checkpoint)


def _readable(stored: StoredCheckpoint, origin: str) -> Checkpoint:
    if not stored.note:
        raise CheckpointError("it is missing")
    checkpoint = Checkpoint.parse(stored.note)
    if checkpoint.head.origin != origin:
        raise CheckpointError(f"it is of ledger {checkpoint.head.origin[:60]}, not of {origin[:60]}")
    if stored.size not in (None, checkpoint.head.size):
        raise CheckpointError(f"it is filed under {stored.size} entries, yet its text says {checkpoint.head.size}")
    return checkpoint


def _follows(earlier: Checkpoint, later: Checkpoint) -> bool:
    return later.head.size >= earlier.head.size and later.head.time >= earlier.head.time


def _compare(signed: list[_Signed], report: Report) -> None:
    """Names the checkpoints that the entries do not bear out, and pairs that no ledger could ever bear out."""
    ordered = sorted(signed, key=lambda one: one.checkpoint.head.size)
    good: _Signed | None = None
    for one in ordered:
        size = one.checkpoint.head.size
        start = good.checkpoint.head.size if good else 0
        if one.holds is None:
            report.add(one.label, f"it signs {size} entries, yet there are {report.entries}: the ledger was truncated")
        elif not one.holds:
            span = f"entries {start} to {size - 1}" if size - 1 > start else f"entry {size - 1}"
            report.add(one.label, f"it signs other entries than these: {span} were rewritten after it was signed")
        else:
            good, report.signed, report.signed_time = one, size, one.checkpoint.head.time
    for one, other in pairwise(ordered):
        same_size = one.checkpoint.head.size == other.checkpoint.head.size
        if (one.holds is False and other.holds) or (same_size and one.holds is True and other.holds is False):
            report.add(one.label, f"not consistent with {other.label}: both are signed, and no one ledger holds both")


# --- entries ----------------------------------------------------------------------------------------------------------


class _Read(NamedTuple):
    row: Row
    entry: Entry | None
    problem: str


def _walk(source: Source, signed: list[_Signed], report: Report, progress: Progress | None) -> None:
    heads: dict[int, list[_Signed]] = {}
    for one in signed:
        heads.setdefault(one.checkpoint.head.size, []).append(one)
    frontier, chain, time = Frontier(), genesis(source.origin), 0
    nodes = _Nodes(source.nodes, report) if source.nodes is not None else None
    for read, following in _with_next(map(_read, source.rows)):
        expected = frontier.size
        if read.row.index != expected:
            report.add(f"entry {expected}", f"it is missing; entry {read.row.index} stands in its place")
            return
        claims = _claims(following, heads.get(expected + 1, ()))
        trusted = _judge(read, claims, chain, time, expected, report)
        time = max(time, read.entry.time) if read.entry else time
        completed = frontier.append(trusted)
        if nodes:
            nodes.compare(expected, completed)
        chain = trusted
        report.entries = frontier.size
        for one in heads.get(frontier.size, ()):
            head = one.checkpoint.head
            one.holds = head.root == frontier.root() and head.chain == chain
        if progress and frontier.size % PROGRESS_EVERY == 0:
            progress(frontier.size)
    if nodes:
        nodes.finish()


def _read(row: Row) -> _Read:
    try:
        return _Read(row, decode(row.body), "")
    except EntryError as error:
        return _Read(row, None, str(error))


def _claims(following: _Read | None, heads: Iterable[_Signed]) -> set[bytes]:
    """What others say the hash of an entry is: the next entry, and checkpoints that end with it."""
    said = {one.checkpoint.head.chain for one in heads}
    if following and following.entry:
        said.add(bytes.fromhex(following.entry.previous))
    return said


def _judge(read: _Read, claims: set[bytes], chain: bytes, time: int, index: int, report: Report) -> bytes:
    """Names what is wrong with one entry, if anything, and returns the hash that it most likely had."""
    computed, stored, entry = leaf_hash(read.row.body), read.row.hash, read.entry
    place = f"entry {index}"
    if computed != stored:
        if computed in claims and entry:
            report.add(place, "its stored hash was changed")
            return computed
        changed = "its content was changed" if stored in claims else "its content and its hash do not match"
        report.add(place, f"{changed}{f' ({read.problem})' if read.problem else ''}")
        return stored if len(stored) == len(computed) else computed
    if entry is None:
        report.add(place, read.problem)
    elif entry.index != index:
        report.add(place, f"its content says that it is entry {entry.index}")
    elif bytes.fromhex(entry.previous) != chain:
        before = f"entry {index - 1}" if index else f"the beginning of ledger {report.origin[:60]}"
        report.add(place, f"it does not follow {before}: one of them was changed together with its hash")
    elif entry.time < time:
        report.add(place, f"its time {entry.time} lies before that of the entry before it, {time}")
    return computed


def _with_next(reads: Iterable[_Read]) -> Iterator[tuple[_Read, _Read | None]]:
    iterator = iter(reads)
    current = next(iterator, None)
    while current is not None:
        following = next(iterator, None)
        yield current, following
        current = following


class _Nodes:
    """The stored subtrees beside those that the entries come to; both in the order in which they complete."""

    def __init__(self, stored: Iterator[tuple[int, bytes]], report: Report) -> None:
        self._stored, self._report, self._position, self._lost = stored, report, 0, False

    def compare(self, index: int, completed: list[bytes]) -> None:
        """The subtrees that entry `index` completed."""
        for level, computed in enumerate(completed, 1):
            if self._lost:
                return
            self._position += 1
            found = next(self._stored, None)
            first = index + 1 - (1 << level)
            place = f"subtree node {self._position}, over entries {first} to {index}"
            if found is None or found[0] != self._position:
                self._report.add(place, "it is missing; what comes after it was not compared")
                self._lost = True
            elif found[1] != computed:
                self._report.add(place, "its hash was changed")

    def finish(self) -> None:
        """No subtree is stored beyond those of the entries."""
        if not self._lost and next(self._stored, None) is not None:
            self._report.add(f"subtree node {self._position + 1}", "it is over entries that are not there")
