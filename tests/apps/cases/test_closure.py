"""Closure by four eyes, and the label that follows from it: delivered exactly once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from seawall.apps.accounts.models import User
from seawall.apps.approvals import services as approvals
from seawall.apps.approvals.models import Request
from seawall.apps.audit.models import Outbox
from seawall.apps.cases.models import Alert, Case, Disposition, LabelDelivery, Notification
from seawall.apps.cases.services import cases, work
from seawall.apps.cases.services.cases import Given
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.outbox import engine, sending
from seawall.apps.outbox import services as outbox
from seawall.apps.outbox.models import Delivery
from seawall.apps.timers import services as timers
from tests.apps.cases.conftest import decided, take_in

pytestmark = pytest.mark.django_db
People = dict[str, User]


class FlakyApi:
    """A decision API that fails as told, before or after it has journaled; it knows a repeated label as ours does."""

    def __init__(self, *troubles: str) -> None:
        self.troubles = list(troubles)
        self.journal: list[str] = []

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        assert path == "/v1/labels"
        trouble = self.troubles.pop(0) if self.troubles else ""
        if trouble == "refuse":
            raise engine.RefusedError(422, {"detail": "no such label"})
        if trouble == "before":
            raise engine.DeliveryError("connection refused")
        record = json.dumps(body, sort_keys=True)
        if record not in self.journal:
            same = [one for one in self.journal if json.loads(one)["event_id"] == body["event_id"]]
            assert not same, "the same label was sent with other content"
            self.journal.append(record)
        if trouble == "after":
            raise engine.DeliveryError("timed out")
        return {"sequence": 1000 + self.journal.index(record)}


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FlakyApi]:
    """`serve("before")`: a decision API with these troubles."""
    sending.ways.forget()

    def make(*troubles: str) -> FlakyApi:
        api = FlakyApi(*troubles)
        monkeypatch.setattr(engine, "client", lambda timeout=0.0: api)
        return api

    return make


def ask(case: Case, people: People, disposition: str = "fraud") -> Request:
    cases.act(people["ada"], case.pk, "submit", Given("card was copied", disposition=disposition))
    found: Request = Request.objects.get(state="pending")
    return found


def test_a_second_person_closes_and_labels_wait(case: Case, people: People) -> None:
    request = ask(case, people)
    case.refresh_from_db()
    assert case.state == "closing"
    assert not LabelDelivery.objects.exists()  # nothing is known before a second person agrees
    with pytest.raises(PermissionDenied):
        approvals.approve(people["ada"], request.pk)
    approvals.approve(people["sam"], request.pk, "agreed")
    case.refresh_from_db()
    found = Disposition.objects.get()
    assert (case.state, found.kind, found.maker, found.checker) == ("closed", "fraud", people["ada"], people["sam"])
    assert case.closed_at is not None
    assert set(LabelDelivery.objects.values_list("label", "event_id", "decision_sequence")) == {
        ("fraud", "e-1", 1),
        ("fraud", "e-2", 2),
    }
    alert = Alert.objects.get()
    assert (alert.state, alert.collecting) == ("closed", False)
    assert Notification.objects.get(person=people["ada"]).kind == "approved"
    assert {"case.closure_asked", "case.closed", "alert.closed"} <= set(Outbox.objects.values_list("action", flat=True))


@pytest.mark.parametrize("way", ["reject", "withdraw", "expire"])
def test_a_request_that_comes_to_nothing_gives_the_case_back(way: str, case: Case, people: People) -> None:
    request = ask(case, people)
    if way == "reject":
        approvals.reject(people["sam"], request.pk, "not enough evidence")
    elif way == "withdraw":
        approvals.withdraw(people["ada"], request.pk)
    else:
        assert timers.run_due(timezone.now() + timedelta(days=30)) >= 1
    case.refresh_from_db()
    assert (case.state, case.assignee) == ("in_progress", people["ada"])
    assert not Disposition.objects.exists()
    assert ask(case, people).pk != request.pk


def test_the_maker_never_approves_whatever_their_role(case: Case, people: People) -> None:
    cases.act(people["sam"], case.pk, "submit", Given("clear", disposition="fraud"))
    with pytest.raises(PermissionDenied, match="second person"):
        approvals.approve(people["sam"], Request.objects.get().pk)


def test_what_a_closure_needs(case: Case, people: People) -> None:
    with pytest.raises(InvalidError, match="disposition"):
        cases.act(people["ada"], case.pk, "submit", Given("because", disposition="nothing"))
    with pytest.raises(InvalidError, match="reason"):
        cases.act(people["ada"], case.pk, "submit", Given("  ", disposition="fraud"))
    task = work.add_task(people["ada"], case.pk, "call the customer")
    with pytest.raises(ConflictError, match="1 tasks"):
        ask(case, people)
    work.finish_task(people["ada"], case.pk, task.pk)
    ask(case, people)


def test_a_checker_who_may_not_see_the_case_cannot_close_it(case: Case, people: People) -> None:
    cases.restrict(people["kim"], case.pk, True, "insider")
    request = ask(case, people)
    with pytest.raises(UnknownError):
        approvals.approve(people["sam"], request.pk)
    approvals.approve(people["kim"], request.pk)
    assert Case.objects.get().state == "closed"


@pytest.mark.parametrize(
    "troubles", [(), ("before",), ("after",), ("before", "after", "", "after"), ("after", "after", "before", "before")]
)
def test_each_label_reaches_the_journal_exactly_once(
    troubles: tuple[str, ...], case: Case, people: People, serve: Callable[..., FlakyApi]
) -> None:
    approvals.approve(people["sam"], ask(case, people).pk)
    api, now = serve(*troubles), timezone.now()
    for _round in range(12):
        sending.deliver("engine", now)
        now += timedelta(hours=1)
    assert sorted(json.loads(one)["event_id"] for one in api.journal) == ["e-1", "e-2"]
    rows = LabelDelivery.objects.order_by("event_id")
    assert [(one.state, one.sequence is not None) for one in rows] == [("delivered", True)] * 2
    assert Outbox.objects.filter(action="label.delivered").count() == 2
    assert sending.deliver("engine", now) == 0


def test_a_refused_label_is_told_to_the_maker_and_not_sent_again(
    case: Case, people: People, serve: Callable[..., FlakyApi]
) -> None:
    approvals.approve(people["sam"], ask(case, people).pk)
    api = serve("refuse")
    sending.deliver("engine")
    assert sorted(LabelDelivery.objects.values_list("state", "problem")) == [
        ("delivered", ""), ("refused", "422 no such label"),
    ]  # fmt: skip
    assert Notification.objects.filter(person=people["ada"], kind="label").count() == 1
    assert len(api.journal) == 1


def test_a_label_that_an_operator_cancels_is_told_to_the_maker(
    case: Case, people: People, make_user: Callable[..., User]
) -> None:
    approvals.approve(people["sam"], ask(case, people).pk)
    outbox.cancel(make_user("ann", "admin"), Delivery.objects.order_by("position")[0].pk, "the pack lacks this label")
    assert sorted(LabelDelivery.objects.values_list("state", flat=True)) == ["refused", "waiting"]
    assert Notification.objects.filter(person=people["ada"], kind="label").count() == 1


def test_without_an_api_labels_wait(case: Case, people: People) -> None:
    sending.ways.forget()
    approvals.approve(people["sam"], ask(case, people).pk)
    assert sending.deliver("engine") == 0
    assert Delivery.objects.filter(about_type="label", attempts=0).count() == 2
    assert LabelDelivery.objects.filter(state="waiting").count() == 2


def test_a_disposition_without_a_label_sends_none(case: Case, people: People) -> None:
    approvals.approve(people["sam"], ask(case, people, "legitimate").pk)
    assert not LabelDelivery.objects.exists()


def test_an_event_is_labelled_once_over_all_cases(case: Case, people: People) -> None:
    approvals.approve(people["sam"], ask(case, people).pk)
    cases.act(people["sam"], case.pk, "reopen", Given("more came up"))
    assert Alert.objects.get().state == "in_case"
    cases.act(people["sam"], case.pk, "submit", Given("still so", disposition="fraud"))
    approvals.approve(people["kim"], Request.objects.get(state="pending").pk)
    assert LabelDelivery.objects.count() == 2
    assert Disposition.objects.count() == 2


def test_after_a_closure_a_hit_is_new_work(case: Case, people: People) -> None:
    approvals.approve(people["sam"], ask(case, people).pk)
    take_in(decided(3, hours=2))
    assert Alert.objects.get(collecting=True).state == "new"
