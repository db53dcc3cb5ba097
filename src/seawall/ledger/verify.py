"""Verification of whatever a ledger gives out: its file, an export, the proof of one entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from seawall.ledger.audit import Progress, Report, audit
from seawall.ledger.checkpoint import Checkpoint
from seawall.ledger.entry import Entry, encode_entry
from seawall.ledger.errors import CheckpointError, EntryError, LedgerError, StoreError
from seawall.ledger.export import DamagedExportError, export_source
from seawall.ledger.keys import load_public_keys, public_path
from seawall.ledger.ledger import Ledger
from seawall.ledger.note import Verifier
from seawall.ledger.proof import verify_inclusion
from seawall.ledger.source import Source, StoredCheckpoint, store_source
from seawall.ledger.tree import leaf_hash

PROOF_FORMAT = "seawall-ledger-proof-1"
MAX_PROOF_FILE = 256 * 1024
_SQLITE = b"SQLite format 3\x00"


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That an entry is in a ledger, for whoever has the ledger's public key: entry, audit path, signed checkpoint."""

    checkpoint: str
    entry: Entry
    format: str
    path: list[str]

    @property
    def text(self) -> str:
        """The proof as JSON."""
        return msgspec.json.format(msgspec.json.encode(self, order="deterministic"), indent=1).decode() + "\n"


def prove(ledger: Ledger, index: int, size: int | None = None) -> Proof:
    """The proof of an entry under the checkpoint of `size` entries (default: the first that covers it)."""
    if size is not None and not index < size:
        raise LedgerError(f"a tree of {size:,} entries does not hold entry {index:,}; ask for a larger size")
    entry = ledger.entry(index)
    checkpoint = ledger.checkpoint_over(index) if size is None else ledger.checkpoint_of(size)
    if checkpoint is None:
        what = f"covers entry {index:,}" if size is None else f"is over {size:,} entries"
        raise CheckpointError(f"no checkpoint {what}; run `seawall ledger checkpoint` first")
    path = ledger.inclusion_proof(index, checkpoint.head.size)
    return Proof(checkpoint.note, entry, PROOF_FORMAT, [one.hex() for one in path])


def verify_file(
    path: Path,
    keys: Sequence[Verifier] = (),
    known: Sequence[Checkpoint] = (),
    progress: Progress | None = None,
) -> Report:
    """Verifies a ledger file, an export or a proof, which it tells apart by their beginnings.

    keys: the public keys to trust; without any, those beside the ledger file or inside the export, which whoever
    changed the ledger may have changed too. known: checkpoints kept elsewhere, which the ledger must bear out.
    """
    kind = _kind(path)
    if kind == "ledger":
        trusted = list(keys) or load_public_keys(public_path(path))
        with store_source(path) as source:
            return audit(_with(source, known), trusted, progress)
    if kind == "proof":
        if not keys:
            raise LedgerError("a proof brings no key; name the ledger's public key with --key")
        return verify_proof(path, keys)
    return _verify_export(path, keys, known, progress)


def _verify_export(
    path: Path, keys: Sequence[Verifier], known: Sequence[Checkpoint], progress: Progress | None
) -> Report:
    try:
        with export_source(path) as opened:
            report = audit(_with(opened.source, known), list(keys) or opened.keys, progress)
            if not opened.whole:
                report.add("last line", "the file is not as it was exported: a byte was changed, or it was cut short")
    except DamagedExportError as error:
        report = Report("")
        report.add("header", str(error))
    return report


def verify_proof(path: Path, keys: Sequence[Verifier]) -> Report:
    """Verifies the proof of one entry."""
    report = Report("")
    try:
        proof = msgspec.json.decode(_read(path), type=Proof)
        body = encode_entry(proof.entry)
        siblings = [bytes.fromhex(one) for one in proof.path]
        if proof.format != PROOF_FORMAT:
            raise EntryError(f"its format is not {PROOF_FORMAT}")
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError, EntryError) as error:
        report.add("proof", f"it cannot be read: {error}")
        return report
    try:
        checkpoint = Checkpoint.parse(proof.checkpoint)
        checkpoint.verify(keys)
    except CheckpointError as error:
        report.add("checkpoint", f"{error}; its text or a signature was changed")
        return report
    head = checkpoint.head
    if not verify_inclusion(leaf_hash(body), proof.entry.index, head.size, siblings, head.root):
        report.add(f"entry {proof.entry.index}", f"the path does not lead from it to the root over {head.size} entries")
    report.proved, report.checkpoints = proof.entry.index, 1
    report.origin, report.signed, report.signed_time = head.origin, head.size, head.time
    return report


def _with(source: Source, known: Sequence[Checkpoint]) -> Source:
    more = [
        StoredCheckpoint(f"known checkpoint {number}", one.note, outside=True) for number, one in enumerate(known, 1)
    ]
    return replace(source, checkpoints=[*source.checkpoints, *more])


def _kind(path: Path) -> str:
    start = _read(path)[: len(_SQLITE)]
    if start == _SQLITE:
        return "ledger"
    return "proof" if start.startswith(b"{\n") else "export"


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_PROOF_FILE)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}; check the path") from None
