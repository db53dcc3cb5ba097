"""The worker's loops."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from seawall.apps.errors import ServiceError
from seawall.apps.jobs.heartbeat import Loop, beat
from seawall.apps.jobs.models import Heartbeat
from seawall.apps.jobs.queries import standing

pytestmark = pytest.mark.django_db


def failing(error: Exception) -> Callable[[], bool]:
    def work() -> bool:
        raise error

    return work


def test_a_failure_is_kept_until_a_round_goes_well() -> None:
    loop = Loop("x", 1, failing(ServiceError("restore it from a backup")), (ServiceError,))
    assert loop.once() is False
    assert loop.problem == "restore it from a backup"
    loop.work = lambda: True
    assert loop.once() is True
    assert (loop.problem, loop.rounds) == ("", 2)


def test_only_texts_written_for_people_are_shown() -> None:
    loop = Loop("x", 1, failing(ValueError("customer 4711")), (ServiceError,))
    loop.once()
    assert loop.problem == "ValueError"


def test_a_loop_goes_on_at_once_while_there_is_more_and_ends_when_told() -> None:
    stop, rounds = threading.Event(), 0

    def work() -> bool:
        nonlocal rounds
        rounds += 1
        if rounds == 5:
            stop.set()
        return True

    Loop("x", 3600, work).run(stop)
    assert rounds == 5


def test_heartbeats_are_one_row_a_loop() -> None:
    begun = timezone.now()
    loops = [Loop("a", 1, lambda: False), Loop("b", 30, failing(ValueError()))]
    beat(loops, begun)
    for loop in loops:
        loop.once()
    beat(loops, begun)
    assert [(one.name, one.rounds, one.problem) for one in Heartbeat.objects.order_by("name")] == [
        ("a", 1, ""), ("b", 1, "ValueError"),
    ]  # fmt: skip
    beat(loops[:1], begun)
    assert Heartbeat.objects.count() == 1


def test_a_loop_stands_still_when_it_is_later_than_its_own_time() -> None:
    seen = timezone.now()
    heart = Heartbeat(name="a", seen_at=seen, every=600)
    assert not standing(heart, seen + timedelta(seconds=605))
    assert standing(heart, seen + timedelta(seconds=611))
