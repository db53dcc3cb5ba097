import json
from pathlib import Path

import pytest

from .conftest import Run


def test_a_good_installation_is_well(seawall: Run) -> None:
    ran = seawall("doctor", "--json")
    found = json.loads(ran.out)
    assert {one["name"] for one in found["findings"]} == {
        "python",
        "libraries",
        "cache",
        "challenges",
        "disk",
        "kernel",
        "self-test",
    }
    assert (ran.status == 0) == found["ok"]
    self_test = next(one for one in found["findings"] if one["name"] == "self-test")
    assert self_test == {
        "name": "self-test",
        "ok": True,
        "detail": "example_card: as documented",
        "advice": self_test["advice"],
    }


def test_a_cache_that_others_may_write_is_not_well(
    seawall: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("SEAWALL_CACHE", str(cache))
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    ran = seawall("doctor")
    assert ran.status == 1
    assert "FAIL cache: " in ran.out
    assert f"chmod 700 {cache}" in ran.out


def test_a_wrong_decision_is_found(seawall: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.cli.doctor._GOLDEN", "0" * 64)
    ran = seawall("doctor")
    assert ran.status == 1
    assert "FAIL self-test: example_card: content_hash is " in ran.out
