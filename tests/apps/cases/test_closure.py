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
from seawall.apps.cases import delivery, jobs
from seawall.apps.cases.models import Alert, Case, Disposition, LabelDelivery, Notification
from seawall.apps.cases.services import cases, labels, work
from seawall.apps.cases.services.cases import Given
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.timers import services as timers
from tests.apps.cases.conftest import decided, take_in

pytestmark = pytest.mark.django_db
People = dict[str, User]


class FlakyApi:
    """A decision API that fails as told, before or after it has journaled; it knows a repeated label as ours does."""

    def __init__(self, *troubles: str) -> None:
        self.troubles = list(troubles)
        self.journal: list[str] = []

    def label(self, body: Mapping[str, str]) -> int:
        trouble = self.troubles.pop(0) if self.troubles else ""
        if trouble == "refuse":
            raise delivery.RefusedError("422 no such label")
        if trouble == "before":
            raise delivery.DeliveryError("connection refused")
        record = json.dumps(body, sort_keys=True)
        if record not in self.journal:
            same = [one for one in self.journal if json.loads(one)["event_id"] == body["event_id"]]
            assert not same, "the same label was sent with other content"
            self.journal.append(record)
        if trouble == "after":
            raise delivery.DeliveryError("timed out")
        return 1000 + self.journal.index(record)


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
def test_each_label_reaches_the_journal_exactly_once(troubles: tuple[str, ...], case: Case, people: People) -> None:
    approvals.approve(people["sam"], ask(case, people).pk)
    api, now = FlakyApi(*troubles), timezone.now()
    for _round in range(12):
        labels.deliver(api, now)
        now += timedelta(hours=1)
    assert sorted(json.loads(one)["event_id"] for one in api.journal) == ["e-1", "e-2"]
    rows = LabelDelivery.objects.order_by("event_id")
    assert [(one.state, one.sequence is not None) for one in rows] == [("delivered", True)] * 2
    assert Outbox.objects.filter(action="label.delivered").count() == 2
    assert labels.deliver(api, now) == 0


def test_a_failed_way_waits_longer_and_longer(case: Case, people: People) -> None:
    approvals.approve(people["sam"], ask(case, people).pk)
    api, now = FlakyApi("before", "before"), timezone.now()
    labels.deliver(api, now)
    first = LabelDelivery.objects.order_by("id")[0]
    assert (first.attempts, first.next_try, first.problem) == (1, now + labels.FIRST_RETRY, "connection refused")
    labels.deliver(api, now + labels.FIRST_RETRY)
    first.refresh_from_db()
    assert first.next_try == now + labels.FIRST_RETRY + 2 * labels.FIRST_RETRY


def test_a_refused_label_is_told_to_the_maker_and_not_sent_again(case: Case, people: People) -> None:
    approvals.approve(people["sam"], ask(case, people).pk)
    api = FlakyApi("refuse")
    jobs.deliver_labels(api)
    assert sorted(LabelDelivery.objects.values_list("state", flat=True)) == ["delivered", "refused"]
    assert Notification.objects.filter(person=people["ada"], kind="label").count() == 1
    assert len(api.journal) == 1


def test_without_an_api_labels_wait(case: Case, people: People) -> None:
    approvals.approve(people["sam"], ask(case, people).pk)
    assert jobs.deliver_labels() == 0
    assert LabelDelivery.objects.filter(state="waiting", attempts=0).count() == 2


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


def test_the_http_client_says_what_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    answer: Callable[[int, bytes], int] = delivery._sequence
    assert answer(202, b'{"sequence": 7}') == 7
    for status, data in ((503, b"{}"), (401, b"{}"), (200, b"[]"), (200, b"x"), (200, b'{"sequence": "7"}')):
        with pytest.raises(delivery.DeliveryError):
            answer(status, data)
    with pytest.raises(delivery.RefusedError, match="unknown label"):
        answer(422, b'{"detail": "unknown label"}')
    with pytest.raises(delivery.DeliveryError):
        delivery.HttpLabelApi("http://127.0.0.1:1", "k").label({"label": "fraud"})


def test_settings_name_the_api(settings: Any, own_home: Any) -> None:
    assert delivery.from_settings() is None
    settings.SEAWALL_API_URL = "http://127.0.0.1:8601"
    (own_home / "console.key").write_text("abc\n")
    assert delivery.from_settings() == delivery.HttpLabelApi("http://127.0.0.1:8601", "abc")
