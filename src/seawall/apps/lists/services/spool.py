"""The lines of an import on the disk, sealed: HOME/imports/ID.lines, gone when the import is over; and its report."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from seawall.apps.accounts.sealed import seal, unseal
from seawall.apps.errors import InvalidError

LARGEST = 256 << 20  # bytes of a file
_PIECE = 48 << 10  # clear bytes of a sealed line of the spool
_REPORT_LINES = 2_000_000


def folder() -> Path:
    """Where they lie."""
    return Path(settings.HOME.folder) / "imports"


def store(import_id: UUID, pieces: Iterable[bytes]) -> int:
    """Write a file as it comes in, sealed piece by piece; its size. InvalidError: too large, or empty."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    path, size, waiting = _lines(import_id), 0, b""
    try:
        with _new(path) as file:
            for piece in pieces:
                size += len(piece)
                if size > LARGEST:
                    raise _invalid(_("A file has at most %(most)d MiB.") % {"most": LARGEST >> 20})
                waiting += piece
                while len(waiting) >= _PIECE:
                    file.write(_sealed(waiting[:_PIECE]))
                    waiting = waiting[_PIECE:]
            if waiting:
                file.write(_sealed(waiting))
            file.flush()
            os.fsync(file.fileno())
        if not size:
            raise _invalid(_("The file is empty."))
    except BaseException:
        discard(import_id)
        raise
    return size


def lines(import_id: UUID, longest: int) -> Iterator[bytes]:
    """The lines again, without their ends; of one that is longer than `longest` bytes only so much and one byte.

    InvalidError where the file is gone."""
    try:
        file = _lines(import_id).open("rb")
    except FileNotFoundError:
        raise _invalid(_("The file is no longer kept; import it again.")) from None
    with file:
        rest = b""
        for sealed in file:
            parts = (rest + _opened(sealed)).split(b"\n")
            rest = parts.pop()[: longest + 1]
            yield from (part[: longest + 1] for part in parts)
        if rest:
            yield rest


def discard(import_id: UUID) -> None:
    """Remove the lines; the report stays."""
    with suppress(FileNotFoundError):
        _lines(import_id).unlink()


class Report:
    """What was not added, line by line: (line, verdict, shown value, why), as JSON lines."""

    def __init__(self, import_id: UUID) -> None:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = report_path(import_id)
        self._draft = self._path.with_suffix(".draft")
        self._file = _new(self._draft)

    def add(self, number: int, verdict: str, shown: str, why: str = "", **values: Any) -> None:
        """One line; `why` is an English msgid that `values` fill."""
        row = [number, verdict, shown, why, values]
        self._file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")

    def close(self, keep: bool) -> None:
        """It takes the place of the report before it, or goes."""
        self._file.close()
        if keep:
            os.replace(self._draft, self._path)
        else:
            self._draft.unlink()


def report_path(import_id: UUID) -> Path:
    """Where the report lies."""
    return folder() / f"{import_id}.report"


def report(import_id: UUID) -> Iterator[list[Any]]:
    """The rows of the report, as `Report.add` took them; none where there is no report."""
    with suppress(FileNotFoundError), report_path(import_id).open("rb") as file:
        for _number, line in zip(range(_REPORT_LINES), file, strict=False):
            yield json.loads(line)


def _lines(import_id: UUID) -> Path:
    return folder() / f"{import_id}.lines"


def _new(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _sealed(piece: bytes) -> bytes:
    return seal(piece.decode("latin-1")).encode() + b"\n"


def _opened(sealed: bytes) -> bytes:
    return unseal(sealed.decode().strip()).encode("latin-1")


def _invalid(text: str) -> InvalidError:
    return InvalidError(text, {"file": text})
