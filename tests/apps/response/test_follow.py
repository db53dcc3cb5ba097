"""Fired rules' actions: each once a record, on the entity that the rule names, and not for what is history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from seawall.apps.decisions.jobs import follow_all
from seawall.apps.decisions.models import DecisionRow, Entity
from seawall.apps.decisions.registry import Fired, Followed
from seawall.apps.outbox.models import Delivery
from seawall.apps.response import follow
from seawall.apps.response.models import Action
from seawall.engine.pack.model import Action as Wanted
from tests.apps.decisions.home import NOW, Live, card
from tests.apps.outbox.agreed import agreed_endpoint
from tests.apps.response.conftest import DirectApi

pytestmark = pytest.mark.django_db
HOUR_MS = 3_600_000
NOW_AT = datetime.fromtimestamp(NOW / 1000, UTC)


def followed(sequence: int, *actions: Wanted, at: datetime | None = None, **fields: Any) -> Followed:
    """A decision whose rule `r` wants these actions."""
    ms = int((at or timezone.now()).timestamp() * 1000)
    fields = {"customer": "c1", "device": "d1", "card": "card_x"} | fields
    row = DecisionRow(
        sequence=sequence, decision_id=uuid4(), event_id=f"e-{sequence}", event_type="payment.card", outcome="decline",
        score=90, policy="payments@1", effective_at=ms, received_at=ms, subject_kind="customer",
        subject=fields["customer"], rules=["r"],
    )  # fmt: skip
    fired = Fired("r", {"zh": "一机多卡", "en": "Many cards"}, 90, "high", "CARD_TESTING", "decline", (), actions)
    return Followed(row, (fired,), (), SimpleNamespace(fields=fields))  # type: ignore[arg-type]


def take_in(*batch: Followed, now: datetime | None = None) -> None:
    with transaction.atomic():
        follow.on_decisions(batch, now)


LIST = Wanted("add_to_list", 24 * HOUR_MS, {"list": "blocked_devices"})
BLOCK = Wanted("block", 24 * HOUR_MS, {"key": "card"})
CASE, ASK, BAN = (
    Wanted("open_case"),
    Wanted("challenge", 0, {"method": "otp"}),
    Wanted("ban_ip", HOUR_MS, {"key": "ip"}),
)


def test_each_once_on_the_entity_that_the_rule_names(live: Live) -> None:
    one = followed(70, LIST, BLOCK)
    take_in(one)
    take_in(one)  # again, as after a crash before the position was kept
    found = list(Action.objects.order_by("created_at", "key").values_list("kind", "target_kind", "target", "decision"))
    assert sorted(found) == [("add_to_list", "device", "d1", 70), ("block", "card", "card_x", 70)]
    assert set(Action.objects.values_list("actor", "reason", "state")) == {("rule:r", "一机多卡", "starting")}
    bodies = {row.target: row.body["key"] for row in Delivery.objects.all()}
    assert bodies == {"/v1/lists/blocked_devices/entries": "d1", "/v1/lists/blocked_cards/entries": "card_x"}


def test_what_the_rule_keeps_in_effect_is_counted_and_not_done_again(live: Live) -> None:
    now = timezone.now()
    take_in(followed(70, LIST), followed(71, LIST), followed(72, LIST, device="d2"), now=now)
    assert sorted(Action.objects.values_list("target", "repeats")) == [("d1", 1), ("d2", 0)]
    later = now + timedelta(hours=13)  # less than half of its time is left
    take_in(followed(73, LIST, at=later), now=later)
    assert Action.objects.filter(target="d1").count() == 2


def test_what_others_do_or_nobody_can_do(live: Live) -> None:
    take_in(followed(70, CASE, ASK, BAN, Wanted("block", HOUR_MS, {"key": "merchant"}), ip="10.0.0.1"))
    found = {one.kind: (one.state, one.problem) for one in Action.objects.all()}
    assert found["ban_ip"] == ("failed", "no adapter")
    assert found["block"][0] == "failed"
    assert len(found) == 2


def test_history_is_not_acted_upon(live: Live) -> None:
    take_in(followed(70, LIST, at=timezone.now() - timedelta(hours=2)))
    assert not Action.objects.exists()


def test_a_live_decision_acts_on_the_engine(
    live: Live, api: DirectApi, make_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow.timezone, "now", lambda: NOW_AT)
    live.feed(*(card(10 + n, 100 - n, customer=f"v{n}", card=f"622202000000100{n}", device="dx") for n in range(5)))
    follow_all()
    (listed,) = Action.objects.filter(kind="add_to_list")
    assert (listed.rule, listed.target, listed.state) == ("device_many_cards", "dx", "starting")
    monkeypatch.undo()
    ada = make_user("ada", "analyst")
    row = DecisionRow.objects.get(sequence=listed.decision)
    assert [one.url for one in follow.of_decision(ada, row)] == [reverse("response:action", args=[listed.pk])]
    entity = Entity.objects.get(kind="device", value="dx")
    assert len(list(follow.of_entity(ada, entity))) == 1
    assert list(follow.of_entity(make_user("ann", "admin"), entity)) == []


def test_endpoints_hear_of_decisions_that_do_not_approve(live: Live, make_user: Any) -> None:
    agreed_endpoint(make_user("ann", "admin"), "desk", "https://example.com/", ["decision.decline"])
    one = followed(70)
    take_in(one)
    take_in(one)
    (sent,) = Delivery.objects.filter(channel="webhook")
    assert (sent.body["kind"], sent.body["data"]["reasons"]) == ("decision.decline", ["CARD_TESTING"])
    assert sent.order.endswith("/customer/c1")
