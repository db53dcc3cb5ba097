"""Going through a whole journal: what it holds, and how far it is good."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import JournalDamage
from .frame import GENESIS, Kind
from .reader import Reader
from .records import named_bundles

Progress = Callable[[int, int], None]  # records done, records in all
_FILES = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Verification:
    """How far a journal is good: records and bundles checked, the newest good record, the chain after it.

    `chain` is that of the last good batch's end; `problem` is the first thing found wrong, None when nothing is.
    """

    records: int
    last: int
    chain: bytes
    bundles: int
    problem: str | None

    def as_dict(self) -> dict[str, Any]:
        """The JSON object of `seawall journal verify --json`."""
        return {
            "records": self.records,
            "last": self.last,
            "chain": self.chain.hex(),
            "bundles": self.bundles,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class Stats:
    """What a journal holds. Sizes in bytes; `payload` is without frames; `files` are the sizes of the files."""

    first: int
    last: int
    records: int
    kinds: dict[str, int]
    payload: int
    batches: int
    mean_batch: float
    bundles: int
    bundle_bytes: int
    files: dict[str, int]


def verify(reader: Reader, floor: int, progress: Progress | None = None) -> Verification:
    """Checks records, chain and bundles; `floor` is a record known to exist."""
    records, last, chain, bundles, problem = 0, -1, GENESIS, 0, None
    named: dict[str, int] = {}
    try:
        for batch in reader.batches(-1, floor):
            records += len(batch.records)
            last, chain = batch.records[-1].sequence, batch.chain or chain
            for record in batch.records:
                if record.kind == Kind.ACTIVATION:
                    for digest in filter(None, named_bundles(record)):
                        named.setdefault(digest, record.sequence)
            if progress:
                progress(records, max(floor, last) + 1)
        bundles = _check_bundles(reader, named, last)
    except JournalDamage as found:
        problem = str(found)
    return Verification(records, last, chain, bundles, problem)


def count(reader: Reader, floor: int, progress: Progress | None = None) -> Stats:
    """Counts what is there. JournalDamage where it cannot be read."""
    kinds: Counter[int] = Counter()
    last, payload, batches = -1, 0, 0
    for batch in reader.batches(-1, floor, verify=False):
        batches += 1
        last = batch.records[-1].sequence
        kinds.update(record.kind for record in batch.records)
        payload += sum(len(record.payload) for record in batch.records)
        if progress:
            progress(last + 1, max(floor, last) + 1)
    ((bundles, bundle_bytes),) = reader.select("SELECT count(*), coalesce(sum(length(data)), 0) FROM bundles", ())
    files = {f"{reader.path.name}{suffix}": reader.path.with_name(reader.path.name + suffix) for suffix in _FILES}
    return Stats(
        first=0 if last >= 0 else -1,
        last=last,
        records=last + 1,
        kinds={kind.name.lower(): kinds[kind] for kind in Kind},
        payload=payload,
        batches=batches,
        mean_batch=round((last + 1) / batches, 2) if batches else 0.0,
        bundles=bundles,
        bundle_bytes=bundle_bytes,
        files={name: file.stat().st_size for name, file in files.items() if file.exists()},
    )


def _check_bundles(reader: Reader, named: dict[str, int], last: int) -> int:
    """How many bundles there are, when all are good and none that an activation names is missing."""
    digests = reader.digests()
    for digest in digests:
        if hashlib.sha256(reader.bundle(digest) or b"").hexdigest() != digest:
            raise JournalDamage(_about_bundle(reader, f"bundle {digest} is damaged"), last)
    for digest in named.keys() - set(digests):
        raise JournalDamage(
            _about_bundle(reader, f"bundle {digest}, which record {named[digest]} names, is missing"), last
        )
    return len(digests)


def _about_bundle(reader: Reader, what: str) -> str:
    return f"journal {reader.path}: {what}; publishing its policy again repairs it"
