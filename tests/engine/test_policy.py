"""What compiling a pack refuses, and where it says so; what it warns of; how rules are indexed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from seawall.engine.errors import PackError
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from tests.engine.world import PACKS, policy


def changed(tmp_path: Path, file: str, old: str, new: str) -> CompiledPolicy:
    """The `everything` pack with one text replaced."""
    folder = tmp_path / "pack"
    shutil.copytree(PACKS / "everything", folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return compile_policy(load_pack(folder))


WHEN = "times_mean > 3.0 && weekend || times_mean_squared > 16.0"


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "message"),
    [
        ("rules.yaml", WHEN, "times_meen > 3.0", "rules.yaml:3", "times_mean"),
        ("rules.yaml", WHEN, "times_mean + 1.0", "rules.yaml:3", "a condition is wanted"),
        ("rules.yaml", WHEN, "amount > 500", "rules.yaml:3", "base_amount"),
        ("rules.yaml", WHEN, "items / items > 2", "rules.yaml:3", "double("),
        ("rules.yaml", WHEN, "shop in lists.wached", "rules.yaml:3", "watched"),
        ("rules.yaml", WHEN, 'card.startsWith("6222")', "rules.yaml:3", ""),
        ("features.yaml", "base_amount / pay_mean_30d", "base_amount / times_mean_squared", "features.yaml:", "other"),
        ("features.yaml", "weekday(event_time) >= 5", "country", "features.yaml:", "a number, a condition or a time"),
        ("features.yaml", 'country != "CN" && currency', 'countri != "CN" && currency', "features.yaml:", "country"),
    ],
)  # fmt: skip
def test_a_wrong_expression_is_refused_at_its_place(
    tmp_path: Path, file: str, old: str, new: str, place: str, message: str
) -> None:
    with pytest.raises(PackError) as refused:
        changed(tmp_path, file, old, new)
    text = str(refused.value)
    assert place in text
    assert message in text


def test_the_column_points_into_the_line(tmp_path: Path) -> None:
    with pytest.raises(PackError) as refused:
        changed(tmp_path, "rules.yaml", WHEN, "weekend && times_meen > 3.0")
    (problem,) = refused.value.problems
    line = (PACKS / "everything" / "rules.yaml").read_text(encoding="utf-8").splitlines()[problem.line - 1]
    assert problem.column == line.index(WHEN) + len("weekend && ") + 1


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(PackError) as refused:
        changed(tmp_path, "rules.yaml", WHEN, "times_meen > 3.0 && wekend")
    assert len(refused.value.problems) == 2


def test_features_that_nothing_reads_are_named() -> None:
    unused = [str(problem) for problem in policy().warnings if "no rule or feature reads" in problem.message]
    assert any("pay_max_7d" in text for text in unused)
    assert not any("pay_count_10m" in text for text in unused)


def test_rules_are_indexed_by_event_type() -> None:
    compiled = policy()
    names = {kind: {entry.id for entry in ruleset.entries} for kind, ruleset in compiled.rulesets.items()}
    assert "login_far" in names["login"]
    assert "login_far" not in names["pay"]
    assert "denied" in names["pay"]  # a deny list is a rule on the types that carry its key
    assert "denied" not in names["login"]


def test_value_features_come_after_what_they_read() -> None:
    compiled = policy()
    order = [compiled.feature_names[value.index] for value in compiled.values]
    assert order.index("times_mean") < order.index("times_mean_squared")
