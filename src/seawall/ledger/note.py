"""Signed notes, as C2SP's signed-note writes them: a text, an empty line, one line a signature.

Ed25519 (type 1) only. A note may carry signatures by keys that the reader does not know; they are kept, not judged.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from seawall.ledger.errors import CheckpointError, SigningKeyError

MAX_NOTE = 64 * 1024
MAX_SIGNATURES = 64
_ED25519 = b"\x01"
_KEY_BYTES, _ID_BYTES = 32, 4
_NAME = re.compile(r"[!-*,-~]{1,200}")  # visible ASCII without "+"
_LINE = re.compile(r"— (\S+) (\S+)")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key and the name it signs under."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public_key) != _KEY_BYTES:
            raise SigningKeyError(f"an Ed25519 public key has {_KEY_BYTES} bytes, not {len(self.public_key):,}")

    @property
    def key_id(self) -> str:
        """8 hexadecimal digits that tell keys of one name apart."""
        return self._hash().hex()

    @property
    def text(self) -> str:
        """The key in one line: NAME+ID+BASE64."""
        return f"{self.name}+{self.key_id}+{b64encode(_ED25519 + self.public_key).decode()}"

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """The key of such a line. SigningKeyError says what is wrong with it."""
        parts = text.split("+", 2)
        data = _base64(parts[2]) if len(parts) == 3 else None
        if data is None or data[:1] != _ED25519:
            raise SigningKeyError(f"{text[:80]!r} is no public key of the form NAME+ID+BASE64; copy the whole line")
        verifier = cls(parts[0], data[1:])
        if verifier.key_id != parts[1]:
            raise SigningKeyError(f"public key {text[:80]!r} does not match its id {parts[1][:8]!r}; copy it again")
        return verifier

    def matches(self, signature: Signature) -> bool:
        """Whether a signature claims to be by this key."""
        return (signature.name, signature.data[:_ID_BYTES]) == (self.name, self._hash())

    def verifies(self, text: str, signature: Signature) -> bool:
        """Whether a signature is by this key over this text."""
        if not self.matches(signature):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature.data[_ID_BYTES:], text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True

    def _hash(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:_ID_BYTES]


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: 4 bytes of the key's id and the signature proper."""

    name: str
    data: bytes

    @property
    def key_id(self) -> str:
        return self.data[:_ID_BYTES].hex()

    @property
    def line(self) -> str:
        """The line as it stands in a note, without its end."""
        return f"— {self.name} {b64encode(self.data).decode()}"

    @classmethod
    def parse(cls, line: str) -> Signature:
        """CheckpointError when it is no signature line."""
        found = _LINE.fullmatch(line)
        data = _base64(found[2]) if found else None
        if not found or not is_name(found[1]) or data is None or len(data) <= _ID_BYTES:
            raise CheckpointError(f"signature line {line[:60]!r} cannot be read")
        return cls(found[1], data)


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and the name it signs under."""

    name: str
    private_key: Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self.private_key.public_key().public_bytes_raw())

    def sign(self, text: str) -> Signature:
        """Signs a note's text, which ends with a line feed."""
        assert text.endswith("\n"), "a note's text is whole lines"
        return Signature(self.name, self.verifier._hash() + self.private_key.sign(text.encode()))


@dataclass(frozen=True, slots=True)
class Note:
    """A text of whole lines and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"{one.line}\n" for one in self.signatures)

    @classmethod
    def parse(cls, note: str) -> Note:
        """CheckpointError: no signatures, more than 64, lines that cannot be read, over 64 KiB."""
        text, gap, lines = note.rpartition("\n\n")
        if len(note) > MAX_NOTE or not gap or not lines.endswith("\n"):
            raise CheckpointError("it is no signed note: text, empty line, signature lines")
        signatures = tuple(Signature.parse(line) for line in lines[:-1].split("\n"))
        if len(signatures) > MAX_SIGNATURES:
            raise CheckpointError(f"{len(signatures):,} signatures are more than {MAX_SIGNATURES}")
        return cls(text + "\n", signatures)

    def signed_by(self, verifiers: Iterable[Verifier]) -> list[Verifier]:
        """The keys whose signature is good. CheckpointError: one of these keys' signatures is not."""
        good = []
        for verifier in verifiers:
            for signature in filter(verifier.matches, self.signatures):
                if not verifier.verifies(self.text, signature):
                    raise CheckpointError(f"the signature by {verifier.name} (key {verifier.key_id}) is not its text's")
                good.append(verifier)
        return good


def is_name(name: str) -> bool:
    """Whether it can name a ledger or a key: visible ASCII without "+", at most 200 characters."""
    return _NAME.fullmatch(name) is not None


def check_name(name: str) -> None:
    """SigningKeyError unless it can name a ledger or a key."""
    if not is_name(name):
        raise SigningKeyError(f"name {name[:60]!r} must be 1 to 200 visible ASCII characters without '+'")


def _base64(text: str) -> bytes | None:
    """None unless the text is the one standard way to write its bytes."""
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    return data if b64encode(data).decode() == text else None
