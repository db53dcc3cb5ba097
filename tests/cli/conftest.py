"""Runs the command in this process, in a folder and a home of its own."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from seawall.cli import main

from ..engine.history.conftest import MAPPING, clock, payment, write_pack, write_rows


class Ran(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def seawall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEAWALL_DEBUG", raising=False)
    monkeypatch.setenv("LC_ALL", "C")  # English, whoever runs the tests
    monkeypatch.setenv("SEAWALL_HOME", os.environ.get("SEAWALL_HOME", ""))  # --home changes it: put it back

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        status = main(list(arguments))
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    return run


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A pack `sample`, its mapping, and 120 payments over three days in h.parquet; every tenth is fraud."""
    (write_pack(tmp_path / "sample") / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    rows = [
        payment(i, clock(36 * i), f"c{i % 7}", 700 * (i % 23), int(i % 10 == 0)) for i in range(120)
    ]  # one every 36 minutes
    return write_rows(tmp_path / "h.parquet", rows)
