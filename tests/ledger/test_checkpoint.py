"""Signed notes and checkpoints: what is signed, by whom, and that no byte of it can change."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from seawall.ledger import Checkpoint, CheckpointError, Head, Signature, Signer, SigningKeyError, Verifier

NAME = "example.org/ledger"
OWN = Signer(NAME, Ed25519PrivateKey.from_private_bytes(bytes(32)))
WITNESS = Signer("witness.example", Ed25519PrivateKey.from_private_bytes(bytes([7] * 32)))
HEAD = Head(NAME, 300, bytes(range(32)), bytes(range(32, 64)), 1_800_000_000_000)


def test_the_text_is_five_lines() -> None:
    root, chain = (b64encode(one).decode() for one in (HEAD.root, HEAD.chain))
    assert HEAD.text == f"{NAME}\n300\n{root}\nchain {chain}\ntime 1800000000000\n"
    assert Head.parse(HEAD.text) == HEAD


def test_the_signature_is_ed25519_over_the_text() -> None:
    checkpoint = Checkpoint.sign(HEAD, OWN)
    (signature,) = checkpoint.signatures
    public = OWN.private_key.public_key().public_bytes_raw()
    assert signature.data[:4] == sha256(NAME.encode() + b"\n\x01" + public).digest()[:4]
    Ed25519PublicKey.from_public_bytes(public).verify(signature.data[4:], HEAD.text.encode())
    assert checkpoint.note == f"{HEAD.text}\n— {NAME} {b64encode(signature.data).decode()}\n"


def test_several_sign() -> None:
    checkpoint = Checkpoint.sign(HEAD, OWN).signed_again(WITNESS.sign(HEAD.text))
    assert checkpoint.signed_again(WITNESS.sign(HEAD.text)) == checkpoint
    again = Checkpoint.parse(checkpoint.note)
    assert again == checkpoint
    assert again.key_ids == (OWN.verifier.key_id, WITNESS.verifier.key_id)
    assert again.verify([OWN.verifier, WITNESS.verifier]) == [OWN.verifier, WITNESS.verifier]
    assert again.verify([OWN.verifier]) == [OWN.verifier], "a signature by an unknown key is kept, not judged"


def test_a_witness_alone_is_not_enough() -> None:
    checkpoint = Checkpoint.sign(HEAD, WITNESS)
    with pytest.raises(CheckpointError, match=f"no signature by the key of {NAME}"):
        checkpoint.verify([WITNESS.verifier, OWN.verifier])
    with pytest.raises(CheckpointError, match="no signature by"):
        Checkpoint.sign(HEAD, OWN).verify([])


def test_another_key_of_the_same_name_does_not_do() -> None:
    other = Signer(NAME, WITNESS.private_key)
    with pytest.raises(CheckpointError, match="no signature by"):
        Checkpoint.sign(HEAD, OWN).verify([other.verifier])


def signers(note: str) -> int:
    try:
        return len(Checkpoint.parse(note).verify([OWN.verifier, WITNESS.verifier]))
    except CheckpointError:
        return 0


def test_any_changed_byte_is_found() -> None:
    note = Checkpoint.sign(HEAD, OWN, WITNESS).note.encode()
    for place in range(len(note)):
        for flipped in (note[place] ^ 1, note[place] ^ 0x20):
            changed = (note[:place] + bytes([flipped]) + note[place + 1 :]).decode("utf-8", "replace")
            assert signers(changed) < 2, f"byte {place} made {flipped}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n300\n", "\n0300\n"),
        ("\n300\n", "\n-300\n"),
        ("\n300\n", "\n٣٠٠\n"),
        ("chain ", "chains "),
        ("time ", "time  "),
        ("time 1800000000000", "time 1800000000000\nmore"),
        ("AAEC", "AAE"),
        (NAME, "two words"),
        (NAME, ""),
    ],
)
def test_another_text_is_no_head(old: str, new: str) -> None:
    assert old in HEAD.text
    with pytest.raises(CheckpointError):
        Head.parse(HEAD.text.replace(old, new, 1))


@pytest.mark.parametrize("note", ["", "\n\n", "text\n", "text\n\nno signature\n", "text\n\n— a AAAA", "t\n\n— a !!\n"])
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(CheckpointError):
        Checkpoint.parse(note)


def test_signatures_are_bounded() -> None:
    many = [Signature("w", bytes([one]) * 68) for one in range(64)]
    with pytest.raises(CheckpointError, match="65 signatures are more than 64"):
        Checkpoint.sign(HEAD, OWN).signed_again(*many)


def test_a_public_key_is_one_line() -> None:
    text = OWN.verifier.text
    assert Verifier.parse(text) == OWN.verifier
    assert text.startswith(f"{NAME}+{OWN.verifier.key_id}+")
    for place in range(len(text)):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(SigningKeyError):
            Verifier.parse(changed)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "客户", "x" * 201, "a\nb"])
def test_names_that_no_key_can_have(name: str) -> None:
    with pytest.raises(SigningKeyError, match="visible ASCII"):
        Verifier(name, bytes(32))


def test_a_private_key_does_not_show() -> None:
    assert "PrivateKey" not in repr(OWN)
