from pathlib import Path

import pytest

import seawall
from seawall.engine.pack import Pack, load_pack

EXAMPLE_FOLDER = Path(seawall.__file__).parent / "packs" / "example_card"


@pytest.fixture(scope="session")
def example() -> Pack:
    return load_pack(EXAMPLE_FOLDER)
