"""A pack's files as one piece of bytes, the same for the same files: what activation records name by digest."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from .errors import JournalError

MAX_BUNDLE = 512 << 20
MAX_FILES = 10_000
MAX_NAME = 255
_MAGIC = b"seawall-bundle-1\n"
_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(list[tuple[str, bytes]])


def pack_bundle(files: Mapping[str, bytes]) -> bytes:
    """The files in name order. JournalError: a name that is not relative and plain, too many files, too large."""
    if len(files) > MAX_FILES:
        raise JournalError(f"a bundle has at most {MAX_FILES:,} files, not {len(files):,}")
    for name in files:
        _check_name(name)
    size = sum(len(data) for data in files.values())
    if size > MAX_BUNDLE:
        raise JournalError(f"a bundle has at most {MAX_BUNDLE:,} bytes, not {size:,}")
    return _MAGIC + _encode(sorted(files.items()))


def unpack_bundle(data: bytes) -> dict[str, bytes]:
    """The inverse of pack_bundle. JournalError: not a bundle, or one that pack_bundle would not have made."""
    if len(data) > MAX_BUNDLE + (MAX_FILES * (MAX_NAME + 16)) or not data.startswith(_MAGIC):
        raise JournalError("these bytes are not a bundle of this version, or are too large")
    try:
        files = _decoder.decode(memoryview(data)[len(_MAGIC) :])
    except msgspec.MsgspecError as error:
        raise JournalError(f"the bundle cannot be decoded: {error}") from None
    unpacked = dict(files)
    if pack_bundle(unpacked) != data:
        raise JournalError("the bundle is not in canonical form: names in order, each once")
    return unpacked


def _check_name(name: str) -> None:
    parts = name.split("/")
    plain = name.isprintable() and "\\" not in name and ":" not in name
    if not plain or len(name) > MAX_NAME or any(part in ("", ".", "..") for part in parts):
        raise JournalError(f"bundle file name {name[:80]!r} is not a plain relative path")
