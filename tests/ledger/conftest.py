"""A small ledger with three checkpoints, and the means to change what lies on the disk."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from seawall.ledger import Ledger, NewEntry, Signer, create_key

ORIGIN = "example.org/ledger"


class Home(NamedTuple):
    folder: Path
    signer: Signer

    @property
    def db(self) -> Path:
        return self.folder / "ledger.db"

    def change(self, statement: str, *parameters: Any) -> None:
        """Changes rows behind the ledger's back."""
        with sqlite3.connect(self.db) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(statement, parameters)
        connection.close()

    def copy(self, folder: Path) -> "Home":
        folder.mkdir()
        for file in self.folder.iterdir():
            shutil.copy(file, folder)
        return Home(folder, self.signer)


def entry(number: int) -> NewEntry:
    return NewEntry("user:7", "case.close", "case", f"C-{number}", {"reason": "误报", "days": number})


def clock_from(start: int = 1_800_000_000_000) -> Any:
    now = iter(range(start, start + 10**9, 1000))
    return lambda: next(now)


def build(folder: Path, batches: tuple[int, ...] = (3, 1, 4), unsigned: int = 0) -> Home:
    """A ledger with a checkpoint after each batch, and a few entries after that."""
    folder.mkdir(exist_ok=True)
    with Ledger.create(folder / "ledger.db", ORIGIN, clock_from()) as ledger:
        signer = create_key(folder / "ledger.key", ORIGIN)
        for size in batches:
            ledger.append([entry(len(ledger) + number) for number in range(size)])
            ledger.checkpoint(signer)
        ledger.append([entry(100 + number) for number in range(unsigned)])
    return Home(folder, signer)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return build(tmp_path_factory.mktemp("ledger"), unsigned=2)


@pytest.fixture
def home(pristine: Home, tmp_path: Path) -> Home:
    return pristine.copy(tmp_path / "home")
