"""Files of evidence on the disk: HOME/evidence/ab/cdef…, named by the SHA-256 of their bytes, written once."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from seawall.apps.errors import ConflictError, InvalidError

LARGEST = 20 * 1024 * 1024
LONGEST_NAME = 200
_ZIP = (b"PK\x03\x04",)


@dataclass(frozen=True)
class FileType:
    """A kind of file that is taken: what it begins with (nothing for text), and as what it is given out."""

    content_type: str
    begins: tuple[bytes, ...] = ()


TYPES = {
    "pdf": FileType("application/pdf", (b"%PDF-",)),
    "png": FileType("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": FileType("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": FileType("image/jpeg", (b"\xff\xd8\xff",)),
    "txt": FileType("text/plain; charset=utf-8"),
    "csv": FileType("text/csv; charset=utf-8"),
    "json": FileType("application/json"),
    "eml": FileType("message/rfc822"),
    "xlsx": FileType("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _ZIP),
    "docx": FileType("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _ZIP),
}


class TamperedError(ConflictError):
    """A file whose bytes are not those that were recorded, or that is gone."""


def folder() -> Path:
    """Where the files lie."""
    return Path(settings.HOME.folder) / "evidence"


def path_of(sha256: str) -> Path:
    """Where the bytes of that hash lie."""
    return folder() / sha256[:2] / sha256[2:]


def checked_name(name: str) -> tuple[str, str]:
    """The last part of a file's name and its type. InvalidError for a type that is not taken."""
    plain = "".join(one for one in name.replace("\\", "/").rpartition("/")[2] if one.isprintable()).strip()
    kind = plain.rpartition(".")[2].casefold() if "." in plain else ""
    if kind not in TYPES or not 0 < len(plain) <= LONGEST_NAME:
        text = _("A file must be one of %(types)s.") % {"types": ", ".join(TYPES)}
        raise InvalidError(text, {"file": text})
    return plain, kind


def store(pieces: Iterable[bytes], kind: str) -> tuple[str, int]:
    """Write the bytes, durably; returns their SHA-256 and size. InvalidError: too large, empty, or not what its name
    says. The same bytes are kept once."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder() / f".new-{secrets.token_hex(8)}"
    digest, size, head = hashlib.sha256(), 0, b""
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                size += len(piece)
                if size > LARGEST:
                    raise _invalid(_("A file has at most %(most)d MiB.") % {"most": LARGEST >> 20})
                head = head or bytes(piece[:16])
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        _check_content(head, size, kind)
        target = path_of(digest.hexdigest())
        target.parent.mkdir(mode=0o700, exist_ok=True)
        os.replace(draft, target)  # also repairs a file that was tampered with
        _sync(target.parent)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    return digest.hexdigest(), size


def read(sha256: str, size: int) -> bytes:
    """The bytes, if they are still those that were stored. TamperedError where they are not."""
    try:
        data = path_of(sha256).read_bytes()
    except OSError:
        raise TamperedError(
            _("The file is missing from the home's evidence folder; restore it from a backup.")
        ) from None
    found = hashlib.sha256(data).hexdigest()
    if found != sha256 or len(data) != size:
        raise TamperedError(
            _("The file was changed after it was added: its SHA-256 is %(found)s, recorded is %(recorded)s.")
            % {"found": found, "recorded": sha256}
        )
    return data


def _check_content(head: bytes, size: int, kind: str) -> None:
    if not size:
        raise _invalid(_("The file is empty."))
    begins = TYPES[kind].begins
    if begins and not head.startswith(begins):
        raise _invalid(_("The file is not what its name says: no %(kind)s file begins so.") % {"kind": kind})
    if not begins and b"\x00" in head:
        raise _invalid(_("The file is not text."))


def _invalid(text: str) -> InvalidError:
    return InvalidError(text, {"file": text})


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
