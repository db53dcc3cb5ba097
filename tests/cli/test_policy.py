import json
from pathlib import Path

import pytest

from seawall.cli.inputs import shipped_packs
from seawall.engine.model import model_hash

from .conftest import Run


def test_shipped_packs_check_and_pass_their_tests(seawall: Run) -> None:
    assert {"example_card", "card_benchmark"} <= shipped_packs().keys()
    for name in shipped_packs():
        assert seawall("policy", "check", name).status == 0
        ran = seawall("policy", "test", name)
        assert ran.status == 0, ran.out
        assert "tests pass" in ran.out


def test_check_prints_every_problem_with_its_place(seawall: Run, history: Path) -> None:
    rules = history.parent / "sample" / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(
        text.replace("base_amount >", "base_amuont >").replace("count_1h >=", "count_1hour >="), encoding="utf-8"
    )
    ran = seawall("policy", "check", "sample")
    assert ran.status == 1
    lines = [line for line in ran.out.splitlines() if line.startswith("error: ")]
    assert len(lines) == 2
    assert lines[0].startswith("error: rules.yaml:3:")
    assert "(did you mean 'base_amount'?)" in lines[0]
    found = json.loads(seawall("policy", "check", "sample", "--json").out)
    assert found["ok"] is False
    assert [problem["line"] for problem in found["problems"] if problem["severity"] == "error"] == [3, 4]


def test_check_looks_at_the_packs_own_mapping(seawall: Run, history: Path) -> None:
    mapping = history.parent / "sample" / "mapping.yaml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("event_id", "event_ids"), encoding="utf-8")
    ran = seawall("policy", "check", "sample")
    assert (ran.status, "mapping.yaml:3:1: unknown key 'event_ids'" in ran.out) == (1, True)


def test_other_verbs_name_the_first_problem_and_count_the_rest(seawall: Run, history: Path) -> None:
    rules = history.parent / "sample" / "rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("base_amount", "base").replace("count_1h", "count"))
    ran = seawall("policy", "show", "sample")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "(and 1 more; `seawall policy check` lists a pack's)" in ran.err


_TEST = """
tests:
  - name: {zh: 大额, en: Large}
    given:
      - {at: "2026-03-01T10:00:00.000Z", list: watched, entry_id: w1, key: c9}
      - {at: "2026-03-01T10:00:00.000Z", event_id: e1, customer: c1, amount: 500, currency: CNY}
      - {at: "2026-03-01T10:30:00.000Z", label: fraud, event_id: e1}
    event: {at: "2026-03-01T10:40:00.000Z", customer: c1, amount: 20000, currency: CNY}
    expect: {outcome: decline, score: 100, rules: [burst, large], features: {sum_1d: 20500, frauds_30d: 1}}
"""


def test_cases_run_through_the_engine(seawall: Run, history: Path) -> None:
    tests = history.parent / "sample" / "tests.yaml"
    tests.write_text(_TEST, encoding="utf-8")
    assert seawall("policy", "test", "sample").out.endswith("1 of 1 tests pass\n")
    tests.write_text(
        _TEST.replace("sum_1d: 20500", "sum_1d: 20501").replace("score: 100", "score: 40"), encoding="utf-8"
    )
    ran = seawall("policy", "test", "sample")
    assert ran.status == 1
    assert "tests.yaml:3: score is 100, expected 40" in ran.out
    assert "feature sum_1d is 20500, expected 20501" in ran.out
    assert json.loads(seawall("policy", "test", "sample", "--json").out)["ok"] is False


@pytest.mark.parametrize(
    "change", [("customer: c1, amount: 20000", "amount: 20000"), ("amount: 20000", 'amount: "much"')]
)
def test_a_case_that_the_door_refuses_fails(seawall: Run, history: Path, change: tuple[str, str]) -> None:
    (history.parent / "sample" / "tests.yaml").write_text(_TEST.replace(*change), encoding="utf-8")
    assert seawall("policy", "test", "sample").status in (1, 2)


def test_a_pack_without_tests_does_not_pass(seawall: Run, history: Path) -> None:
    ran = seawall("policy", "test", "sample")
    assert (ran.status, "has no tests" in ran.err) == (2, True)


def test_show_lists_models(seawall: Run, history: Path) -> None:
    folder = history.parent / "sample"
    line = b'{"kind": "linear", "intercept": 1, "features": [{"name": "spent", "weight": 2}]}'
    (folder / "line.json").write_bytes(line)
    (folder / "models.yaml").write_text(
        "models: [{name: line, version: 1, title: {zh: 线, en: Line}, file: line.json, inputs: {spent: sum_1d},"
        f' sha256: "{model_hash(line)}"}}]',
        encoding="utf-8",
    )
    (one,) = json.loads(seawall("policy", "show", "sample", "--json").out)["models"]
    assert (one["name"], one["file"], one["inputs"]) == ("line", "line.json", {"spent": "sum_1d"})
    assert "spent: sum_1d" in seawall("policy", "show", "sample").out
    assert "no rule reads models.line" in seawall("policy", "check", "sample").out


def test_show_lists_features_rules_and_costs(seawall: Run) -> None:
    shown = json.loads(seawall("policy", "show", "card_benchmark", "--json").out)
    assert len(shown["features"]) == 54
    risk = next(one for one in shown["features"] if one["name"] == "terminal_count_7d")
    assert (risk["window"], risk["resolution"], risk["computes"]) == ("7d, ended 7d ago", "exact", "count()")
    assert shown["state"]["bytes_per_event"] > 0
    out = seawall("policy", "show", "card_benchmark").out
    assert "terminal_compromised" in out
    assert "bytes an event" in out
