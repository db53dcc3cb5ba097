"""An entry and its canonical bytes: the JSON of RFC 8785, narrowed so that any JSON library can make it.

No fractions (send decimals as text), whole numbers within ±(2^53 − 1), member names in ASCII, members sorted, no space.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from seawall.ledger.errors import EntryError

MAX_BODY = 32 * 1024
MAX_DEPTH = 8
MAX_TEXT = 200  # characters of an actor or an object's id
MAX_NAME = 64
MAX_COMMITMENTS = 32
MAX_WHOLE = 2**53 - 1
_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_HEX = re.compile(r"[0-9a-f]{64}")
_GENESIS = b"seawall-ledger-1\x00"


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What a command reports: who did what to which object. `data` is a summary without personal data; what would be
    personal goes into `commitments`, name → `commit(name, value, salt)`."""

    actor: str
    action: str
    object_type: str
    object_id: str
    data: Mapping[str, Any] = field(default_factory=dict)
    commitments: Mapping[str, str] = field(default_factory=dict)


class Object(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an entry is about."""

    id: str
    type: str


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recorded entry; its members stand in the order of the canonical bytes. `time`: ms since 1970, UTC."""

    action: str
    actor: str
    commitments: dict[str, str]
    data: dict[str, Any]
    index: int
    object: Object
    previous: str
    time: int


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Entry)


def genesis(origin: str) -> bytes:
    """32 bytes: what entry 0 names as its previous hash; it ties the chain to one ledger."""
    return sha256(_GENESIS + origin.encode()).digest()


def encode(new: NewEntry, index: int, time: int, previous: bytes) -> bytes:
    """Canonical bytes. EntryError names the member that cannot be recorded."""
    try:
        body = encode_entry(
            Entry(
                action=new.action,
                actor=new.actor,
                commitments=dict(new.commitments),
                data=dict(new.data),
                index=index,
                object=Object(id=new.object_id, type=new.object_type),
                previous=previous.hex(),
                time=time,
            )
        )
    except TypeError as error:
        raise EntryError(f"a member has the wrong type ({error}); see NewEntry") from None
    if len(body) > MAX_BODY:
        raise EntryError(f"an entry of {len(body):,} bytes is over {MAX_BODY:,}; record a digest of what is large")
    return body


def decode(body: bytes) -> Entry:
    """The entry of canonical bytes. EntryError: not an entry, or written in any other than the one canonical way."""
    if len(body) > MAX_BODY:
        raise EntryError(f"it has {len(body):,} bytes, more than {MAX_BODY:,}")
    try:
        entry = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise EntryError(f"it is no entry: {error}") from None
    if encode_entry(entry) != body:
        raise EntryError("it is not in canonical form")
    return entry


def encode_entry(entry: Entry) -> bytes:
    """Canonical bytes of an entry. EntryError: it is none that could have been recorded."""
    _check(entry)
    try:
        return _ENCODER.encode(entry)
    except UnicodeEncodeError:
        raise EntryError("a text is not valid Unicode; send it without lone surrogates") from None


def _check(entry: Entry) -> None:
    for name, word in (("action", entry.action), ("object type", entry.object.type)):
        if not _WORD.fullmatch(word):
            raise EntryError(f"{name} {word[:80]!r} is not a lower-case word (a-z, 0-9, _ . -, at most {MAX_NAME})")
    for name, text in (("actor", entry.actor), ("object id", entry.object.id)):
        if not (0 < len(text) <= MAX_TEXT and text.isprintable()):
            raise EntryError(f"{name} must be 1 to {MAX_TEXT} printable characters, not {text[:40]!r}")
    if not (0 <= entry.index <= MAX_WHOLE and 0 <= entry.time <= MAX_WHOLE):
        raise EntryError("index and time are whole numbers from 0; check the clock")
    if not _HEX.fullmatch(entry.previous):
        raise EntryError("the previous hash is not 64 hexadecimal digits")
    if len(entry.commitments) > MAX_COMMITMENTS:
        raise EntryError(f"{len(entry.commitments):,} commitments are more than {MAX_COMMITMENTS}; split the entry")
    for name, value in entry.commitments.items():
        if not (_is_name(name) and _HEX.fullmatch(value)):
            raise EntryError(f"commitment {str(name)[:40]!r} is not a name and 64 hexadecimal digits; use commit()")
    if entry.data:
        _check_json(entry.data, "data", MAX_DEPTH)


def _check_json(value: Any, where: str, depth: int) -> None:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not -MAX_WHOLE <= value <= MAX_WHOLE:
            raise EntryError(f"{where}: a whole number beyond ±(2^53 − 1) is not exact in JSON; send it as text")
        return
    if kind is float:
        raise EntryError(f"{where}: {value} is a fraction; send decimals as text")
    if kind is not dict and kind is not list:
        raise EntryError(f"{where}: {kind.__name__} is not JSON; send texts, whole numbers, lists and objects")
    if depth == 0:
        raise EntryError(f"{where}: nested deeper than {MAX_DEPTH}; flatten the data")
    if kind is list:
        for item in value:
            _check_json(item, f"{where}[]", depth - 1)
        return
    for name, item in value.items():
        if not _is_name(name):
            raise EntryError(f"{where}: member name {str(name)[:40]!r} is not 1 to {MAX_NAME} ASCII characters")
        _check_json(item, f"{where}.{name}", depth - 1)


def _is_name(name: Any) -> bool:
    return type(name) is str and 0 < len(name) <= MAX_NAME and name.isascii() and name.isprintable()
