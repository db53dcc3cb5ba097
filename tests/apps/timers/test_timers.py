from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from seawall.apps.errors import ConflictError, InvalidError
from seawall.apps.timers import calendars, handlers, jobs, queries, services
from seawall.apps.timers.models import Timer

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 11, 20, 16, tzinfo=ZoneInfo("Asia/Shanghai"))
MONDAY = datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def fired(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Objects whose timer of kind `test` fired, in order."""
    done: list[str] = []
    monkeypatch.setitem(handlers._HANDLERS, "test", lambda timer: done.append(timer.object_id))
    return done


def begin(key: str = "1", **how: Any) -> Timer:
    length = {} if "due_at" in how else {"duration": HOUR}
    return services.start("test", "thing", key, **({"now": FRIDAY} | length | how))


def test_it_fires_once_when_it_is_due(fired: list[str]) -> None:
    timer = begin(duration=4 * HOUR, calendar="cn")
    assert timer.due_at == MONDAY + 2 * HOUR
    assert services.run_due(MONDAY + HOUR) == 0
    assert [services.run_due(MONDAY + 2 * HOUR) for _ in range(3)] == [1, 0, 0]
    assert fired == ["1"]
    timer.refresh_from_db()
    assert timer.fired_at == MONDAY + 2 * HOUR
    assert not timer.open


def test_many_fire_in_order_of_their_deadlines(fired: list[str]) -> None:
    for n in range(5):
        begin(str(n), duration=(5 - n) * HOUR)
    services.run_due(FRIDAY + 10 * HOUR)
    assert fired == ["4", "3", "2", "1", "0"]


def test_a_paused_clock_stands_still(fired: list[str]) -> None:
    begin(duration=4 * HOUR, calendar="cn")
    paused = services.pause("test", "thing", "1", now=FRIDAY + HOUR)
    assert paused is not None
    assert (paused.remaining, queries.time_left(paused)) == (3 * HOUR, 3 * HOUR)
    assert services.run_due(MONDAY + 100 * HOUR) == 0
    services.pause("test", "thing", "1", now=MONDAY)
    resumed = services.resume("test", "thing", "1", now=MONDAY)
    assert resumed is not None
    assert resumed.due_at == MONDAY + 3 * HOUR
    assert queries.time_left(resumed, MONDAY + HOUR) == 2 * HOUR
    assert services.run_due(resumed.due_at) == 1
    assert services.resume("test", "thing", "1") is None


def test_a_handler_that_fails_leaves_nothing_behind_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def handle(timer: Timer) -> None:
        tries.append(1)
        begin("made by the handler")
        if len(tries) < 3:
            raise InvalidError("not yet")

    monkeypatch.setitem(handlers._HANDLERS, "test", handle)
    begin("1", due_at=FRIDAY)
    at = FRIDAY
    for attempts in (1, 2):
        assert services.run_due(at) == 0
        timer = Timer.objects.get(object_id="1")
        assert (timer.attempts, timer.problem, timer.open) == (attempts, "not yet", True)
        assert Timer.objects.count() == 1
        assert services.run_due(at) == 0
        assert len(tries) == attempts, "it waits before it tries again"
        assert timer.retry_at is not None
        at = timer.retry_at
    assert services.run_due(at) == 1
    assert Timer.objects.count() == 2


def test_one_that_fails_does_not_hold_up_the_others(fired: list[str]) -> None:
    services.start("nobody handles this", "thing", "0", due_at=FRIDAY, now=FRIDAY)
    begin("1")
    services.run_due(FRIDAY + HOUR)
    assert fired == ["1"]
    assert Timer.objects.get(object_id="0").problem == "HandlerError"


def test_one_open_timer_an_object_and_kind(fired: list[str]) -> None:
    begin()
    with pytest.raises(ConflictError):
        begin()
    assert services.cancel("test", "thing", "1")
    assert not services.cancel("test", "thing", "1")
    begin()
    assert services.run_due(FRIDAY + HOUR) == 1
    assert fired == ["1"]


def test_fired_and_cancelled_exclude_each_other(fired: list[str]) -> None:
    timer = begin()
    with pytest.raises(IntegrityError), transaction.atomic():
        Timer.objects.filter(pk=timer.pk).update(fired_at=FRIDAY, cancelled_at=FRIDAY)


def test_a_deadline_beyond_the_last_notice_is_provisional_until_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    new_year = datetime(2026, 12, 31, 17, tzinfo=ZoneInfo("Asia/Shanghai"))
    timer = begin(duration=2 * HOUR, calendar="cn", now=new_year)
    assert timer.provisional
    assert timer.due_at == datetime(2027, 1, 1, 10, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)
    old = calendars.calendar_of("cn")
    entered = calendars.Calendar(
        old.key, old.zone, old.hours, old.weekend, old.holidays | {date(2027, 1, 1)}, old.working, old.first,
        date(2027, 12, 31),
    )  # fmt: skip
    monkeypatch.setattr(services, "calendar_of", lambda key: entered)
    assert services.recount("cn") == 1
    timer.refresh_from_db()
    assert not timer.provisional
    assert timer.due_at == datetime(2027, 1, 4, 10, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_arguments() -> None:
    with pytest.raises(ValueError, match="not both"):
        services.start("test", "thing", "1")
    with pytest.raises(calendars.CalendarError):
        begin(calendar="mars")
    with pytest.raises(handlers.HandlerError):
        handlers.handler("approvals.expire")(lambda timer: None)


def test_the_job_empties_more_than_a_batch(fired: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BATCH", 2)
    for n in range(5):
        begin(str(n), due_at=FRIDAY)
    assert jobs.fire_due() == 5
    assert len(fired) == 5
