"""The head file: the number and chain of the newest acknowledged record, kept outside the database.

SQLite passes over log frames whose checksum fails without a word; a damaged log would lose acknowledged records unseen.
"""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .errors import JournalError
from .frame import GENESIS

_HEAD = struct.Struct("<q32s")
_CRC = struct.Struct("<I")
SIZE = _HEAD.size + _CRC.size


class Tip(NamedTuple):
    """The number of a record, -1 before the first, and the chain after it."""

    last: int
    chain: bytes


GENESIS_TIP = Tip(-1, GENESIS)


def read_head(path: Path) -> Tip | None:
    """What the head file says; None when it is missing or torn, which is no damage: it is not synced to the disk."""
    try:
        with path.open("rb") as file:
            data = file.read(SIZE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}; check its mode and the disk") from None
    if len(data) != SIZE or _CRC.unpack_from(data, _HEAD.size)[0] != zlib.crc32(data[: _HEAD.size]):
        return None
    return Tip(*_HEAD.unpack_from(data))


class HeadFile:
    """The head file, open for its one writer. JournalError when it cannot be opened."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.ftruncate(self._file, SIZE)
        except OSError as error:
            raise JournalError(f"{path} cannot be opened: {error.strerror}; check its folder and mode") from None

    def write(self, tip: Tip) -> None:
        """Rewrites the file in place, after the batch is durable.

        A disk that refuses leaves the head behind the journal, which is no damage, so the batch stays acknowledged.
        """
        data = _HEAD.pack(tip.last, tip.chain)
        with suppress(OSError):
            os.pwrite(self._file, data + _CRC.pack(zlib.crc32(data)), 0)

    def close(self) -> None:
        """Lets go of the file."""
        os.close(self._file)
