"""A home made by an older release: it starts, decides as it did, and takes the newer pack only when it is told to."""

from __future__ import annotations

import asyncio
import warnings
import zipfile
from pathlib import Path

import pytest

import seawall
from seawall.engine.errors import ConflictError
from seawall.engine.journal import pack_bundle
from seawall.engine.pack import load_pack
from seawall.sealing import OpenKeyWarning
from seawall.server.decided import Decided
from seawall.server.home import Home
from seawall.server.packs import bundle_of
from seawall.server.service import Service
from tests.apps.decisions.home import NOW, card, transfer

SHIPPED = Path(seawall.__file__).parent / "packs" / "payments"
OLDER = Path(__file__).parent / "older" / "payments-1.zip"  # `payments` as 2026-11-21 had it


def older() -> bytes:
    with zipfile.ZipFile(OLDER) as packed:
        return pack_bundle({name: packed.read(name) for name in packed.namelist()})


def service(home: Home) -> Service:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OpenKeyWarning)
        return Service(home, home.key_ring()[0], clock=lambda: NOW)


def decided(one: Service, *bodies: bytes) -> list[Decided]:
    async def run() -> list[Decided | Exception]:
        await one.start()
        found = await one.decide_many(list(bodies))
        await one.stop()
        return list(found)

    found = asyncio.run(run())
    assert all(isinstance(each, Decided) for each in found), found
    return [each for each in found if isinstance(each, Decided)]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """It has decided two events under the older pack."""
    made = Home(tmp_path / "home").prepare()
    one = service(made)
    one.open(older())
    decided(one, card(1, 100), transfer(2, 90))
    return made


def test_it_starts_and_decides_by_its_own_pack(home: Home) -> None:
    one = service(home)
    found = one.open()
    assert found.differing == [], "replayed as it was decided"
    assert one.active().label == "payments@1"
    again, new = decided(one, card(1, 100), card(3, 80))
    assert again.repeated
    assert new.decision.policy == "payments@1"


def test_the_shipped_pack_takes_over_when_it_is_named(home: Home) -> None:
    shipped = load_pack(SHIPPED)
    assert shipped.policy.version > 1, "content that changed bears another number"
    one = service(home)
    one.open(bundle_of(SHIPPED, shipped))
    (new,) = decided(one, card(3, 80))
    assert new.decision.policy == f"payments@{shipped.policy.version}"
    after = service(home)
    after.open()
    assert after.active().label == new.decision.policy
    after.close()


def test_other_content_under_a_number_that_ran_is_refused(home: Home, tmp_path: Path) -> None:
    with zipfile.ZipFile(OLDER) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    files["policy.yaml"] += b"\n# changed\n"
    one = service(home)
    with pytest.raises(ConflictError, match=r"payments@1 ran with other content; raise its version in policy\.yaml"):
        one.open(pack_bundle(files))
    one.close()
    still = service(home)
    still.open()
    assert still.active().label == "payments@1"
    still.close()
