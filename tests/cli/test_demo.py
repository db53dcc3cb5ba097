"""seawall demo: the commands it shows are real ones, and they end in a report."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from seawall.cli import BAD_INPUT, OK, demo, main
from seawall.cli.demo import commands, size
from seawall.cli.inputs import language
from seawall.engine.history import open_history, read_blocks
from seawall.simulator import Simulation


@pytest.mark.parametrize("events", [1_000, 20_000, 1_000_000])
def test_the_history_has_about_as_many_payments_as_asked_for(events: int) -> None:
    customers, days = size(events, seed=7)
    assert Simulation(7, customers, days, demo._START).expected_events == pytest.approx(events, rel=0.1)


@pytest.mark.parametrize(
    ("variables", "lang"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "C"}, "zh"),
        ({}, "en"),
    ],
)
def test_the_language_of_the_environment(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], lang: str) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language() == lang


def test_both_languages_say_the_same() -> None:
    for text in demo._TEXTS.values():
        assert text.keys() == {"zh", "en"}
        assert any("一" <= char <= "鿿" for char in text["zh"])


def test_the_first_failure_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[str] = []

    def fail(command: list[str]) -> int:
        seen.append(command[0])
        return BAD_INPUT

    monkeypatch.setattr(demo, "main", fail)
    args = argparse.Namespace(events=1_000, seed=7, out=tmp_path, lang="en")
    assert demo.run(args) == BAD_INPUT
    assert seen == ["simulate"]


def test_the_history_fits_the_mapping_of_the_pack(tmp_path: Path) -> None:
    from seawall.cli.inputs import read_mapping, read_policy

    assert main(commands(20_000, 7, tmp_path, "en")[0]) == OK
    folder, policy = read_policy(demo.PACK)
    mapping = read_mapping("", folder, policy.pack)
    history = open_history(tmp_path / "history.parquet")
    assert set(history.names) >= set(demo.FIELDS)
    (block,) = read_blocks(history, mapping, policy.pack)
    assert 18_000 < len(block.rows) < 22_000
    assert (block.labels[0] > 0).any(), "some payments are labelled"


def test_the_whole_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["demo", "--events", "1000", "--out", str(tmp_path), "--lang", "zh"]
    assert main(args) == OK
    printed = capsys.readouterr().out
    assert "$ seawall simulate" in printed
    assert "$ seawall backtest" in printed
    assert "已知欺诈" in printed
    assert (tmp_path / "report.html").resolve().as_uri() in printed
    assert (tmp_path / "report.html").stat().st_size > 1_000
