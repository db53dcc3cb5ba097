"""Opening, assigning, clocks, stale edits, who sees what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from seawall.apps.accounts.models import Assignment, User
from seawall.apps.audit.models import Outbox
from seawall.apps.audit.services import drain
from seawall.apps.cases import queries
from seawall.apps.cases.models import Alert, Case, Notification, Queue
from seawall.apps.cases.services import cases, opening, queues, sla
from seawall.apps.cases.services.cases import Given
from seawall.apps.cases.services.notifications import mark_read
from seawall.apps.cases.services.queues import Wanted
from seawall.apps.errors import ConflictError, InvalidError, StaleError, UnknownError
from seawall.apps.timers import services as timers
from seawall.apps.timers.models import Timer
from tests.apps.cases.conftest import decided, take_in

pytestmark = pytest.mark.django_db
People = dict[str, User]


def queue(people: People, **fields: Any) -> Queue:
    wanted: dict[str, Any] = {"key": "fraud", "title_zh": "欺诈", "title_en": "Fraud", "rank": 1} | fields
    return queues.create_queue(people["sam"], Wanted(**wanted))


# --- opening ----------------------------------------------------------------------------------------------------------


def test_a_case_of_an_alert(case: Case, alert: Alert, people: People) -> None:
    alert.refresh_from_db()
    assert (case.number, case.severity, case.state, case.assignee) == ("C-1001", 3, "in_progress", people["ada"])
    assert (alert.state, case.title) == ("in_case", "VELOCITY · customer u-1")
    assert [(one.kind, one.value) for one in case.entities.all()] == [("customer", "u-1")]
    entry = Outbox.objects.get(action="case.opened")
    assert (entry.actor, entry.data["number"], "title" in entry.commitments) == (
        f"user:{people['ada'].pk}",
        "C-1001",
        True,
    )
    assert drain() >= 0
    assert Outbox.objects.filter(ledger_index=None).count() == 0


def test_all_or_nothing(alert: Alert, people: People) -> None:
    take_in(decided(9, value="u-9"))
    other = Alert.objects.exclude(pk=alert.pk).get()
    opening.open_case(people["ada"], [other.pk])
    with pytest.raises(ConflictError):
        opening.open_case(people["ada"], [alert.pk, other.pk])
    alert.refresh_from_db()
    assert alert.state == "new"
    assert Case.objects.count() == 1


def test_a_case_needs_a_title_or_an_alert(people: People) -> None:
    with pytest.raises(InvalidError, match="title"):
        opening.open_case(people["ada"], title=" ")
    made = opening.open_case(people["ada"], title=" Odd   calls ", severity=4)
    assert (made.title, made.severity, made.queue.key, made.state) == ("Odd calls", 4, "general", "new")


def test_an_alert_added_and_taken_out_again(case: Case, people: People) -> None:
    take_in(decided(9, 4, value="u-9"))
    other = Alert.objects.get(entity_value="u-9")
    opening.add_alerts(people["ada"], case.pk, [other.pk])
    case.refresh_from_db()
    assert (case.severity, case.entities.count()) == (4, 2)
    opening.detach(people["ada"], case.pk, other.pk, "another customer")
    other.refresh_from_db()
    assert (other.state, other.collecting) == ("new", True)
    with pytest.raises(UnknownError):
        opening.detach(people["ada"], case.pk, other.pk, "again")
    assert [one.pk for one in queries.alerts_of(case)] == [Alert.objects.get(entity_value="u-1").pk]


# --- assignment -------------------------------------------------------------------------------------------------------


def test_in_turn(people: People, make_user: Callable[..., User]) -> None:
    bob = make_user("bob", "analyst")
    gone = make_user("abe", "analyst", is_active=False)
    idle = make_user("dpo", "dpo")
    made = queue(people, assignment="round_robin", members=[people["ada"].pk, bob.pk])
    made.members.add(gone, idle)  # who may not work is passed over
    opened = [opening.open_case(people["ada"], title=f"case {n}", queue_id=made.pk) for n in range(4)]
    assert [one.assignee.username for one in opened if one.assignee] == ["ada", "bob", "ada", "bob"]
    assert {one.state for one in opened} == {"assigned"}
    assert Notification.objects.filter(person=bob, kind="assigned").count() == 2


def test_by_load(people: People, make_user: Callable[..., User]) -> None:
    bob = make_user("bob", "analyst")
    made = queue(people, assignment="load", members=[people["ada"].pk, bob.pk])
    opening.open_case(people["ada"], title="busy", take=True, queue_id=made.pk)
    opened = [opening.open_case(people["sam"], title=f"case {n}", queue_id=made.pk).assignee for n in range(3)]
    assert [one.username for one in opened if one] == ["bob", "ada", "bob"]


def test_by_hand(case: Case, people: People, make_user: Callable[..., User]) -> None:
    bob, dpo = make_user("bob", "analyst"), make_user("dpo", "dpo")
    cases.act(people["sam"], case.pk, "assign", Given(assignee=bob.pk))
    case.refresh_from_db()
    assert (case.assignee, case.state) == (bob, "assigned")
    with pytest.raises(InvalidError, match="may not work"):
        cases.act(people["sam"], case.pk, "assign", Given(assignee=dpo.pk))
    with pytest.raises(InvalidError, match="Choose a person"):
        cases.act(people["sam"], case.pk, "assign", Given())
    assert mark_read(bob) == 1


def test_escalation_frees_the_case_and_makes_it_graver(case: Case, people: People) -> None:
    case.queue.members.add(people["sam"], people["ada"])
    cases.act(people["ada"], case.pk, "escalate", Given("too big for me"))
    case.refresh_from_db()
    assert (case.state, case.assignee, case.severity) == ("new", None, 4)
    assert Notification.objects.get(person=people["sam"]).kind == "escalated"


# --- the clock --------------------------------------------------------------------------------------------------------


def test_the_clock_counts_working_time(people: People) -> None:
    made = queue(people, calendar="cn", hours={"low": 72, "medium": 24, "high": 8, "critical": 2})
    case = Case(queue=made, severity=4)
    friday = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # 17:00 in Shanghai, an hour before the office closes
    assert sla.start(case, friday) == datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday 10:00


def test_waiting_for_the_customer_stops_the_clock(case: Case, people: People) -> None:
    before = case.due_at
    cases.act(people["ada"], case.pk, "wait", Given("called, no answer"))
    timer = Timer.objects.get(kind=sla.KIND, object_id=str(case.pk))
    assert timer.paused_at is not None
    assert timers.run_due(timezone.now() + timedelta(days=9)) == 0
    Timer.objects.filter(pk=timer.pk).update(paused_at=timezone.now() - timedelta(hours=5))
    cases.act(people["ada"], case.pk, "resume")
    case.refresh_from_db()
    assert case.waiting_since is None
    assert case.due_at >= before


def test_a_breach_is_marked_and_told_once(case: Case, people: People) -> None:
    case.queue.members.add(people["sam"])
    assert timers.run_due(case.due_at + timedelta(seconds=1)) == 1
    case.refresh_from_db()
    assert case.breached_at is not None
    assert set(Notification.objects.values_list("person__username", "kind")) == {("ada", "overdue"), ("sam", "overdue")}
    assert timers.run_due(case.due_at + timedelta(days=1)) == 0
    backlog = queries.backlog(people["ada"], timezone.now())
    assert (backlog.overdue, backlog.cases) == (1, 1)


def test_a_graver_case_has_less_time_and_never_more(case: Case, people: People) -> None:
    opened = case.due_at
    cases.act(people["ada"], case.pk, "escalate", Given("grave"))
    case.refresh_from_db()
    assert case.due_at < opened
    assert timedelta(hours=1.9) < case.due_at - timezone.now() <= timedelta(hours=2)


# --- stale edits ------------------------------------------------------------------------------------------------------


def test_a_stale_edit_is_told_what_changed(case: Case, people: People) -> None:
    seen = case.version
    cases.act(people["sam"], case.pk, "escalate", Given("grave"))
    with pytest.raises(StaleError, match=r"sam: Case escalated .*Severity High → Critical") as refused:
        cases.act(people["ada"], case.pk, "take", version=seen)
    assert [one.action for one in refused.value.changes] == ["case.escalated"]
    case.refresh_from_db()
    cases.act(people["ada"], case.pk, "take", version=case.version)


# --- who sees what ----------------------------------------------------------------------------------------------------


def test_a_restricted_case_is_for_its_people_and_compliance(
    case: Case, people: People, make_user: Callable[..., User]
) -> None:
    bob, auditor = make_user("bob", "analyst"), make_user("auditor", "auditor")
    assert queries.cases(bob).count() == 1
    with pytest.raises(PermissionDenied):
        cases.restrict(people["sam"], case.pk, True, "insider")
    cases.restrict(people["kim"], case.pk, True, "insider")
    seen = {name: queries.cases(one).count() for name, one in {**people, "bob": bob, "auditor": auditor}.items()}
    assert seen == {"ada": 1, "sam": 0, "kim": 1, "bob": 0, "auditor": 1}
    assert (queries.alerts(bob).count(), queries.alerts(people["ada"]).count()) == (0, 1)
    with pytest.raises(UnknownError):
        cases.act(people["sam"], case.pk, "escalate", Given("why"))
    cases.add_person(people["kim"], case.pk, bob.pk)
    assert queries.cases(bob).count() == 1


def test_members_only_queues(people: People, make_user: Callable[..., User]) -> None:
    bob, auditor, dpo = make_user("bob", "analyst"), make_user("auditor", "auditor"), make_user("dpo", "dpo")
    queue(people, members=[people["ada"].pk])
    take_in(decided(1))
    found = Alert.objects.get()
    assert found.queue.key == "fraud"
    seen = [queries.alerts(one).count() for one in (people["ada"], people["sam"], auditor, bob)]
    assert seen == [1, 1, 1, 0]
    case = opening.open_case(people["ada"], [found.pk], take=True)
    assert [queries.cases(one).count() for one in (people["ada"], bob, dpo)] == [1, 0, 0]
    cases.act(people["sam"], case.pk, "assign", Given(assignee=bob.pk))
    assert queries.cases(bob).count() == 1  # what is assigned to a person is theirs to see


def test_scopes_narrow(case: Case, make_user: Callable[..., User]) -> None:
    def examiner(name: str, **scope: Any) -> User:
        user = make_user(name)
        until = timezone.now() + timedelta(days=1)
        Assignment.objects.create(user=user, role="examiner", valid_until=until, scope=scope)
        return user

    today = timezone.localtime(case.opened_at).date()
    expected = {
        examiner("e1", cases=["C-1001"]): 1, examiner("e2", cases=["C-7"]): 0, examiner("e3", queues=["general"]): 1,
        examiner("e4", queues=["aml"]): 0, examiner("e5", **{"from": str(today)}): 1,
        examiner("e6", until=str(today - timedelta(days=1))): 0,
    }  # fmt: skip
    assert {user: queries.cases(user).count() for user in expected} == expected
    assert [queries.alerts(user).count() for user in expected][:4] == [1, 0, 1, 0]


def test_queues_are_checked(people: People) -> None:
    made = queue(people)
    with pytest.raises(ConflictError):
        queue(people)
    for wrong in (
        {"key": "A b"},
        {"severities": ["grave"]},
        {"hours": {"low": 1}},
        {"calendar": "moon"},
        {"title_en": ""},
    ):
        with pytest.raises(InvalidError):
            queue(people, **({"key": "other"} | wrong))
    with pytest.raises(PermissionDenied):
        queues.create_queue(people["ada"], Wanted("x", "x", "x"))
    changed = Wanted("fraud", "欺诈", "Fraud", 7, ["high"])
    assert queues.change_queue(people["sam"], made.pk, changed, made.version).severities == ["high"]
    with pytest.raises(ConflictError, match="changed"):
        queues.change_queue(people["sam"], made.pk, changed, made.version)
