"""Exports: a ledger up to its last checkpoint in one NDJSON file, which any machine can audit with the public key.

Line 1 the header, a line an entry, a line a checkpoint, the last line a digest of all before. Inside an entry's line
stand its canonical bytes, unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from seawall.ledger.errors import CheckpointError, LedgerError, SigningKeyError, StoreError
from seawall.ledger.files import new_file
from seawall.ledger.note import Verifier, is_name
from seawall.ledger.source import Row, Source, StoredCheckpoint, store_source

FORMAT = "seawall-ledger-export-1"
MAX_LINE = 256 * 1024
_ENTRY, _HASH, _END = b'{"entry":', b',"hash":"', b'"}\n'
_HASH_DIGITS = 64


class DamagedExportError(LedgerError):
    """A file whose header is not that of an export."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line: how much follows, and the public keys that come along."""

    checkpoints: int
    format: str
    keys: list[str]
    origin: str
    size: int


def export(ledger: Path, out: Path, verifiers: Sequence[Verifier]) -> Path:
    """Writes the export of a ledger file, durably, and returns its path; a folder gets a name made from the origin.

    What comes after the last checkpoint stays out, for nobody has signed it. LedgerError: no checkpoint yet, the file
    exists, or the disk refuses.
    """
    with store_source(ledger) as source:
        size = max((stored.size or 0 for stored in source.checkpoints), default=0)
        if not size:
            raise CheckpointError("nothing is signed yet; run `seawall ledger checkpoint` first")
        folder = out.is_dir()
        path = out / f"{source.origin.replace('/', '-')}-{size}.ndjson" if folder else out
        keys = [verifier.text for verifier in verifiers]
        header = Header(len(source.checkpoints), FORMAT, keys, source.origin, size)
        _write(path, _lines(source, header))
    return path


class OpenExport(NamedTuple):
    """An export to audit, the public keys it brings, and whether every byte is as its last line says."""

    source: Source
    keys: list[Verifier]
    whole: bool


@contextmanager
def export_source(path: Path) -> Iterator[OpenExport]:
    """Opens an export. DamagedExportError: its header is none, or was changed."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}; check the path") from None
    with file:
        lines = _Lines(file)
        header = _header(lines.next())
        try:
            verifiers = [Verifier.parse(key) for key in header.keys]
        except SigningKeyError as error:
            raise DamagedExportError(str(error)) from None
        start = file.tell()
        checkpoints = _checkpoints(lines, header)  # they stand at the end, and are wanted at the beginning
        whole = lines.finish()
        file.seek(start)
        yield OpenExport(Source(header.origin, _rows(file, header.size), None, checkpoints), verifiers, whole)


# --- writing ----------------------------------------------------------------------------------------------------------


def _lines(source: Source, header: Header) -> Iterator[bytes]:
    inner = msgspec.json.encode(header)
    yield b'{"header":%b,"sha256":"%b"}\n' % (inner, sha256(inner).hexdigest().encode())
    for row in source.rows:
        if row.index >= header.size:
            break
        yield b"".join((_ENTRY, row.body, _HASH, row.hash.hex().encode(), _END))
    for stored in source.checkpoints:
        yield msgspec.json.encode({"checkpoint": stored.note}) + b"\n"


def _write(path: Path, lines: Iterator[bytes]) -> None:
    digest = sha256()
    try:
        with new_file(path, 0o600) as file:
            for line in lines:
                digest.update(line)
                file.write(line)
            file.write(b'{"sha256":"%b"}\n' % digest.hexdigest().encode())
    except FileExistsError:
        raise StoreError(f"{path} exists already; an export is never overwritten, choose another path") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}; check its folder") from None


# --- reading ----------------------------------------------------------------------------------------------------------


class _Lines:
    """Lines of a bounded length, and the digest over them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest = file, sha256()

    def next(self) -> bytes:
        """The next line; b"" at the end."""
        line = self._file.readline(MAX_LINE)
        self._digest.update(line)
        return line

    def finish(self) -> bool:
        """Whether the last line is the digest of all before it, and the last."""
        expected = b'{"sha256":"%b"}\n' % self._digest.hexdigest().encode()
        return self._file.readline(MAX_LINE) == expected and not self._file.read(1)


def _header(line: bytes) -> Header:
    broken = DamagedExportError(f"it is not that of an export of format {FORMAT}, or was changed")
    if not line.startswith(b'{"header":') or len(line) >= MAX_LINE:
        raise broken
    try:
        header = msgspec.json.decode(line[10 : -_HASH_DIGITS - 14], type=Header)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise broken from None
    inner = msgspec.json.encode(header)
    if line != b'{"header":%b,"sha256":"%b"}\n' % (inner, sha256(inner).hexdigest().encode()):
        raise broken
    if header.format != FORMAT or header.size < 1 or header.checkpoints < 1 or not is_name(header.origin):
        raise broken
    return header


def _checkpoints(lines: _Lines, header: Header) -> list[StoredCheckpoint]:
    for _ in range(header.size):
        if not lines.next():
            break
    found = []
    for number in range(1, header.checkpoints + 1):
        line = lines.next()
        found.append(_checkpoint(line, f"checkpoint {number}"))
        if not line:
            break
    return found


def _checkpoint(line: bytes, label: str) -> StoredCheckpoint:
    """A line that holds no note gives one that cannot be read, or, cut off, an empty one: missing."""
    try:
        body: Any = msgspec.json.decode(line, type=dict[str, str])
        note: str = body["checkpoint"]
        exact = msgspec.json.encode({"checkpoint": note}) + b"\n" == line
    except (msgspec.MsgspecError, UnicodeError, KeyError):
        exact = False
    return StoredCheckpoint(label, note if exact else line.decode("utf-8", "replace"))


def _rows(file: BinaryIO, size: int) -> Iterator[Row]:
    for index in range(size):
        line = file.readline(MAX_LINE)
        if not line:
            return
        yield _row(index, line)


def _row(index: int, line: bytes) -> Row:
    """A line that is not framed as an entry's gives a row whose hash cannot match."""
    tail = len(_HASH) + _HASH_DIGITS + len(_END)
    body, rest = line[len(_ENTRY) : -tail], line[-tail:]
    digits = rest[len(_HASH) : -len(_END)]
    try:
        hashed = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        hashed = b""
    framed = b"".join((_ENTRY, body, _HASH, hashed.hex().encode(), _END)) == line
    return Row(index, body, hashed) if framed else Row(index, line, b"")
