"""The follower: every record once, whatever kills it; nothing of a batch whose hook fails; no other journal."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from seawall.apps.decisions import jobs, queries
from seawall.apps.decisions.archive import archive
from seawall.apps.decisions.models import (
    ActivationRow,
    DecisionRow,
    Entity,
    EntityLink,
    ErasureRow,
    HourCount,
    HourRule,
    LabelRow,
    ListRow,
    Position,
    RuleHit,
    Total,
)
from seawall.apps.decisions.registry import Followed, register_follower, unregister_follower
from seawall.server.home import Home
from tests.apps.decisions.home import LABEL, Live, card

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard() -> Iterator[list[Followed]]:
    """What a hook is told."""
    told: list[Followed] = []

    def hook(rows: Sequence[Followed]) -> None:
        told.extend(rows)

    register_follower(hook)
    register_follower(hook)
    yield told
    unregister_follower(hook)


def test_everything_is_indexed_as_the_journal_has_it(live_home: Home, heard: list[Followed]) -> None:
    assert jobs.follow(1) == 1  # the activation
    assert jobs.follow_all(7) == archive().last()
    assert jobs.follow_once() == 0
    assert queries.lag() == 0
    assert Position.objects.get().sequence == archive().last()
    assert DecisionRow.objects.count() == 21
    assert [one.row.sequence for one in heard] == sorted(DecisionRow.objects.values_list("sequence", flat=True))
    row = DecisionRow.objects.get(event_id="e-17")
    record = archive().event(row.sequence)
    assert record is not None
    assert record.decision is not None
    assert (row.outcome, row.score, tuple(row.rules)) == (
        record.decision.outcome, record.decision.score, record.decision.rules
    )  # fmt: skip
    assert row.rules == ["card_velocity", "customer_velocity"]
    assert (row.severity, row.subject_kind, row.subject) == ("high", "customer", "c2")
    assert (row.base_amount, row.currency) == (10_000, "CNY")
    assert str(row.decision_id) == archive().decision_id(record.decision)
    fired = next(one.fired for one in heard if one.row.event_id == "e-17")
    assert [(one.rule, one.score, one.severity, one.reason) for one in fired] == [
        ("card_velocity", 45, "high", "VELOCITY"), ("customer_velocity", 35, "medium", "VELOCITY")
    ]  # fmt: skip
    card_number = Entity.objects.get(kind="card", links__sequence=row.sequence)
    assert card_number.value.startswith("card_")
    assert "6222" not in card_number.value
    assert LabelRow.objects.get().event_id == "e-17"
    assert ListRow.objects.get().kind == "device"
    assert ErasureRow.objects.get().subject == "c3"
    assert Entity.objects.get(kind="customer", value="c3").erased_at
    assert Entity.objects.filter(erased_at__isnull=False).count() == 1
    assert ActivationRow.objects.get().policy == LABEL


def counted() -> dict[str, Any]:
    """What must hold among the tables, as figures."""
    rows = list(DecisionRow.objects.order_by("sequence"))
    return {
        "decisions": [row.event_id for row in rows],
        "hours": sum(HourCount.objects.values_list("decisions", flat=True)),
        "amount": sum(HourCount.objects.values_list("amount", flat=True)),
        "rules": sum(HourRule.objects.values_list("decisions", flat=True)),
        "hits": RuleHit.objects.count(),
        "links": EntityLink.objects.count(),
        "entities": sorted(
            Entity.objects.values_list("kind", "decisions", "flagged", "first_sequence", "last_sequence")
        ),
        "totals": sorted(Total.objects.values_list("facet", "name", "decisions")),
    }


def test_counts_agree_with_rows(followed: Home) -> None:
    found = counted()
    assert found["hours"] == len(found["decisions"]) == 21
    assert found["amount"] == sum(DecisionRow.objects.values_list("base_amount", flat=True))
    assert found["rules"] == found["hits"] == sum(len(row.rules) for row in DecisionRow.objects.all())
    assert found["links"] == sum(Entity.objects.values_list("decisions", flat=True))
    assert ("outcome", "decline", 1) in found["totals"]
    assert jobs.check_rollups()
    HourCount.objects.update(decisions=0)
    assert not jobs.check_rollups()


def test_a_hook_that_fails_leaves_nothing_and_the_batch_comes_again(live_home: Home) -> None:
    def failing(rows: Sequence[Followed]) -> None:
        raise RuntimeError("on purpose")

    register_follower(failing)
    try:
        with pytest.raises(RuntimeError, match="on purpose"):
            jobs.follow_all()
    finally:
        unregister_follower(failing)
    assert not DecisionRow.objects.exists()
    assert not Position.objects.exists()
    jobs.follow_all()
    assert DecisionRow.objects.count() == 21


def test_a_home_without_a_journal_has_nothing_to_follow(settings: Any, tmp_path: Path) -> None:
    settings.HOME = Home(tmp_path).prepare()
    assert jobs.follow_once() == 0
    assert not jobs.checkpoint_journal()


def test_another_journal_is_refused(followed: Home, settings: Any, tmp_path: Path) -> None:
    other = Live(tmp_path / "other")
    other.feed(card(1, 10))
    settings.HOME = other.home
    with pytest.raises(jobs.FollowError, match="ends at record"):
        jobs.follow_once()
    other.feed(*(card(n, 10, device=f"x{n}") for n in range(2, 90)))
    Position.objects.update(sequence=1)
    with pytest.raises(jobs.FollowError, match="not the one followed"):
        jobs.follow_once()


def test_a_follower_that_lost_the_race_changes_nothing(live_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    read = jobs._read

    def overtaken(*arguments: Any) -> Any:
        found = read(*arguments)
        Position.objects.update_or_create(pk=1, defaults={"sequence": 5, "chain": "x"})
        return found

    monkeypatch.setattr(jobs, "_read", overtaken)
    assert jobs.follow_once() == 0
    assert not DecisionRow.objects.exists()


def test_the_journal_s_place_goes_into_the_ledger_once(followed: Home) -> None:
    assert jobs.checkpoint_journal()
    assert not jobs.checkpoint_journal()
    row = DecisionRow.objects.order_by("sequence").first()
    assert row is not None
    entry = queries.checkpoint_over(row)
    assert entry is not None
    assert entry.data["sequence"] == archive().last()


# Follows in forks of itself, so that Python starts once: `follow SECONDS` kills the fork then (0: lets it finish).
_DRIVER = """
import os, signal, sys, time
from pathlib import Path
from seawall.server.control import prepare
prepare(Path(sys.argv[1]))
from django.db import connection
from seawall.apps.decisions.jobs import follow
connection.close()
print("ready", flush=True)
for line in sys.stdin:
    seconds = float(line)
    child = os.fork()
    if child == 0:
        while follow(1):
            pass
        os._exit(0)
    if seconds:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    print(os.waitpid(child, 0)[1], flush=True)
"""
_TABLES = {
    "decisionrow": "sequence, decision_id, outcome, score, rules, subject",
    "rulehit": "rule, sequence",
    "hourcount": "hour, event_type, outcome, decisions, amount",
    "hourrule": "hour, rule, decisions",
    "total": "facet, name, decisions",
    "entity": "kind, value, decisions, flagged, first_sequence, last_sequence",
    "entitylink": "(SELECT kind || value FROM decisions_entity WHERE id = entity_id), sequence",
    "activationrow": "sequence, policy",
    "position": "sequence, chain",
}


def held(home: Path) -> dict[str, list[Any]]:
    """Every row of the follower's tables, in an order of their own."""
    with closing(sqlite3.connect(home / "control.db")) as db:
        return {
            table: sorted(db.execute(f"SELECT {columns} FROM decisions_{table}"), key=repr)
            for table, columns in _TABLES.items()
        }


def test_killed_at_any_instant_each_record_counts_once(tmp_path: Path) -> None:
    """Real processes and files, SIGKILL a few times on the way: the tables are those of one quiet run."""
    live = Live(tmp_path)
    bodies = [card(n, 900_000 - 1_000 * n, customer=f"c{n % 7}", device=f"d{n % 3}") for n in range(100)]
    live.feed_one_by_one(*bodies)
    environment = {**os.environ, "SEAWALL_HOME": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    driver = subprocess.Popen([sys.executable, "-c", _DRIVER, str(tmp_path)], stdin=subprocess.PIPE, text=True,
                              stdout=subprocess.PIPE, env=environment)  # fmt: skip
    assert driver.stdin is not None
    assert driver.stdout is not None

    def follow(seconds: float) -> int:
        print(seconds, file=driver.stdin, flush=True)
        return int(driver.stdout.readline())  # type: ignore[union-attr]

    assert driver.stdout.readline() == "ready\n"
    shutil.copy(tmp_path / "control.db", tmp_path / "empty.db")  # its log was folded in when the driver closed it
    killed = [follow(seconds) == signal.SIGKILL for seconds in (0.03, 0.06, 0.09, 0.12)]
    assert any(killed), "killed too late to show anything"
    assert follow(0) == 0
    found = held(tmp_path)
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"control.db{suffix}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "empty.db", tmp_path / "control.db")
    assert held(tmp_path)["decisionrow"] == []
    assert follow(0) == 0
    driver.stdin.close()
    driver.wait()
    assert held(tmp_path) == found
    assert len(found["decisionrow"]) == 100
