"""What today's policy says: its answer where that can be known, else the names of what was not known then."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from seawall.apps.decisions.today import ask
from seawall.engine.journal import EventRecord, Journal, Kind, decode_event
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from tests.apps.decisions.home import PACK, VERSION, story


def policy(folder: Path, **edits: tuple[str, str]) -> CompiledPolicy:
    """The payments pack at its next version with texts replaced; `edits` are file stem -> (old, new)."""
    target = folder / "pack"
    shutil.copytree(PACK, target, dirs_exist_ok=True)
    (target / "tests.yaml").write_text("tests: []\n")
    for stem, (old, new) in {"policy": (f"version: {VERSION}", f"version: {VERSION + 1}"), **edits}.items():
        path = target / f"{stem}.yaml"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
    return compile_policy(load_pack(target))


@pytest.fixture(scope="module")
def then() -> CompiledPolicy:
    return compile_policy(load_pack(PACK))


@pytest.fixture(scope="module")
def burst() -> EventRecord:
    with Journal(story().journal, read_only=True) as journal:
        records = [decode_event(one) for one in journal.read() if one.kind == Kind.EVENT]
    return next(one for one in records if one.event.event_id == "e-17")


def test_the_policy_that_decided_says_the_same(burst: EventRecord, then: CompiledPolicy) -> None:
    verdict = ask(burst, then, then)
    assert burst.decision is not None
    assert (verdict.outcome, verdict.score, verdict.rules) == (
        burst.decision.outcome, burst.decision.score, burst.decision.rules
    )  # fmt: skip


def test_another_threshold_changes_the_answer(burst: EventRecord, then: CompiledPolicy, tmp_path: Path) -> None:
    verdict = ask(burst, then, policy(tmp_path, rules=("when: card_count_10m >= 5", "when: card_count_10m >= 50")))
    assert (verdict.policy, verdict.outcome, verdict.score, verdict.rules) == (
        f"payments@{VERSION + 1}", "challenge", 35, ("customer_velocity",)
    )  # fmt: skip


def test_a_field_that_no_rule_read_then_is_taken_from_the_event(
    burst: EventRecord, then: CompiledPolicy, tmp_path: Path
) -> None:
    assert "merchant" not in then.slots
    now = policy(tmp_path, rules=("when: card_count_10m >= 5", 'when: card_count_10m >= 5 && merchant == "m1"'))
    assert ask(burst, then, now).rules == ("card_velocity", "customer_velocity")


def test_a_feature_that_means_something_else_is_named(burst: EventRecord, then: CompiledPolicy, tmp_path: Path) -> None:
    old = "name: card_count_10m, version: 1, entity: card, on: [payment.card], agg: count, window: {last: 10m}"
    now = policy(tmp_path, features=(old, old.replace("10m}", "20m}").replace("version: 1", "version: 2")))
    assert ask(burst, then, now).lacking == ("card_count_10m",)
