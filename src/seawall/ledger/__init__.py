"""The ledger: a tamper-evident log. Hash chain, RFC 9162 tree, signed checkpoints, proofs, offline verification."""

from seawall.ledger.audit import Finding, Report
from seawall.ledger.checkpoint import Checkpoint, Head
from seawall.ledger.commitment import commit, new_salt, opens
from seawall.ledger.entry import Entry, NewEntry
from seawall.ledger.errors import CheckpointError, EntryError, LedgerError, SigningKeyError, StoreError
from seawall.ledger.export import export
from seawall.ledger.keys import create_key, load_key, load_public_keys
from seawall.ledger.ledger import Ledger
from seawall.ledger.note import Signature, Signer, Verifier
from seawall.ledger.proof import verify_consistency, verify_inclusion
from seawall.ledger.verify import Proof, prove, verify_file

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "Entry",
    "EntryError",
    "Finding",
    "Head",
    "Ledger",
    "LedgerError",
    "NewEntry",
    "Proof",
    "Report",
    "Signature",
    "Signer",
    "SigningKeyError",
    "StoreError",
    "Verifier",
    "commit",
    "create_key",
    "export",
    "load_key",
    "load_public_keys",
    "new_salt",
    "opens",
    "prove",
    "verify_consistency",
    "verify_file",
    "verify_inclusion",
]
