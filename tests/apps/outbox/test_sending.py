"""At least once outside, exactly once in our records, in sequence within an order, whatever fails when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.apps.audit.models import Outbox
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.outbox import channels, handlers, queries, sending, services
from seawall.apps.outbox.backoff import Backoff
from seawall.apps.outbox.models import Delivery
from seawall.apps.outbox.states import OPEN, STATES, TABLE, step
from tests.apps.outbox.conftest import Told, put

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
FAIL, LOST = channels.retry("refused to talk"), channels.retry("answer lost")


def rounds(count: int, start: Any = None) -> None:
    now = start or timezone.now()
    for _ in range(count):
        sending.deliver("told", now)
        now += HOUR


def states() -> list[str]:
    return list(Delivery.objects.order_by("position").values_list("state", flat=True))


def test_what_is_put_is_delivered_and_its_room_hears_once(told: Told) -> None:
    row = put(1)
    assert (row.state, sending.deliver("told")) == ("waiting", 1)
    row.refresh_from_db()
    assert (row.state, row.sequence, row.attempts, told.heard) == ("delivered", 100, 1, [("delivered", "1")])
    assert sending.deliver("told", timezone.now() + HOUR) == 0
    assert told.got == [{"number": 1}]


def test_a_key_names_one_delivery(told: Told) -> None:
    first = put(1)
    assert put(1).pk == first.pk
    with pytest.raises(ConflictError, match="k-1"):
        put(2, key="k-1")
    with pytest.raises(ConflictError, match="k-1"):
        put(1, order="another")


def test_what_is_put_goes_with_its_transaction(told: Told) -> None:
    with transaction.atomic():
        put(1)
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_put_outside_a_transaction_is_an_error(told: Told) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        services.put("told", "x", {}, key="k")


def test_bodies_are_bounded_json(told: Told) -> None:
    with pytest.raises(InvalidError, match="larger"), transaction.atomic():
        services.put("told", "x", {"a": "海" * 90_000}, key="k")
    for odd in ({"a": float("nan")}, {"a": object()}):
        with pytest.raises(InvalidError, match="JSON"), transaction.atomic():
            services.put("told", "x", odd, key="k")


def test_a_failed_try_comes_again_later_and_later_then_a_person_must_look(told: Told) -> None:
    told.outcomes = [FAIL, FAIL, FAIL]
    row, now = put(1), timezone.now()
    waits = []
    for _ in range(3):
        sending.deliver("told", now)
        row.refresh_from_db()
        waits.append(row.next_at - now)
        now = row.next_at
    assert timedelta(seconds=8) <= waits[0] <= timedelta(seconds=12)
    assert timedelta(seconds=16) <= waits[1] <= timedelta(seconds=24)
    assert (row.state, row.attempts, row.problem, told.heard) == ("stuck", 3, "refused to talk", [("stuck", "1")])
    assert sending.deliver("told", now + HOUR) == 0


def test_a_receiver_may_say_how_long_to_wait(told: Told) -> None:
    told.outcomes = [channels.retry("busy", after=timedelta(minutes=7))]
    row, now = put(1), timezone.now()
    sending.deliver("told", now)
    row.refresh_from_db()
    assert row.next_at == now + timedelta(minutes=7)


def test_a_stuck_head_blocks_its_own_order_only(told: Told) -> None:
    told.outcomes = [FAIL]
    for number, order in enumerate(["a", "b", "a", "", "b"], start=1):
        put(number, order)
    now = timezone.now()
    while sending.deliver("told", now):
        pass
    assert [one["number"] for one in told.got] == [2, 4, 5]
    head = Delivery.objects.get(key="k-1")
    assert queries.behind(head) == 1
    told.outcomes = [FAIL, FAIL]
    rounds(3, now + HOUR)
    assert states() == ["stuck", "delivered", "waiting", "delivered", "delivered"]


def test_a_refusal_is_final_and_lets_the_next_pass(told: Told) -> None:
    told.outcomes = [channels.refused("422 no such list")]
    put(1, "a")
    put(2, "a")
    rounds(2)
    assert states() == ["refused", "delivered"]
    assert told.heard == [("refused", "1"), ("delivered", "2")]


def test_a_shut_way_ends_its_turn_and_costs_the_others_no_try(told: Told) -> None:
    told.outcomes = [channels.retry("connection refused", closed=True)]
    for number in (1, 2, 3):
        put(number)
    now = timezone.now()
    sending.deliver("told", now)
    assert list(Delivery.objects.order_by("position").values_list("state", "attempts")) == [
        ("retrying", 1), ("waiting", 0), ("waiting", 0),
    ]  # fmt: skip
    assert sending.deliver("told", now) == 0  # nothing is tried while the way is shut
    rounds(2, now + HOUR)
    assert sorted(one["number"] for one in told.got) == [1, 2, 3]


def test_a_long_queue_before_a_shut_way_starves_nobody(told: Told) -> None:
    channels.unregister("told")
    channels.register(channels.Channel("told", "Told", told.send, by_target=True))
    first = put(1)
    rows = [Delivery(channel="told", target="shut", content="{}", key=f"q-{n}", position=10 + n, actor="system",
                     next_at=first.next_at - HOUR) for n in range(900)]  # fmt: skip
    Delivery.objects.bulk_create(rows)
    told.outcomes = [channels.retry("connection refused", closed=True)]
    sending.deliver("told")
    sending.deliver("told")
    assert told.got == [{"number": 1}]
    assert Delivery.objects.filter(target="shut", attempts__gt=0).count() == 1


def test_waiting_for_what_is_not_there_yet_is_no_failed_try(told: Told) -> None:
    told.outcomes = [channels.retry("not yet", counts=False)] * 9
    put(1)
    rounds(10)
    assert states() == ["delivered"]


def test_a_handler_that_fails_takes_the_mark_back(told: Told) -> None:
    handlers.off("thing")
    calls = []

    def fails_once(row: Delivery) -> None:
        calls.append(row.pk)
        Delivery.objects.filter(pk=row.pk).update(target="half done")
        if len(calls) == 1:
            raise ZeroDivisionError

    handlers.on("thing", delivered=fails_once)
    row = put(1)
    sending.deliver("told")
    row.refresh_from_db()
    assert (row.state, row.target, row.problem) == ("retrying", "somewhere", "afterwards: ZeroDivisionError")
    rounds(1, timezone.now() + HOUR)
    row.refresh_from_db()
    assert (row.state, row.target, len(told.got)) == ("delivered", "half done", 2)


def test_a_channel_that_raises_is_a_failed_try(told: Told) -> None:
    told.outcomes = [None]  # has no kind
    row = put(1)
    sending.deliver("told")
    row.refresh_from_db()
    assert (row.state, row.problem) == ("retrying", "AttributeError")


def claimed(row: Delivery) -> Delivery:
    """The row as a sender holds it that is killed now."""
    (mine,) = sending._claim(
        channels.channel_of("told"), Delivery.objects.filter(pk=row.pk), timezone.now()
    )  # fmt: skip
    return mine


def test_a_killed_sender_loses_its_claim_and_marks_nothing_later(told: Told) -> None:
    row, now = put(1), timezone.now()
    held = claimed(row)
    assert sending.deliver("told", now) == 0  # somebody is at it
    assert sending.deliver("told", now + sending.LEASE + HOUR) == 1
    assert not sending._settle(channels.channel_of("told"), held, channels.refused("too late"), now)
    assert (states(), told.heard) == (["delivered"], [("delivered", "1")])


def test_what_kills_its_sender_each_time_ends_with_a_person(told: Told) -> None:
    row, now = put(1), timezone.now()
    for _ in range(3):
        found = sending._claim(channels.channel_of("told"), sending._due(channels.channel_of("told"), now), now)
        assert len(found) == 1
        now += HOUR
    sending.deliver("told", now)
    row.refresh_from_db()
    assert (row.state, told.got) == ("stuck", [])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    orders=st.lists(st.sampled_from(["", "a", "b"]), min_size=1, max_size=6),
    troubles=st.lists(st.sampled_from(["ok", "fail", "lost", "closed", "killed"]), max_size=10),
)
def test_each_arrives_at_least_once_in_order_and_counts_once(
    told: Told, orders: list[str], troubles: list[str]
) -> None:
    Delivery.objects.all().delete()
    channels.unregister("told")
    channels.register(channels.Channel("told", "Told", told.send, Backoff(attempts=100)))
    told.got.clear()
    told.heard.clear()
    sending.ways.forget()
    fates = {"ok": channels.delivered(1), "fail": channels.retry("no", counts=False), "killed": None,
             "lost": channels.retry("answer lost", counts=False),
             "closed": channels.retry("no", closed=True, counts=False)}  # fmt: skip
    for number, order in enumerate(orders):
        put(number, order)
    now = timezone.now()
    for trouble in [*troubles, *["ok"] * 8]:
        if trouble == "killed":
            sending._claim(channels.channel_of("told"), sending._due(channels.channel_of("told"), now), now)
        else:
            told.outcomes = [fates[trouble]]
            sending.deliver("told", now)
        now += HOUR
    assert set(states()) == {"delivered"}
    assert sorted(told.heard) == sorted(("delivered", str(number)) for number in range(len(orders)))
    for order in ("a", "b"):
        first = list(dict.fromkeys(one["number"] for one in told.got if orders[one["number"]] == order))
        assert first == sorted(first)
    assert {one["number"] for one in told.got} == set(range(len(orders)))


# --- operators --------------------------------------------------------------------------------------------------------


def test_the_table_is_obeyed() -> None:
    for row in TABLE:
        for state in STATES:
            if state in row.sources:
                assert step(row.action, state) == row.to
            else:
                with pytest.raises(ConflictError, match="not possible"):
                    step(row.action, state)
    assert set(OPEN) < set(STATES)


def test_an_operator_tries_again_cancels_and_sends_again(told: Told, make_user: Callable[..., Any]) -> None:
    ann = make_user("ann", "admin")
    told.outcomes = [FAIL] * 3
    row = put(1, "a")
    put(2, "a")
    rounds(3)
    assert states() == ["stuck", "waiting"]
    assert services.retry(ann, row.pk).state == "waiting"
    told.outcomes = [FAIL]
    rounds(1, timezone.now() + HOUR)
    with pytest.raises(InvalidError):
        services.cancel(ann, row.pk, " ")
    assert services.cancel(ann, row.pk, "the entity is gone").state == "cancelled"
    rounds(1, timezone.now() + HOUR)
    assert states() == ["cancelled", "delivered"]
    assert services.replay(ann, row.pk).position == 3
    rounds(1, timezone.now() + HOUR)
    assert [one["number"] for one in told.got] == [2, 1]
    assert {"outbox.retried", "outbox.cancelled", "outbox.replayed"} <= set(
        Outbox.objects.values_list("action", flat=True)
    )
    assert ("cancelled", "1") in told.heard


def test_all_that_is_stuck_at_once(told: Told, make_user: Callable[..., Any]) -> None:
    ann = make_user("ann", "admin")
    told.outcomes = [FAIL] * 9
    for number in range(3):
        put(number)
    rounds(3)
    assert states() == ["stuck"] * 3
    assert (services.retry_stuck(ann, "other"), services.retry_stuck(ann, "told")) == (0, 3)
    rounds(1, timezone.now() + HOUR)
    assert states() == ["delivered"] * 3


def test_who_may_not_manage_is_refused(told: Told, make_user: Callable[..., Any]) -> None:
    ada, row = make_user("ada", "analyst"), put(1)
    for command in (services.retry, services.replay):
        with pytest.raises(PermissionDenied):
            command(ada, row.pk)
    with pytest.raises(PermissionDenied):
        services.cancel(ada, row.pk, "no reason")
    with pytest.raises(PermissionDenied):
        services.retry_stuck(ada)
    ann = make_user("ann", "admin")
    with pytest.raises(UnknownError):
        services.retry(ann, ann.pk)
    with pytest.raises(ConflictError, match="not possible"):
        services.replay(ann, row.pk)


def test_what_undoes_another_marks_it(told: Told) -> None:
    first = put(1, "a")
    put(2, "a", undo_of=first.pk)
    rounds(2)
    assert states() == ["undone", "delivered"]
    assert told.heard == [("delivered", "1"), ("delivered", "2"), ("undone", "1")]


def test_what_was_not_tried_can_be_taken_back(told: Told) -> None:
    first, second = put(1, "a"), put(2, "a")
    with transaction.atomic():
        assert services.drop(first.pk)
        assert not services.drop(first.pk)
    rounds(1)
    assert states() == ["cancelled", "delivered"]
    assert not services.drop(second.pk)


def test_private_bodies_are_sealed_and_go_when_they_arrive(told: Told, make_user: Callable[..., Any]) -> None:
    channels.unregister("told")
    channels.register(channels.Channel("told", "Told", told.send, private=True, replayable=True))
    row = put(1)
    assert "number" not in row.content
    assert put(1).pk == row.pk
    rounds(1)
    row.refresh_from_db()
    assert (told.got, row.content, row.body) == ([{"number": 1}], "", {})
    with pytest.raises(ConflictError, match="removed"):
        services.replay(make_user("ann", "admin"), row.pk)


def test_old_rows_go(told: Told) -> None:
    put(1)
    rounds(1)
    put(2)
    assert services.clear(timezone.now() + timedelta(days=200)) == 1
    assert states() == ["waiting"]
