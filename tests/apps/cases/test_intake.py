"""Decisions become alerts: one a key and window, no severity lost, each hit once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.apps.cases.models import Alert, AlertHit, Case, CaseAlert, Notification, Queue, Suppression
from seawall.apps.cases.services import intake, opening, queues
from seawall.apps.cases.severity import severity_name
from seawall.apps.cases.table import TableError, read_table, table
from tests.apps.cases.conftest import START, decided, take_in

pytestmark = pytest.mark.django_db
State = Alert.State


@pytest.mark.parametrize(
    ("outcome", "severity", "expected"),
    [
        ("approve", 0, None), ("approve", 1, None), ("approve", 2, ("VELOCITY", 2)), ("approve", 4, ("VELOCITY", 4)),
        ("challenge", 1, None), ("review", 0, ("OUTCOME_REVIEW", 2)), ("review", 1, ("VELOCITY", 2)),
        ("decline", 0, ("OUTCOME_DECLINE", 3)), ("decline", 2, ("VELOCITY", 3)), ("decline", 4, ("VELOCITY", 4)),
    ],
)  # fmt: skip
def test_what_becomes_an_alert(outcome: str, severity: int, expected: Any) -> None:
    assert intake.typology_and_severity(decided(1, severity, outcome=outcome), table()) == expected


def test_the_gravest_rule_names_the_typology_and_the_table_the_entity() -> None:
    fired = [intake.Fired("a", 2, "AMOUNT"), intake.Fired("b", 4, "CARD_TESTING"), intake.Fired("c", 3, "VELOCITY")]
    take_in(decided(1, fired=fired))
    found = Alert.objects.get()
    assert found.key == ("card", "k-u-1", "CARD_TESTING")
    assert (found.severity_name, found.hits, found.hit_rows.get().rules) == (
        "critical",
        1,
        [["a", {}], ["b", {}], ["c", {}]],
    )
    take_in(decided(2, entities=[]))
    assert Alert.objects.filter(entity_kind="event", entity_value="e-2").exists()


def test_hits_in_the_window_join_and_later_ones_are_new_work() -> None:
    take_in(decided(1, 3), decided(2, 2, hours=23))
    take_in(decided(3, 4, hours=46))
    take_in(decided(4, 2, hours=71))
    first, second = Alert.objects.order_by("first_sequence")
    assert (first.hits, first.severity_name, first.last_sequence, first.collecting) == (3, "critical", 3, False)
    assert (second.hits, second.severity_name, second.collecting, second.state) == (1, "medium", True, "new")
    assert first.state == "new"


def test_outside_a_transaction_nothing_is_taken(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        intake.apply([decided(1)])


def test_only_one_alert_of_a_key_can_collect(alert: Alert) -> None:
    fields = {name: getattr(alert, name) for name in ("entity_kind", "entity_value", "typology", "severity", "queue",
              "joins_until", "first_sequence", "last_sequence", "first_at", "last_at")}  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.create(**fields)


def test_a_graver_hit_in_a_case_raises_the_case_and_tells_its_assignee(case: Case, people: Any) -> None:
    before = case.version
    take_in(decided(3, 4, hours=2))
    case.refresh_from_db()
    assert (case.severity, case.version) == (4, before + 1)
    assert Notification.objects.get(person=people["ada"]).kind == "new_hit"
    take_in(decided(4, 4, hours=3))
    assert Notification.objects.count() == 1
    assert CaseAlert.objects.get().alert.hits == 4


def test_queues_take_by_rank_and_filter() -> None:
    grave = Queue.objects.create(key="grave", title_zh="重", title_en="Grave", rank=1, severities=["critical"])
    login = Queue.objects.create(key="login", title_zh="登录", title_en="Login", rank=2, event_types=["login"])
    Queue.objects.create(key="off", title_zh="停", title_en="Off", rank=0, active=False)
    take_in(decided(1, 4, value="a"), decided(2, 2, value="b", event_type="login"), decided(3, 2, value="c"))
    assert [one.queue for one in Alert.objects.order_by("first_sequence")] == [grave, login, queues.default_queue()]


def test_a_table_that_cannot_be_read_says_where() -> None:
    good = {"outcomes": {}, "rules": "low", "entities": ["customer"], "typologies": {}, "window_hours": 1, "labels": {}}
    assert read_table(good).usual.window == timedelta(hours=1)
    for key, value in (("rules", "grave"), ("window_hours", 0), ("entities", []), ("outcomes", {"review": "x"})):
        with pytest.raises(TableError):
            read_table(good | {key: value})
    with pytest.raises(TableError, match="labels"):
        read_table({"rules": "low"})


HITS = st.tuples(
    st.just("hit"), st.sampled_from(["u-1", "u-2"]), st.sampled_from(["A", "B"]), st.integers(1, 4), st.integers(0, 30)
)
ACTIONS = st.tuples(st.sampled_from(["snooze", "close", "case", "suppress"]), st.integers(1, 4))


@given(st.lists(st.one_of(HITS, ACTIONS), max_size=25), st.integers(1, 5))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_severity_is_lost_and_one_alert_collects_a_key(steps: list[Any], batch: int) -> None:
    with transaction.atomic():
        _walk(steps, batch)
        transaction.set_rollback(True)


def _walk(steps: list[Any], batch: int) -> None:
    hours, sequence, waiting, given_in = 0.0, 0, [], []
    for step in [*steps, ("flush",)]:
        if step[0] == "hit":
            _kind, value, reason, severity, gap = step
            hours, sequence = hours + gap, sequence + 1
            waiting.append(decided(sequence, severity, reason=reason, value=value, hours=hours, outcome="review"))
        if step[0] != "hit" or len(waiting) >= batch:
            before = {one.pk: one for one in Alert.objects.all()}
            held = list(Suppression.objects.all())
            take_in(*waiting)
            _check(before, waiting, held)
            given_in += waiting
            waiting = []
        if step[0] not in ("hit", "flush"):
            _act(step[0], step[1], hours)
    hits = Counter(AlertHit.objects.values_list("sequence", flat=True))
    assert hits == Counter(one.sequence for one in given_in)  # every decision is a hit of exactly one alert
    for one in Alert.objects.all():
        rows = list(one.hit_rows.order_by("sequence"))
        assert one.severity == max(row.severity for row in rows)
        assert one.hits == len(rows)
        assert (one.first_sequence, one.last_sequence) == (rows[0].sequence, rows[-1].sequence)


def _check(before: dict[Any, Alert], new: list[Any], held: list[Suppression]) -> None:
    keys = Counter(one.key for one in Alert.objects.filter(collecting=True))
    assert not keys or max(keys.values()) == 1
    for decision in new:
        hit = AlertHit.objects.get(sequence=decision.sequence)
        old = before.get(hit.alert_id)
        silent = any(one.typology == hit.alert.typology and hit.severity <= one.severity for one in held)
        if old is not None and hit.severity > old.severity and not silent:
            assert hit.alert.state in (State.NEW, State.IN_CASE)  # a graver hit is never slept over
        if not silent:
            assert hit.alert.state != State.SUPPRESSED


def _act(action: str, severity: int, hours: float) -> None:
    found = Alert.objects.filter(state=State.NEW).order_by("-last_sequence").first()
    if found is None:
        return
    if action == "snooze":
        Alert.objects.filter(pk=found.pk).update(state=State.SNOOZED)
    elif action == "case":
        Alert.objects.filter(pk=found.pk).update(state=State.IN_CASE)
    elif action == "close":
        Alert.objects.filter(pk=found.pk).update(state=State.CLOSED, collecting=False)
    else:
        maker = _maker()
        Suppression.objects.create(typology=found.typology, severity=severity, reason="x", created_by=maker,
                                   until=START + timedelta(days=1000))  # fmt: skip
        Alert.objects.filter(pk=found.pk, severity__lte=severity).update(state=State.SUPPRESSED)


def _maker() -> Any:
    from seawall.apps.accounts.models import User

    return User.objects.get_or_create(username="maker")[0]


def test_severities_have_names() -> None:
    assert [severity_name(rank) for rank in range(1, 5)] == ["low", "medium", "high", "critical"]


def test_an_alert_is_in_one_case(case: Case, alert: Alert, people: Any) -> None:
    with pytest.raises(Exception, match="not possible"):
        opening.open_case(people["ada"], [alert.pk])
    assert Case.objects.count() == 1


def test_what_a_kill_switch_or_a_limit_stops_raises_no_alert_unless_more_fired() -> None:
    stopped = decided(1, 1, reason="TRANSFERS_STOPPED", outcome="decline")
    over = decided(2, 1, reason="LIMIT_TRANSFER", value="u-2", outcome="decline")
    both = decided(3, 1, reason="TRANSFERS_STOPPED", value="u-3", outcome="decline")
    more = replace(both, fired=[*both.fired, *decided(9, 2).fired])
    assert take_in(stopped, over, more) == 1
    assert Alert.objects.get().entity_value == "u-3"
