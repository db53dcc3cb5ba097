"""Every finding of the checker about rules, at the line and column where the mistake stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from seawall.engine.errors import PackError, Problem
from seawall.engine.pack import load_pack
from seawall.engine.policy import compile_policy

EVENTS = """\
pack: p
base_currency: CNY
events:
  pay:
    version: 1
    title: {zh: 付, en: Pay}
    fields:
      card: {type: key, required: true, grade: internal, purpose: risk, title: {zh: 卡, en: Card}}
      amount: {type: money, required: true, grade: internal, purpose: risk, title: {zh: 额, en: Amount}}
      currency: {type: currency, required: true, grade: public, purpose: risk, title: {zh: 币, en: Currency}}
"""
POLICY = """\
policy: p
version: 1
on: [pay]
combine:
  score: {sum_of: fired_rules, cap: 100}
  thresholds: {review: 60}
"""
FEATURES = """\
features:
  - {name: count_1h, version: 1, entity: card, on: [pay], agg: count, window: {last: 1h}, title: {zh: 数, en: N}}
"""
TABLE = """\
tables:
  - id: t
    title: {zh: 表, en: T}
    hit: first
    inputs: [count_1h]
    rows:
      - {id: one, when: ["> 5"], score: 1}
      - {id: two, when: ["> 5"], score: 2}
"""


def findings(folder: Path, *whens: str, more: str = "") -> list[Problem]:
    """Rule number n has its `when` in line 4 * n, column 11."""
    rules = "".join(
        f"  - id: r{n}\n    title: {{zh: 规则, en: Rule}}\n    when: {when}\n    score: 1\n"
        for n, when in enumerate(whens, 1)
    )
    files = {"events": EVENTS, "policy": POLICY, "features": FEATURES, "rules": f"rules:\n{rules}{more}"}
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    try:
        return list(compile_policy(load_pack(folder)).warnings)
    except PackError as error:
        return error.problems


@pytest.mark.parametrize(("whens", "says", "suggests", "line", "column"), [
    (["count_1h > 3 && cuont_1h < 2"], "unknown name 'cuont_1h'", "count_1h", 4, 27),
    (['count_1h > "a"'], "does not apply to int and string", "a number has no quotes", 4, 20),
    (["count_1h > 9 && count_1h < 2"], "condition of rule 'r1' can never be true", "exclude each other", 4, 11),
    (["count_1h > 9", "count_1h > 9"], "rule 'r2' has the same condition as rule 'r1'", "remove one", 8, 11),
    (["count_1h > 9", "count_1h <= 9"], "rule 'r2' is the opposite of rule 'r1'", "narrow them", 8, 11),
    (["count_1h > 9", "true"], "the condition of rule 'r2' is always true", "reads no value", 8, 11),
    (["count_1h > 9 || count_1h <= 9"], "rule 'r1' is true whenever its values are present", "has(name)", 4, 11),
    (["base_amount > 9 / 2"], "/", "", 4, 27),
])  # fmt: skip
def test_a_rule_s_mistake_stands_where_it_is(
    tmp_path: Path, whens: list[str], says: str, suggests: str, line: int, column: int
) -> None:
    found = findings(tmp_path, *whens)
    one = next(problem for problem in found if problem.file == "rules.yaml")
    assert says in one.message
    assert suggests in one.suggestion
    assert (one.line, one.column) == (line, column)


def test_an_unused_feature_stands_in_its_file(tmp_path: Path) -> None:
    (one,) = findings(tmp_path, 'base_amount > money("3")')
    assert (one.file, one.line, one.column, one.severity) == ("features.yaml", 2, 5, "warning")
    assert "no rule or feature reads count_1h" in one.message


def test_a_row_that_repeats_another(tmp_path: Path) -> None:
    (one,) = findings(tmp_path, more=TABLE)
    assert "rule 't/two' has the same condition as rule 't/one'" in one.message
    assert (one.file, one.line, one.column) == ("rules.yaml", 9, 9)
