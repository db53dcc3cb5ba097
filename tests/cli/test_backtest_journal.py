"""`seawall backtest --journal`: the home's own history, by the pack that decides and by another."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from seawall.engine.decision import Decision
from seawall.engine.times import format_instant
from tests.engine import world
from tests.engine.lived import write_journal

from .conftest import Run


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Decision]]:
    folder = tmp_path_factory.mktemp("home")
    journal, decisions = write_journal(folder / "journal.db")
    journal.close()
    return folder, decisions


@pytest.fixture
def home(kept: tuple[Path, list[Decision]], tmp_path: Path) -> tuple[Path, list[Decision]]:
    return Path(shutil.copytree(kept[0], tmp_path / "home")), kept[1]


def rows(path: Path) -> list[tuple[str, str, int, str]]:
    table = pq.read_table(path).to_pylist()
    return [(row["event_id"], row["outcome"], row["score"], row["content_hash"]) for row in table]


def expected(decisions: Sequence[Decision]) -> list[tuple[str, str, int, str]]:
    return [(one.event_id, one.outcome, one.score, one.content_hash) for one in decisions]


def test_the_champion_decides_its_own_journal_again(seawall: Run, home: tuple[Path, list[Decision]]) -> None:
    folder, decisions = home
    ran = seawall("backtest", "--journal", str(folder), "--out", "report")
    assert ran.status == 0, ran.err
    report = folder.parent / "report"
    assert rows(report / "decisions.parquet") == expected(decisions)
    summary = json.loads((report / "summary.json").read_text(encoding="utf-8"))
    assert summary["source"]["events"] == "journal"
    assert summary["source"]["label"] == "fraud"
    assert summary["coverage"]["frauds"] > 0
    assert summary["b"] is None
    page = (report / "report.html").read_text(encoding="utf-8")
    assert "本平台决策流水" in page
    assert sorted(path.name for path in report.iterdir()) == ["decisions.parquet", "report.html", "summary.json"]


def test_a_period_against_another_pack(seawall: Run, home: tuple[Path, list[Decision]]) -> None:
    folder, decisions = home
    other = Path(shutil.copytree(world.PACKS / "everything", folder.parent / "other"))
    text = (other / "policy.yaml").read_text(encoding="utf-8").replace("version: 3", "version: 4")
    (other / "policy.yaml").write_text(text.replace("review: 55", "review: 35"), encoding="utf-8")
    first, last = decisions[200], decisions[300]
    for begin, end in (
        (str(first.sequence), str(last.sequence)),
        (format_instant(first.effective_ms), format_instant(last.effective_ms)),
    ):
        ran = seawall(
            "backtest", "--journal", str(folder), "--against", "other", "--out", "report", "--from", begin, "--to", end,
            "--label", "fraud", "--label-delay", "1h",
        )  # fmt: skip
        assert ran.status == 0, ran.err
        assert "everything@4 newly stops" in " ".join(ran.out.split())
        found = rows(folder.parent / "report" / "decisions.parquet")
        inside = [one for one in decisions if first.effective_ms <= one.effective_ms < last.effective_ms]
        assert len(inside) > 50
        if begin.isdecimal():
            inside = [one for one in decisions if first.sequence <= one.sequence < last.sequence]
        assert found == expected(inside)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--journal", "home", "events.parquet"), "a history file does not go with --journal"),
        (("--journal", "home", "--entries", "e.ndjson"), "--entries does not go with --journal"),
        (("--journal", "nowhere"), "nowhere has no journal"),
        (("--journal", "home", "--label", "friendly"), "no label 'friendly'; it has: "),
        (("--journal", "home", "--from", "yesterday"), "--from 'yesterday' is not an RFC 3339 time"),
        (("--journal", "home", "--warm-up", "long"), "--warm-up 'long' is not a duration"),
        (("--journal", "home", "--from", "9999999"), "no event of the period"),
        (("events.parquet",), "name a history file and a pack with --policy"),
    ],
)
def test_what_cannot_be_is_one_line(
    seawall: Run, home: tuple[Path, list[Decision]], arguments: Sequence[str], says: str
) -> None:
    ran = seawall("backtest", *arguments, "--out", "report")
    assert ran.status != 0
    assert says in ran.err
    assert ran.err.count("\n") == 1
    report = home[0].parent / "report"
    assert not report.exists() or list(report.iterdir()) == []
