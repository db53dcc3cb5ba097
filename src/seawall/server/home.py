"""A home: the folder that holds one platform, and what lies where in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from seawall.engine.errors import SeawallError
from seawall.sealing import KeyRing, LocalKeyFile

PASSPHRASE = "SEAWALL_PASSPHRASE"  # noqa: S105 - the variable's name
HOME = "SEAWALL_HOME"


class HomeError(SeawallError):
    """A home that cannot be made, opened or written."""


def default_home() -> Path:
    """$SEAWALL_HOME, else the user's data folder."""
    named = os.environ.get(HOME)
    if named:
        return Path(named)
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "seawall"


@dataclass(frozen=True, slots=True)
class Home:
    """Paths of one platform's files. The folder is its owner's alone (mode 0700)."""

    folder: Path

    @property
    def key_file(self) -> Path:
        """The root keys."""
        return self.folder / "keys.json"

    @property
    def key_store(self) -> Path:
        """Wrapped data keys and surrogates."""
        return self.folder / "keys.db"

    @property
    def journal(self) -> Path:
        """The one sequence of records."""
        return self.folder / "journal.db"

    @property
    def snapshots(self) -> Path:
        """The engine's state at some sequence numbers."""
        return self.folder / "snapshots"

    @property
    def access(self) -> Path:
        """API keys, hashed."""
        return self.folder / "access.db"

    @property
    def console_key(self) -> Path:
        """The API key of console and worker, made anew at each start."""
        return self.folder / "console.key"

    @property
    def ledger(self) -> Path:
        """The tamper-evident record."""
        return self.folder / "ledger.db"

    @property
    def cache(self) -> Path:
        """Packs as unpacked from the journal: made again when absent."""
        return self.folder / "cache"

    @property
    def rates(self) -> Path:
        """Exchange rates, if the platform has any: CSV of currency, date and rate."""
        return self.folder / "rates.csv"

    def prepare(self) -> Home:
        """Make the folders. HomeError says what stands in the way."""
        try:
            for folder in (self.folder, self.snapshots, self.cache):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise HomeError(
                f"home {self.folder} cannot be made: {error.strerror}; choose another folder with --home"
            ) from None
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise HomeError(f"home {self.folder} cannot be written; check its owner and mode, or choose another")
        return self

    def key_ring(self) -> tuple[KeyRing, bool]:
        """The root keys, made on first use, and whether they were: sealed by $SEAWALL_PASSPHRASE where it is set."""
        file = LocalKeyFile(self.key_file, os.environ.get(PASSPHRASE) or None)
        if self.key_file.exists():
            return file.load(), False
        if self.key_store.exists() or self.journal.exists():
            raise HomeError(
                f"{self.key_file} is missing, but the home holds sealed records; restore the key file from its backup"
            )
        return file.create(), True
