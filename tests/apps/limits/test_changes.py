"""A limit is set by two people, a kill switch by one; what they asked for reaches the next decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from seawall.apps.accounts.models import User
from seawall.apps.approvals import services as approvals
from seawall.apps.audit.models import Outbox
from seawall.apps.decisions.archive import archive
from seawall.apps.decisions.jobs import follow_all
from seawall.apps.decisions.reading import active_policy
from seawall.apps.errors import ConflictError, DeniedError, InvalidError, UnknownError
from seawall.apps.limits import follow, queries
from seawall.apps.limits.models import Change, Entry
from seawall.apps.limits.services import changes
from seawall.apps.limits.services.changes import Wanted
from seawall.apps.outbox.engine import RefusedError
from seawall.engine.journal import ActivationRecord, decode
from seawall.engine.settings import SettingEntry
from tests.apps.decisions.home import transfer
from tests.apps.limits.conftest import Engine

EACH, STOP = "limits.transfer_each", "switches.stop_transfers"
WHY = "agreed with the customer"
Make = Callable[..., User]


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Any:
    return lambda: django_capture_on_commit_callbacks(execute=True)


def actions() -> list[str]:
    return list(Outbox.objects.order_by("id").values_list("action", flat=True))


def test_a_limit_waits_for_a_second_person_and_then_binds_the_next_transfer(
    engine: Engine, make_user: Make, committed: Any
) -> None:
    maker, checker = make_user("ada", "senior_analyst"), make_user("bob", "compliance_officer")
    assert "over_transfer_each" not in engine.decide(transfer(3, 700)).rules
    change = changes.propose(maker, Wanted(EACH, 400_000, "entity", "c1"), WHY)
    assert (change.state, engine.asked) == ("waiting", [])
    with committed():
        approvals.approve(checker, change.request_id)
    change.refresh_from_db()
    assert (change.state, change.checker, change.sequence) == ("done", checker, 4)
    path, body = engine.asked[-1]
    assert path == "/v1/limits/transfer_each/entries"
    assert body == {
        "entry_id": str(change.pk), "scope": "entity", "key": "c1", "value": 400_000, "reason": WHY,
        "source": f"console:{change.pk}",
    }  # fmt: skip
    follow_all()
    row = Entry.objects.get()
    assert (row.setting, row.kind, row.key, row.value, row.current) == (EACH, "customer", "c1", 400_000, True)
    decision = engine.decide(transfer(4, 600))
    assert (decision.outcome, "over_transfer_each" in decision.rules) == ("decline", True)
    assert {"limit.proposed", "approval.approved", "limit.changed", "limit.in_force"} <= set(actions())


def test_nobody_approves_their_own_change_nor_without_the_permission(engine: Engine, make_user: Make) -> None:
    both = make_user("eve", "compliance_officer")
    change = changes.propose(both, Wanted(EACH, 1), WHY)
    with pytest.raises(DeniedError):
        approvals.approve(both, change.request_id)
    with pytest.raises(DeniedError):
        approvals.approve(make_user("cy", "senior_analyst"), change.request_id)
    with pytest.raises(DeniedError):
        changes.propose(make_user("ann", "analyst"), Wanted(EACH, 1), WHY)
    with pytest.raises(ConflictError):
        changes.propose(make_user("dan", "credit_manager"), Wanted(EACH, 2), WHY)


def test_a_rejected_change_is_dropped_and_nothing_is_sent(engine: Engine, make_user: Make, committed: Any) -> None:
    change = changes.propose(make_user("ada", "senior_analyst"), Wanted(EACH, 5), WHY)
    with committed():
        approvals.reject(make_user("bob", "compliance_officer"), change.request_id, "too low")
    change.refresh_from_db()
    assert (change.state, engine.asked) == ("dropped", [])


def test_a_switch_is_turned_on_by_one_person_and_off_by_two(engine: Engine, make_user: Make, committed: Any) -> None:
    officer, other = make_user("sec", "security_officer"), make_user("bob", "compliance_officer")
    with committed():
        changes.turn_on(officer, STOP, "attack under way")
    assert engine.asked == [
        ("/v1/switches/stop_transfers", {
            "entry_id": engine.asked[0][1]["entry_id"], "value": True, "reason": "attack under way",
            "source": f"console:{engine.asked[0][1]['entry_id']}",
        })
    ]  # fmt: skip
    assert engine.decide(transfer(3, 700)).outcome == "decline"
    follow_all()
    with pytest.raises(ConflictError, match="on already"):
        changes.turn_on(officer, STOP, "again please")
    (banner,) = queries.switches_on()
    assert (banner.name, banner.entry.reason, banner.change and banner.change.maker) == (
        STOP, "attack under way", officer,
    )  # fmt: skip
    change = changes.propose(officer, Wanted(STOP, value=False), "attack is over")
    assert queries.switches_on() != []
    with committed():
        approvals.approve(other, change.request_id)
    follow_all()
    assert queries.switches_on() == []
    assert engine.decide(transfer(4, 600)).outcome != "decline"
    assert actions().count("switch.on") == 1
    for who, role in (("ana", "analyst"), ("cm", "credit_manager"), ("adm", "admin")):
        with pytest.raises(DeniedError):
            changes.turn_on(make_user(who, role), STOP, "not allowed to")


def test_an_entry_is_removed_by_two_people_and_the_default_holds_again(
    engine: Engine, make_user: Make, committed: Any
) -> None:
    maker, checker = make_user("ada", "senior_analyst"), make_user("bob", "compliance_officer")
    for ask in ("set", "remove"):
        if ask == "set":
            change = changes.propose(maker, Wanted(EACH, 7), WHY)
        else:
            change = changes.propose_removal(maker, Entry.objects.get().pk, "by mistake")
        with committed():
            approvals.approve(checker, change.request_id)
        follow_all()
        assert queries.setting(EACH).value == (7 if ask == "set" else 100_000_000)
    assert engine.asked[-1][1]["removed"] is True
    assert [(row.removed, row.current) for row in Entry.objects.order_by("sequence")] == [(False, False), (True, False)]
    with pytest.raises(ConflictError, match="removed already"):
        changes.propose_removal(maker, Entry.objects.order_by("sequence")[0].pk, "once more")


@pytest.mark.parametrize(
    ("wanted", "reason", "error", "field"),
    [
        (Wanted("limits.nothing", 5), WHY, UnknownError, ""),
        (Wanted(EACH, -5), WHY, InvalidError, "value"),
        (Wanted(EACH, 5.5), WHY, InvalidError, "value"),
        (Wanted(EACH, 5, "entity"), WHY, InvalidError, "key"),
        (Wanted("limits.cash_out_day", 5, "segment", "app"), WHY, InvalidError, "scope"),
        (Wanted(EACH, 5), " no ", InvalidError, "reason"),
        (Wanted(EACH, 5, valid_until=timezone.now() - timedelta(1)), WHY, InvalidError, "valid_until"),
        (Wanted(STOP, value=5), WHY, InvalidError, "value"),
    ],
)
def test_what_the_engine_would_refuse_is_not_asked_for(
    engine: Engine, make_user: Make, wanted: Wanted, reason: str, error: type[Exception], field: str
) -> None:
    with pytest.raises(error) as refused:
        changes.propose(make_user("ada", "senior_analyst"), wanted, reason)
    assert not field or field in refused.value.fields  # type: ignore[attr-defined]
    assert Change.objects.count() == 0


def test_a_refusal_of_the_engine_is_shown(engine: Engine, make_user: Make, committed: Any) -> None:
    engine.refusal = RefusedError(422, {"detail": "no such limit"})
    with committed():
        change = changes.turn_on(make_user("sec", "security_officer"), STOP, "attack under way")
    change.refresh_from_db()
    assert (change.state, "no such limit" in change.problem) == ("refused", True)
    assert "limit.refused" in actions()


def test_the_ledger_names_no_customer_and_no_amount_in_the_clear(
    engine: Engine, make_user: Make, committed: Any
) -> None:
    change = changes.propose(make_user("ada", "senior_analyst"), Wanted(EACH, 123_456, "entity", "customer-77"), WHY)
    with committed():
        approvals.approve(make_user("bob", "compliance_officer"), change.request_id)
    entries = [str(one.data) + one.object_id for one in Outbox.objects.all()]
    assert entries
    assert not [one for one in entries if "customer-77" in one or "123456" in one or WHY in one]


def test_the_same_record_twice_and_a_change_of_policy_are_followed_as_the_engine_does(engine: Engine) -> None:
    policy = active_policy()
    assert policy is not None
    one = SettingEntry(setting=EACH, entry_id="e", scope="all", type="money", value=5, reason="r", source="s")
    two = SettingEntry(setting="limits.gone", entry_id="e", scope="all", type="money", value=5, reason="r", source="s")
    follow.follow([(101, one), (102, two), (103, one)], policy.pack)
    assert list(Entry.objects.filter(current=True).order_by("sequence").values_list("sequence", flat=True)) == [
        101,
        102,
    ]
    activation = decode(next(archive().batches(-1)).records[0])
    assert isinstance(activation, ActivationRecord)
    follow.follow([(104, activation)], policy.pack)
    assert list(Entry.objects.filter(current=True).order_by("sequence").values_list("sequence", flat=True)) == [101]
