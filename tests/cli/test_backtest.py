import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .conftest import Ran, Run


@pytest.fixture
def compared(seawall: Run, history: Path) -> Ran:
    other = history.parent / "other"
    shutil.copytree(history.parent / "sample", other)
    rules = (other / "rules.yaml").read_text(encoding="utf-8").replace('money("100")', 'money("50")')
    (other / "rules.yaml").write_text(rules.replace("score: 40", "score: 70"), encoding="utf-8")
    (other / "policy.yaml").write_text((other / "policy.yaml").read_text().replace("version: 1", "version: 2"))
    ran = seawall("backtest", "h.parquet", "--policy", "sample", "--against", "other", "--out", "report")
    assert ran.status == 0, ran.err
    return ran


def test_the_summary_agrees_with_the_decisions(compared: Ran, history: Path) -> None:
    report = history.parent / "report"
    summary = json.loads((report / "summary.json").read_text(encoding="utf-8"))
    a = pq.read_table(report / "decisions.parquet").to_pylist()
    b = pq.read_table(report / "decisions-against.parquet").to_pylist()
    order = ["approve", "challenge", "review", "decline"]
    assert [one["events"] for one in summary["a"]["outcomes"]] == [sum(r["outcome"] == o for r in a) for o in order]
    transitions = [
        [sum((x["outcome"], y["outcome"]) == (i, j) for x, y in zip(a, b, strict=True)) for j in order] for i in order
    ]
    assert summary["comparison"]["transitions"] == transitions
    hits = {rule["rule"]: rule["hits"] for rule in summary["a"]["rules"]}
    assert hits == {name: sum(name in row["rules"] for row in a) for name in ("large", "burst", "watched")}
    assert (summary["coverage"]["events"], summary["coverage"]["known"], summary["coverage"]["frauds"]) == (
        120,
        118,
        12,
    )
    caught = sum(row["outcome"] in ("review", "decline") for row in a[:118:10])
    assert summary["a"]["quality"]["review"]["true_positives"] == caught
    assert summary["a"]["quality"]["review"]["false_negatives"] == 12 - caught
    assert summary["period"] == {"first": "2026-03-01T00:00:00.000Z", "last": "2026-03-03T23:24:00.000Z", "days": 3}


def test_the_terminal_shows_the_figures(compared: Ran) -> None:
    for words in (
        "sample@1 stops ",
        "of events are old enough to judge, 12 known frauds",
        "alerts a day",
        "sample@2 newly stops",
    ):
        assert words in " ".join(compared.out.split())


def test_the_terminal_speaks_chinese(compared: Ran, seawall: Run, history: Path) -> None:
    arguments = ("backtest", "h.parquet", "--policy", "sample", "--against", "other", "--out", "report")
    printed = " ".join(seawall(*arguments, "--lang", "zh").out.split())
    for words in ("的事件可评估,已知欺诈 12 笔", "挑战验证及以上", "日均预警", "sample@2 新增拦截", "报告:report/"):
        assert words in printed
    for words in ("known frauds", "precision", "alerts", "review", "or worse"):
        assert words not in printed, "no English is left"
    numbers = [set(re.findall(r"[\d.,]*\d%?", text)) for text in (compared.out, printed)]
    assert numbers[0] == numbers[1], "both say the same figures"
    page = (history.parent / "report" / "report.html").read_text(encoding="utf-8")
    assert re.findall(r'id="(en|zh)" checked', page) == ["zh"]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = {name: value or "" for name, value in attrs}
        self.ids += [values["id"]] if "id" in values else []
        self.outside += [v for n, v in values.items() if n in ("src", "href", "xlink:href") and not v.startswith("#")]


def test_the_page_stands_alone_in_two_languages(compared: Ran, history: Path) -> None:
    text = (history.parent / "report" / "report.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert "script" not in page.tags
    assert page.outside == []
    assert not re.search(r"@import|url\((?!#)", text)
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("svg") == 2 * 6
    for words in (
        "Backtest",
        "回测报告",
        "precision",
        "精确率",
        "sample@2",
        "newly stops",
        "新增拦截",
    ):
        assert words in text
    summary = json.loads((history.parent / "report" / "summary.json").read_text(encoding="utf-8"))
    for _, content_hash in summary["source"]["policies"]:
        assert content_hash in text


def test_names_from_outside_are_escaped(seawall: Run, history: Path) -> None:
    strange = history.parent / "<b>h&.parquet"
    history.rename(strange)
    assert seawall("backtest", strange.name, "--policy", "sample", "--out", "report").status == 0
    text = (history.parent / "report" / "report.html").read_text(encoding="utf-8")
    assert "<b>h" not in text
    assert "&lt;b&gt;h&amp;.parquet" in text


def test_without_labels_the_report_claims_nothing(seawall: Run, history: Path) -> None:
    path = history.parent / "sample" / "mapping.yaml"
    path.write_text(path.read_text(encoding="utf-8").partition("labels:")[0], encoding="utf-8")
    ran = seawall("backtest", "h.parquet", "--policy", "sample", "--out", "report")
    assert ran.status == 0, ran.err
    assert "precision" not in ran.out.partition("rules")[0]
    text = (history.parent / "report" / "report.html").read_text(encoding="utf-8")
    assert "nothing can be said of precision or recall" in text


def test_a_label_that_is_not_mapped_is_bad_input(seawall: Run, history: Path) -> None:
    ran = seawall("backtest", "h.parquet", "--policy", "sample", "--out", "report", "--label", "default")
    assert (ran.status, "maps no label 'default'; it maps: fraud" in ran.err) == (2, True)


def test_an_empty_history_has_a_report_too(seawall: Run, history: Path) -> None:
    pq.write_table(pq.read_table(history).slice(0, 0), history)
    assert seawall("backtest", "h.parquet", "--policy", "sample", "--out", "report").status == 0
