"""Actions: dry-run first, once each, really effective on the engine, over when they are over, undone in time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from seawall.apps.approvals import services as approvals
from seawall.apps.approvals.models import Request
from seawall.apps.audit.models import Outbox
from seawall.apps.cases.models import Case
from seawall.apps.decisions.jobs import follow_all
from seawall.apps.decisions.models import DecisionRow, ListRow
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.outbox import contacts, engine, sending
from seawall.apps.outbox import services as outbox
from seawall.apps.outbox.models import Delivery
from seawall.apps.response import services
from seawall.apps.response.kinds import KINDS
from seawall.apps.response.models import Action
from seawall.apps.response.services import Wish
from seawall.apps.response.states import STATES, TABLE, step
from seawall.apps.timers import services as timers
from tests.apps.decisions.home import Live, card, transfer
from tests.apps.outbox.agreed import agreed_endpoint
from tests.apps.response.conftest import DirectApi

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BLOCK = Wish("block", "card is copied", "device", "d1", ttl=DAY)
HOLD = Wish("hold", "payee called the bank", "account", "a1", ttl=DAY)
FREEZE = Wish("freeze", "account taken over", "customer", "c1", ttl=DAY)
People = dict[str, Any]


def rounds(now: datetime | None = None) -> None:
    sending.ways.forget()
    while sending.deliver("engine", now):
        pass


def outcome(live: Live, body: bytes) -> str:
    live.feed(body)
    follow_all()
    return DecisionRow.objects.get(event_id=json.loads(body)["event_id"]).outcome


def test_a_block_is_one_entry_for_a_time_and_its_undo_removes_it(api: DirectApi, people: People) -> None:
    api.through = True
    action = services.take(people["ada"], BLOCK)
    assert (action.state, action.result["list"]) == ("starting", "blocked_devices")
    rounds()
    action.refresh_from_db()
    assert (action.state, action.effective_at is not None) == ("effective", True)
    path, body = api.asked[0]
    assert path == "/v1/lists/blocked_devices/entries"
    assert (body["key"], body["owner"], body["entry_id"]) == ("d1", f"user:{people['ada'].pk}", f"action-{action.pk}")
    services.undo(people["sam"], action.pk, "it was not")
    rounds()
    action.refresh_from_db()
    assert (action.state, action.undone_by) == ("undone", f"user:{people['sam'].pk}")
    assert api.asked[1] == (path, {**body, "removed": True})
    assert list(Delivery.objects.order_by("position").values_list("state", flat=True)) == ["undone", "delivered"]
    written = list(Outbox.objects.filter(object_type="action").order_by("id").values_list("action", flat=True))
    assert written == ["action.taken", "action.effective", "action.undo_asked", "action.undone"]
    follow_all()
    assert list(ListRow.objects.order_by("sequence").values_list("removed", flat=True)) == [False, True]


def test_the_engine_decides_otherwise_while_it_holds(live: Live, api: DirectApi, people: People) -> None:
    api.through = True
    # the home's clock stands still in the past, where entries of today have not begun
    past = datetime.fromisoformat("2026-11-01T00:00:00+00:00")
    action = services.take(people["ada"], replace(BLOCK, ttl=timedelta(days=60)), now=past)
    held = services.take(people["ada"], Wish("hold", "payee called", "account", "a1", ttl=timedelta(days=60)), now=past)
    rounds()
    assert outcome(live, card(4, 500)) == "decline"
    assert outcome(live, transfer(5, 400, device="d9")) == "review"
    for one in (action, held):
        services.undo(people["ada"], one.pk, "it was not", now=past + DAY)
    rounds()
    assert outcome(live, card(6, 300)) == "approve"


def test_nobody_acts_twice_under_one_key(api: DirectApi, people: People) -> None:
    first = services.take(people["ada"], BLOCK, key="case-7")
    assert services.take(people["ada"], BLOCK, key="case-7").pk == first.pk
    with pytest.raises(ConflictError, match="case-7"):
        services.take(people["ada"], HOLD, key="case-7")
    rounds()
    assert len(api.asked) == 1


def test_the_end_of_its_time(api: DirectApi, people: People) -> None:
    action = services.take(people["ada"], BLOCK)
    rounds()
    assert timers.run_due(timezone.now() + DAY / 2) == 0
    assert timers.run_due(timezone.now() + DAY + timedelta(minutes=1)) == 1
    action.refresh_from_db()
    assert (action.state, len(api.asked)) == ("expired", 1)  # the entry's own end does it
    with pytest.raises(ConflictError, match="not possible"):
        services.undo(people["ada"], action.pk, "too late")


def test_a_dry_run_says_what_would_have_been_different(live: Live, api: DirectApi, people: People) -> None:
    now = datetime.fromisoformat("2026-11-18T19:00:00+00:00")
    found = services.dry_run(people["ada"], BLOCK, now)
    assert (found.problem, found.four_eyes, found.standing) == ("", False, 0)
    assert (found.approved, found.total, found.amount, found.currency) == (3, 3, 520_000, "CNY")
    assert (found.ends, found.undo_until) == (now + DAY, now + DAY)
    assert not Action.objects.exists()
    assert not Delivery.objects.exists()
    services.take(people["ada"], BLOCK)
    assert services.dry_run(people["ada"], BLOCK, now).standing == 1
    assert services.dry_run(people["ada"], FREEZE, now).four_eyes
    other = services.dry_run(people["ada"], Wish("block", "x", "merchant", "m1", ttl=DAY), now)
    assert "no list" in other.problem


def test_a_freeze_needs_a_second_person(api: DirectApi, people: People) -> None:
    action = services.take(people["ada"], FREEZE)
    rounds()
    assert (action.state, api.asked) == ("proposed", [])
    with pytest.raises(ConflictError, match="not possible"):
        services.undo(people["ada"], action.pk, "never mind")
    request = Request.objects.get()
    for wrong in ("ada", "aud"):
        with pytest.raises(PermissionDenied):
            approvals.approve(people[wrong], request.pk)
    approvals.approve(people["sam"], request.pk)
    rounds()
    action.refresh_from_db()
    assert (action.state, action.approved_by) == ("effective", people["sam"])
    assert api.asked[0][1]["approved_by"] == f"user:{people['sam'].pk}"


@pytest.mark.parametrize("way", ["reject", "withdraw", "expire"])
def test_a_proposal_that_comes_to_nothing(way: str, api: DirectApi, people: People) -> None:
    action, request = services.take(people["ada"], FREEZE), Request.objects.get()
    if way == "reject":
        approvals.reject(people["sam"], request.pk, "not enough")
    elif way == "withdraw":
        approvals.withdraw(people["ada"], request.pk)
    else:
        timers.run_due(timezone.now() + timedelta(days=30))
    action.refresh_from_db()
    assert (action.state, api.asked) == ("rejected", [])


def test_what_the_engine_refuses_has_failed(api: DirectApi, people: People) -> None:
    api.troubles = [engine.RefusedError(422, {"detail": "valid_until: is not after valid_from"})]
    action = services.take(people["ada"], BLOCK)
    rounds()
    action.refresh_from_db()
    assert (action.state, action.problem) == ("failed", "422 valid_until: is not after valid_from")


def test_a_lost_answer_changes_nothing(api: DirectApi, people: People) -> None:
    api.troubles = [engine.DeliveryError("timed out")]
    action = services.take(people["ada"], BLOCK)
    rounds()
    with pytest.raises(ConflictError, match="on its way"):
        services.undo(people["ada"], action.pk, "never mind")
    rounds(timezone.now() + timedelta(hours=1))
    action.refresh_from_db()
    assert (action.state, len(api.asked)) == ("effective", 1)
    assert Outbox.objects.filter(action="action.effective").count() == 1


def test_what_has_not_left_yet_is_taken_back(api: DirectApi, people: People) -> None:
    action = services.take(people["ada"], BLOCK)
    assert services.undo(people["ada"], action.pk, "a slip").state == "withdrawn"
    rounds()
    assert api.asked == []


def test_an_undo_that_is_refused_can_be_asked_for_again(api: DirectApi, people: People) -> None:
    action = services.take(people["ada"], BLOCK)
    rounds()
    api.troubles = [engine.RefusedError(409, {"title": "not now"})]
    services.undo(people["ada"], action.pk, "it was not")
    rounds()
    action.refresh_from_db()
    assert (action.state, action.problem) == ("effective", "409 not now")
    services.undo(people["ada"], action.pk, "it was not")
    rounds()
    action.refresh_from_db()
    assert action.state == "undone"


def test_a_cancelled_delivery_ends_its_action(api: DirectApi, people: People) -> None:
    action = services.take(people["ada"], BLOCK)
    outbox.cancel(people["ann"], Delivery.objects.get().pk, "maintenance")
    action.refresh_from_db()
    assert action.state == "failed"


def test_a_limit_is_an_entry_of_one_entity(api: DirectApi, people: People) -> None:
    wish = Wish("limit", "new device", "customer", "c1", {"limit": "transfer_day", "amount": 500_000}, DAY)
    action = services.take(people["ada"], wish)
    rounds()
    action.refresh_from_db()
    path, body = api.asked[0]
    assert (action.state, path) == ("effective", "/v1/limits/transfer_day/entries")
    assert (body["scope"], body["key"], body["value"]) == ("entity", "c1", 500_000)
    with pytest.raises(ConflictError, match="limits"):  # there are several for customers
        services.take(people["ada"], Wish("limit", "x", "customer", "c1", {"amount": 1}, DAY))
    with pytest.raises(ConflictError, match="amount"):
        services.take(
            people["ada"], Wish("limit", "x", "customer", "c1", {"limit": "transfer_day", "amount": "1.5"}, DAY)
        )


def test_notify_tells_a_group_and_cannot_be_undone(api: DirectApi, people: People) -> None:
    wish = Wish("notify", "gateway is slow", parameters={"to": "on_call"})
    with pytest.raises(ConflictError, match="Nobody"):
        services.take(people["ada"], wish)
    for name in ("one", "two"):
        contacts.add(people["ann"], "on_call", name, "email", f"{name}@example.com")
    action = services.take(people["ada"], wish)
    first, second = Delivery.objects.order_by("position")
    outbox.cancel(people["ann"], first.pk, "left the company")
    action.refresh_from_db()
    assert action.state == "starting"
    outbox.cancel(people["ann"], second.pk, "left too")
    action.refresh_from_db()
    assert action.state == "failed"
    assert services.dry_run(people["ada"], wish).undo_until is None


def test_a_case_is_opened_at_once(api: DirectApi, people: People) -> None:
    action = services.take(people["ada"], Wish("open_case", "odd payee", "customer", "c1", {"title": "Odd payee"}))
    case = Case.objects.get()
    assert (action.state, str(case.title), case.entities.get().value) == ("effective", "Odd payee", "c1")
    with pytest.raises(ConflictError, match="cannot be undone"):
        services.undo(people["ada"], action.pk, "no")


def test_a_system_is_told_and_told_again_at_the_end(api: DirectApi, people: People) -> None:
    agreed_endpoint(people["ann"], "gateway", "https://example.com/hook", [])
    action = services.take(people["ada"], Wish("webhook", "stop", "customer", "c1", {"to": "gateway"}, DAY))
    (sent,) = Delivery.objects.all()
    assert (sent.body["kind"], sent.body["data"]["undo"], sent.body["data"]["target"]["key"]) == (
        "action.webhook", False, "c1",
    )  # fmt: skip
    Delivery.objects.update(state="sending", claim=sent.pk)
    sent.refresh_from_db()
    from seawall.apps.outbox.channels import channel_of, delivered

    assert sending._settle(channel_of("webhook"), sent, delivered(), timezone.now())
    timers.run_due(timezone.now() + 2 * DAY)
    action.refresh_from_db()
    told = Delivery.objects.order_by("position").last()
    assert told is not None
    assert (action.state, told.body["data"]["undo"], told.undo_of) == ("undoing", True, sent)


def test_what_cannot_be_is_said(api: DirectApi, people: People) -> None:
    for wish, field in (
        (Wish("fire", "x"), "kind"), (Wish("ban_ip", "x", "ip", "10.0.0.1", ttl=DAY), "kind"),
        (Wish("block", "x", ttl=DAY), "target"), (Wish("block", "x", "device", "d1"), "ttl"),
        (Wish("block", "x", "device", "d1", ttl=timedelta(days=400)), "ttl"),
        (Wish("block", "x", "device", "d1", {"list": "x"}, DAY), "list"), (Wish("notify", "x"), "to"),
        (Wish("notify", "x", parameters={"to": "a", "text": "b" * 501}), "text"),
        (Wish("block", " ", "device", "d", ttl=DAY), "reason"),
    ):  # fmt: skip
        with pytest.raises(InvalidError) as told:
            services.take(people["ada"], wish)
        assert field in told.value.fields
    with pytest.raises(PermissionDenied):
        services.take(people["aud"], BLOCK)
    with pytest.raises(PermissionDenied):
        services.dry_run(people["ann"], BLOCK)
    with pytest.raises(UnknownError):
        services.undo(people["ada"], people["ada"].pk, "no")
    assert not Action.objects.exists()


def test_the_table_is_obeyed() -> None:
    for row in TABLE:
        for state in STATES:
            if state in row.sources:
                assert step(row.action, state) == row.to
            else:
                with pytest.raises(ConflictError):
                    step(row.action, state)
    assert set(KINDS) >= {"block", "hold", "limit", "freeze", "notify", "add_to_list", "open_case", "ban_ip",
                          "revoke_key", "rollback_policy", "webhook"}  # fmt: skip
