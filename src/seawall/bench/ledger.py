"""`ledger`: durable appends, proofs out of a long ledger, the audit; beside what the disk alone allows.

Wall-clock time, for the disk is the point. Runs in the folder it is given: a temporary folder in memory would flatter.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter

from seawall.ledger import Ledger, NewEntry, create_key, prove, verify_file, verify_inclusion
from seawall.ledger.ledger import MAX_BATCH
from seawall.ledger.tree import leaf_hash

from .figure import Figure

EVENTS = 1_000_000  # entries of the long ledger
BATCH = 100
_BATCHES, _SINGLE, _PROOFS, _SYNCS = 100, 100, 2_000, 200
_ENTRY_BYTES = 404


def figures(events: int = EVENTS, repeats: int = 3, cache_dir: Path | None = None) -> list[Figure]:
    """Measure with a ledger of `events` entries; fast runs are repeated and the best one counts."""
    if cache_dir:
        cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-ledger-", dir=cache_dir) as folder:
        home = Path(folder)
        return [
            *_appends(home, min(events // BATCH, _BATCHES) or 1, repeats),
            Figure("ledger_disk_syncs", round(_best(lambda: _syncs(home), repeats), 1), "syncs/s"),
            *_long(home, events),
        ]


def _appends(home: Path, batches: int, repeats: int) -> list[Figure]:
    with Ledger.create(home / "short.db") as ledger:
        batch = [_entry(number) for number in range(BATCH)]
        many = _best(lambda: _rate(lambda: ledger.append(batch), batches) * BATCH, repeats)
        single = _best(lambda: _rate(lambda: ledger.append(batch[:1]), min(batches, _SINGLE)), repeats)
    return [
        Figure("ledger_append_100", round(many, 1), "entries/s"),
        Figure("ledger_append_1", round(single, 1), "entries/s"),
    ]


def _long(home: Path, events: int) -> list[Figure]:
    path = home / "ledger.db"
    with Ledger.create(path) as ledger:
        filling = perf_counter()
        for start in range(0, events, MAX_BATCH):
            ledger.append([_entry(number) for number in range(start, min(start + MAX_BATCH, events))])
        filling = perf_counter() - filling
        signer = create_key(home / "ledger.key", ledger.origin)
        checkpoint = ledger.checkpoint(signer)
        places = [number * 7_919 % events for number in range(_PROOFS)]
        proofs = [_seconds(partial(ledger.inclusion_proof, place)) for place in places]
        consistency = [_seconds(partial(ledger.consistency_proof, place + 1)) for place in places]
        path_of, leaf = ledger.inclusion_proof(events // 3), leaf_hash(ledger.body(events // 3))
        head = checkpoint.head
        assert verify_inclusion(leaf, events // 3, events, path_of, head.root), "the proof is one"
        whole = [_seconds(partial(prove, ledger, place)) for place in places[:200]]
    size = sum(file.stat().st_size for file in home.glob("ledger.db*"))
    began = perf_counter()
    report = verify_file(path)
    audited = perf_counter() - began
    assert report.ok, report.findings[:1]
    return [
        Figure("ledger_append_10000", round(events / filling, 1), "entries/s"),
        Figure("ledger_inclusion_proof", round(statistics.median(proofs) * 1e6, 1), "µs"),
        Figure("ledger_inclusion_proof_p99", round(_p99(proofs) * 1e6, 1), "µs"),
        Figure("ledger_consistency_proof", round(statistics.median(consistency) * 1e6, 1), "µs"),
        Figure("ledger_proof_of_entry", round(statistics.median(whole) * 1e6, 1), "µs"),
        Figure("ledger_verify", round(events / audited, 1), "entries/s"),
        Figure("ledger_bytes_per_entry", round(size / events, 1), "bytes"),
    ]


def _entry(number: int) -> NewEntry:
    """A case's closing, of about 400 bytes as recorded."""
    data = {"before": {"status": "open"}, "after": {"status": "closed"}, "reason": "false_positive", "sla_ms": 1200}
    return NewEntry("user:7", "case.close", "case", f"C-{number}", data, {"subject": "ab" * 32})


def _syncs(home: Path) -> float:
    """Writes of a batch's bytes a second, each made durable: the most that any log could commit here."""
    block = bytes(BATCH * _ENTRY_BYTES)
    file = os.open(home / "syncs", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        return _rate(partial(_write_through, file, block), _SYNCS)
    finally:
        os.close(file)


def _write_through(file: int, block: bytes) -> None:
    os.write(file, block)
    os.fdatasync(file)


def _rate(work: Callable[[], object], times: int) -> float:
    return times / _seconds(lambda: [work() for _ in range(times)])


def _seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return max(perf_counter() - began, 1e-9)


def _best(run: Callable[[], float], repeats: int) -> float:
    return max(run() for _ in range(repeats))


def _p99(values: list[float]) -> float:
    return sorted(values)[len(values) * 99 // 100]
