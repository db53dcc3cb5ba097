"""Checkpoints: signed tree heads. Their text is a C2SP tlog-checkpoint with two extension lines."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, replace

from seawall.ledger.entry import MAX_WHOLE
from seawall.ledger.errors import CheckpointError
from seawall.ledger.note import MAX_SIGNATURES, Note, Signature, Signer, Verifier, is_name
from seawall.ledger.tree import HASH_BYTES

_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a ledger stands: entries so far, root of their tree, hash of the last one, time in ms."""

    origin: str
    size: int
    root: bytes
    chain: bytes
    time: int

    @property
    def text(self) -> str:
        """Five lines: origin, size, root, `chain HASH`, `time MS`; hashes in base64."""
        lines = (
            self.origin,
            str(self.size),
            b64encode(self.root).decode(),
            f"chain {b64encode(self.chain).decode()}",
            f"time {self.time}",
        )
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Head:
        """CheckpointError unless the text is written exactly so."""
        lines = text.split("\n")
        if len(lines) != 6 or not (lines[3].startswith("chain ") and lines[4].startswith("time ")):
            raise CheckpointError("its text is not origin, size, root, chain and time, a line each")
        size, time = _number(lines[1]), _number(lines[4][5:])
        head = cls(lines[0], size, _hash(lines[2]), _hash(lines[3][6:]), time)
        if head.text != text:
            raise CheckpointError("its text is not written in the one canonical way")
        if not is_name(head.origin):
            raise CheckpointError(f"origin {head.origin[:60]!r} can be no ledger's")
        return head


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A head and who signed it. The ledger's own key signs under the name that is the origin."""

    head: Head
    signatures: tuple[Signature, ...]

    @classmethod
    def sign(cls, head: Head, *signers: Signer) -> Checkpoint:
        """A checkpoint with one signature a signer."""
        return cls(head, tuple(signer.sign(head.text) for signer in signers))

    @classmethod
    def parse(cls, note: str) -> Checkpoint:
        """The checkpoint of a signed note. CheckpointError says what cannot be read."""
        parsed = Note.parse(note)
        return cls(Head.parse(parsed.text), parsed.signatures)

    @property
    def note(self) -> str:
        """The signed note, ready for a file or a witness."""
        return str(Note(self.head.text, self.signatures))

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Ids of the keys that the signatures claim."""
        return tuple(signature.key_id for signature in self.signatures)

    def signed_again(self, *signatures: Signature) -> Checkpoint:
        """The same checkpoint with more signatures; one that is there already is not added."""
        merged = (*self.signatures, *(one for one in signatures if one not in self.signatures))
        if len(merged) > MAX_SIGNATURES:
            raise CheckpointError(f"{len(merged):,} signatures are more than {MAX_SIGNATURES}")
        return replace(self, signatures=merged)

    def verify(self, verifiers: Iterable[Verifier]) -> list[Verifier]:
        """The given keys whose signature is good, the ledger's own among them.

        CheckpointError: a given key's signature is wrong, or none is by a key of the ledger's name.
        """
        good = Note(self.head.text, self.signatures).signed_by(verifiers)
        if not any(verifier.name == self.head.origin for verifier in good):
            raise CheckpointError(f"no signature by the key of {self.head.origin}")
        return good


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > MAX_WHOLE:
        raise CheckpointError(f"{text[:40]!r} is no whole number")
    return int(text)


def _hash(text: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        data = b""
    if len(data) != HASH_BYTES:
        raise CheckpointError(f"{text[:60]!r} is no hash of {HASH_BYTES} bytes in base64")
    return data
