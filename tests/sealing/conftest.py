from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.sealing import KeyRing, LocalSealer


@pytest.fixture(scope="session")
def ring() -> KeyRing:
    return KeyRing.new(protected=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "keys.db"


@pytest.fixture
def sealer(home: Path, ring: KeyRing) -> Iterator[LocalSealer]:
    with LocalSealer(home, ring) as one:
        yield one


def disk(home: Path) -> bytes:
    """All bytes of the store's files."""
    return b"".join(file.read_bytes() for file in sorted(home.parent.glob(f"{home.name}*")))
