"""Backtests over a journal: counted events, labels, periods, two policies, what is refused."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from seawall.analytics.backtest import OUTCOMES
from seawall.apps.policies.backtesting.measure import (
    ALL,
    AUTO,
    BacktestError,
    Measured,
    Question,
    StoppedError,
    measure,
)
from seawall.engine.decision import Decision
from seawall.engine.door import Label
from seawall.engine.feature.state import FeatureState
from seawall.engine.history.lived import JournalHistory
from seawall.engine.journal import EventRecord, Journal, decode_event
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from seawall.engine.relive import Stretch, alike
from tests.engine import world
from tests.engine.lived import records, write_journal

Lived = tuple[Journal, list[Decision]]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    journal, decisions = write_journal(tmp_path_factory.mktemp("lived") / "journal.db")
    yield journal, decisions
    journal.close()


@pytest.fixture(scope="module")
def stricter(tmp_path_factory: pytest.TempPathFactory) -> CompiledPolicy:
    """The pack `everything` as its next version, with lower thresholds."""
    folder = Path(shutil.copytree(world.PACKS / "everything", tmp_path_factory.mktemp("stricter") / "pack"))
    text = (folder / "policy.yaml").read_text(encoding="utf-8")
    lower = text.replace("version: 3", "version: 4").replace("challenge: 30, review: 55", "challenge: 12, review: 35")
    assert lower.count("version: 4") == lower.count("review: 35") == 1
    (folder / "policy.yaml").write_text(lower, encoding="utf-8")
    return compile_policy(load_pack(folder))


@cache
def _policy() -> CompiledPolicy:
    return world.policy()


def asked(lived: Lived, question: Question, *policies: CompiledPolicy, cache_folder: Path | None = None) -> Measured:
    return measure(JournalHistory(lived[0], cache_folder, 50), policies or (_policy(),), question)


def test_everything_is_counted_once(lived: Lived) -> None:
    found = asked(lived, Question())
    live = Counter(one.outcome for one in lived[1])
    assert {one.outcome: one.events for one in found.summary.a.outcomes} == {name: live[name] for name in OUTCOMES}
    assert found.figures["counted"] == len(lived[1])
    assert found.figures["left_out"] == 0
    rules = Counter(rule for one in lived[1] for rule in one.rules)
    assert {rule.rule: rule.hits for rule in found.summary.a.rules if rule.hits} == rules
    assert found.summary.coverage.known == 0, "without labels nothing is judged"


def test_labels_of_the_journal_judge(lived: Lived) -> None:
    labels = {one.event_id: one.label_time for one in reversed(records()) if isinstance(one, Label)}
    events: dict[int, EventRecord] = {one.sequence: decode_event(lived[0].get(one.sequence)) for one in lived[1]}
    frauds = {sequence for sequence, one in events.items() if one.event.event_id in labels}
    delay = 3_600_000
    end = lived[1][-1].effective_ms
    found = asked(lived, Question(labels=("fraud",), label_delay_ms=delay))
    known = {sequence for sequence, one in events.items() if one.event.event_time + delay <= end}
    assert frauds
    assert found.summary.coverage.known == len(known)
    assert found.summary.coverage.frauds == len(known & frauds)
    caught = sum(one.outcome in ("review", "decline") for one in lived[1] if one.sequence in known & frauds)
    assert found.summary.a.quality["review"].true_positives == caught
    money = sum(events[sequence].event.fields.get("base_amount", 0) for sequence in known & frauds)
    assert found.summary.a.money.total == money
    longest = max(labels[one.event.event_id] - one.event.event_time for one in events.values()
                  if one.event.event_id in labels)  # fmt: skip
    assert asked(lived, Question(labels=("fraud",))).summary.source.label_delay_ms == max(longest, 0)


@pytest.mark.parametrize("warm_up", [ALL, AUTO])
def test_a_period_is_decided_as_it_was(lived: Lived, warm_up: int, tmp_path: Path) -> None:
    first, last = lived[1][150], lived[1][300]
    inside = [one for one in lived[1] if first.effective_ms <= one.effective_ms < last.effective_ms]
    assert 100 < len(inside) < 200
    question = Question(from_ms=first.effective_ms, until_ms=last.effective_ms, warm_up_ms=warm_up)
    by_number = Question(first=inside[0].sequence, end=inside[-1].sequence + 1, warm_up_ms=warm_up)
    for one in (question, by_number):
        found = asked(lived, one, cache_folder=tmp_path)
        live = Counter(decision.outcome for decision in inside)
        assert {o.outcome: o.events for o in found.summary.a.outcomes} == {name: live[name] for name in OUTCOMES}
        rules = Counter(rule for decision in inside for rule in decision.rules)
        assert {rule.rule: rule.hits for rule in found.summary.a.rules if rule.hits} == rules


def test_without_warm_up_windows_begin_empty(lived: Lived) -> None:
    first = lived[1][250].effective_ms
    warm, cold = (asked(lived, Question(from_ms=first, warm_up_ms=span)).summary for span in (ALL, 0))
    hits = [{rule.rule: rule.hits for rule in one.a.rules} for one in (warm, cold)]
    assert warm.coverage.events == cold.coverage.events
    assert hits[0] != hits[1]


def test_two_policies_are_compared_event_by_event(lived: Lived, stricter: CompiledPolicy) -> None:
    found = asked(lived, Question(), _policy(), stricter)
    alone = asked(lived, Question(), stricter)
    compared = found.summary.comparison
    assert compared is not None
    assert found.summary.b is not None
    assert found.summary.a.outcomes == asked(lived, Question()).summary.a.outcomes
    assert found.summary.b.outcomes == alone.summary.a.outcomes
    assert compared.stricter.events > 0
    assert compared.milder.events == 0
    moved = {
        f"{before}>{after}": int(compared.transitions[i][j])
        for i, before in enumerate(OUTCOMES) for j, after in enumerate(OUTCOMES)
        if i != j and compared.transitions[i][j]
    }  # fmt: skip
    assert set(found.samples) == set(moved)
    outcomes = {one.sequence: one for one in lived[1]}
    for key, samples in found.samples.items():
        assert len(samples) == min(12, moved[key])
        amounts = [sample["amount"] for sample in samples]
        assert amounts == sorted(amounts, reverse=True)
        for sample in samples:
            live = outcomes[sample["sequence"]]
            assert (live.outcome, live.score, list(live.rules)) == (
                key.split(">")[0], sample["a"]["score"], sample["a"]["rules"],
            )  # fmt: skip


def test_two_that_are_alike_share_one_run_of_the_windows(
    lived: Lived, stricter: CompiledPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert alike(_policy(), stricter)
    runs: list[int] = []
    plain = FeatureState.step
    monkeypatch.setattr(FeatureState, "step", lambda *given: runs.append(len(given[1])) or plain(*given))
    history = JournalHistory(lived[0], None, 50)

    def hashes(*policies: CompiledPolicy) -> list[list[str]]:
        found: list[list[str]] = [[] for _ in policies]

        def keep(number: int, stretch: Stretch, _inside: object) -> None:
            found[number] += stretch.decided.hashes

        measure(history, policies, Question(), hashes=True, observe=keep)
        return found

    together = hashes(_policy(), stricter)
    once, runs[:] = sum(runs), []
    assert together == [*hashes(_policy()), *hashes(stricter)]
    assert sum(runs) == 2 * once
    assert together[0] == [one.content_hash for one in lived[1]]


def test_other_windows_or_lists_are_not_alike(tmp_path: Path) -> None:
    for number, (file, old, new) in enumerate(
        [
            ("features.yaml", "last: 10m", "last: 11m"),
            ("events.yaml", "lateness: ", "lateness: 9"),
            (
                "lists.yaml",
                "\nlists:\n",
                "\nlists:\n  - {name: one_more, kind: deny, key: card, title: {zh: 又一, en: One more}}\n",
            ),
        ]
    ):
        folder = Path(shutil.copytree(world.PACKS / "everything", tmp_path / str(number)))
        text = f"\n{(folder / file).read_text(encoding='utf-8')}"
        assert old in text, f"the pack still has {old!r}"
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
        assert not alike(_policy(), compile_policy(load_pack(folder)))


def test_what_cannot_be_is_said(lived: Lived) -> None:
    with pytest.raises(BacktestError, match="no label 'friendly'; it has: "):
        asked(lived, Question(labels=("friendly",)))
    with pytest.raises(BacktestError, match="no event of the period"):
        asked(lived, Question(from_ms=2**60))


def test_it_tells_how_far_it_is_and_stops(lived: Lived) -> None:
    told: list[tuple[int, int]] = []
    history = JournalHistory(lived[0], None, 50)
    measure(history, (_policy(),), Question(), progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] > 300
    assert len(told) > 5
    with pytest.raises(StoppedError):
        measure(history, (_policy(),), Question(), stop=lambda: True)
