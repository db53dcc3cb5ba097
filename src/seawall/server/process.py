"""What every child process of a home shares: its options, and its end with its supervisor's."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec

BAD_START = 78  # EX_CONFIG: starting again would fail again
_WATCH_SECONDS = 1.0


class Options(msgspec.Struct, frozen=True):
    """How to serve one home. `pack`: folder of the pack to make active, "" for the one that is."""

    home: str
    host: str
    port: int
    pack: str = ""
    certificate: str = ""
    key: str = ""

    @property
    def folder(self) -> Path:
        """The home's folder."""
        return Path(self.home)

    def encoded(self) -> str:
        """As one argument of a command line."""
        return msgspec.json.encode(self).decode()


def decode(argument: str) -> Options:
    """The inverse of `Options.encoded`."""
    return msgspec.json.decode(argument, type=Options)


async def until_orphaned() -> None:
    """Returns when the parent is gone: without its supervisor nothing would ever stop a child."""
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(_WATCH_SECONDS)
