"""Decisions that the follower has indexed become alerts, and their pages lead here."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from seawall.apps.accounts.scope import Scope
from seawall.apps.cases import follow
from seawall.apps.cases.models import Alert, Case
from seawall.apps.decisions.models import DecisionRow, Entity
from seawall.apps.decisions.registry import Fired, Followed, followers

pytestmark = pytest.mark.django_db


def followed(sequence: int) -> Followed:
    at = 1_790_000_000_000
    row = DecisionRow(
        sequence=sequence, decision_id=f"00000000-0000-7000-8000-{sequence:012d}", event_id=f"e-{sequence}",
        event_type="payment.card", outcome="decline", score=90, policy="p@1", effective_at=at, received_at=at,
    )  # fmt: skip
    fired = Fired("card_test", {"zh": "测卡", "en": "Card testing"}, 50, "critical", "CARD_TESTING", "decline", ())
    return Followed(row, (fired,), (("customer", "u-1"), ("card", "k-1")), None)  # type: ignore[arg-type]


def test_the_room_follows() -> None:
    assert follow.on_decisions in followers()


def test_what_was_decided_becomes_an_alert() -> None:
    with transaction.atomic():
        follow.on_decisions([followed(5), followed(6)])
    found = Alert.objects.get()
    assert (found.key, found.severity_name, found.hits) == (("card", "k-1", "CARD_TESTING"), "critical", 2)
    assert found.hit_rows.first().rules == [["card_test", {"zh": "测卡", "en": "Card testing"}]]


def test_a_batch_that_is_rolled_back_leaves_nothing() -> None:
    with transaction.atomic():
        follow.on_decisions([followed(5)])
        transaction.set_rollback(True)
    assert not Alert.objects.exists()


def test_what_is_related(case: Case, people: Any) -> None:
    row = DecisionRow(sequence=2)
    ada = people["ada"]
    assert [str(one.kind) for one in follow.of_decision(ada, row)] == ["Alert", "Case"]
    assert [str(one.kind) for one in follow.of_entity(ada, Entity(kind="customer", value="u-1"))] == [
        "Alert",
        "Case",
        "Case",
    ]
    assert list(follow.of_decision(ada, DecisionRow(sequence=99))) == []
    assert follow.within(Scope()) is None
    held = follow.within(Scope(cases=frozenset(["C-1001"])))
    assert held is not None
    assert sorted(one["sequence"] for one in held) == [1, 2]
    assert list(follow.within(Scope(queues=frozenset(["aml"]))) or []) == []
