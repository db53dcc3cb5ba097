"""Packs that come from outside: a zip of a folder, or a folder itself, read within bounds or refused in one line."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext as _

from seawall.apps.errors import InvalidError
from seawall.apps.policies.bundles import LARGEST
from seawall.engine.pack.load import FILES

LARGEST_ZIP = 16 << 20
MOST_ENTRIES = 1_000
MOST_PARTS = 8
_STEP = 1 << 16
_IGNORED = ("__MACOSX", ".DS_Store", "Thumbs.db", ".git")


def read_zip(data: bytes) -> dict[str, bytes]:
    """The files of a zipped pack by name; one folder around them is left out.

    InvalidError for what is no zip, too much of anything (what it unpacks to is counted while it is unpacked), a name
    that leads out of the folder, a link, an encrypted or damaged entry, a name that stands twice.
    """
    if len(data) > LARGEST_ZIP:
        raise _refused(
            _("The file has %(size)s MB; a zipped policy may have %(most)s.") % _megabytes(len(data), LARGEST_ZIP)
        )
    found: dict[str, bytes] = {}
    left = LARGEST
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                raise _refused(_("The zip has %(count)s entries; a policy has at most %(most)s.") % {
                    "count": len(entries), "most": MOST_ENTRIES})  # fmt: skip
            for entry in entries:
                name = _name(entry)
                if not name:
                    continue
                if name in found:
                    raise _refused(_("%(name)s stands twice in the zip.") % {"name": name})
                found[name] = _unpacked(archive, entry, left)
                left -= len(found[name])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        if isinstance(error, InvalidError):
            raise
        raise _refused(_("The file is no zip that can be read: %(problem)s.") % {"problem": str(error)[:200]}) from None
    return _at_top(found)


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files of a pack in a folder on this machine; links and other things than files are left out."""
    if not folder.is_dir():
        raise _refused(_("%(name)s is no folder.") % {"name": str(folder)[:200]})
    found: dict[str, bytes] = {}
    left = LARGEST
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or _ignored(PurePosixPath(name)):
            continue
        left -= path.stat().st_size
        if left < 0 or len(found) >= MOST_ENTRIES:
            raise _too_large()
        found[name] = path.read_bytes()
    return _at_top(found)


def _name(entry: zipfile.ZipInfo) -> str:
    """The entry's plain relative path, "" for what is left out."""
    name = entry.filename
    path = PurePosixPath(name)
    odd = "\\" in name or ":" in name or "\x00" in name or not name.isprintable()
    if odd or path.is_absolute() or ".." in path.parts or len(path.parts) > MOST_PARTS:
        raise _refused(_("The zip holds %(name)s, which is no plain path inside it.") % {"name": repr(name[:80])})
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(_("The zip holds %(name)s, which is no plain file.") % {"name": name[:80]})
    if entry.flag_bits & 0x1:
        raise _refused(_("The zip is encrypted; pack it without a password."))
    return "" if entry.is_dir() or _ignored(path) else path.as_posix()


def _ignored(path: PurePosixPath) -> bool:
    return any(part in _IGNORED for part in path.parts)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    parts: list[bytes] = []
    with archive.open(entry) as stream:
        while part := stream.read(_STEP):
            left -= len(part)
            if left < 0:
                raise _too_large()
            parts.append(part)
    return b"".join(parts)


def _at_top(found: dict[str, bytes]) -> dict[str, bytes]:
    """Names seen from the folder that holds events.yaml."""
    tops = {name.split("/", 1)[0] for name in found}
    if FILES[0] not in found and len(tops) == 1 and all("/" in name for name in found):
        found = {name.split("/", 1)[1]: data for name, data in found.items()}
    if FILES[0] not in found:
        raise _refused(_("There is no %(name)s at the top: pack the policy's folder itself.") % {"name": FILES[0]})
    return found


def _too_large() -> InvalidError:
    return _refused(_("The policy unpacks to more than %(most)s MB.") % {"most": LARGEST >> 20})


def _megabytes(size: int, most: int) -> dict[str, int]:
    return {"size": -(-size >> 20), "most": most >> 20}


def _refused(text: str) -> InvalidError:
    return InvalidError(text, {"file": text})
