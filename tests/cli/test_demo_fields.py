"""The synthetic fintech of `seawall up --demo` says to a home only what its policy knows."""

from __future__ import annotations

from pathlib import Path

from seawall.cli.demo_fields import known_fields
from seawall.engine.pack import load_pack
from seawall.server.home import Home
from seawall.server.packs import bundle_of
from seawall.simulator import FIELDS
from tests.server.test_older_home import SHIPPED, older, service


def fields_of(folder: Path, bundle: bytes) -> set[str]:
    home = Home(folder).prepare()
    one = service(home)
    one.open(bundle)
    one.close()
    return set(known_fields(home))


def test_an_older_home_is_told_of_no_field_that_it_would_refuse(tmp_path: Path) -> None:
    every = {field.name for field in FIELDS}
    assert fields_of(tmp_path / "new", bundle_of(SHIPPED, load_pack(SHIPPED))) == every
    assert every - fields_of(tmp_path / "old", older()) == {"promotion", "counterparty_country"}


def test_a_home_where_nothing_decides_yet_names_none(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    one = service(home)
    one.close()
    assert known_fields(home) == []
