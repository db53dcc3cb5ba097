"""Four eyes: two people, one decision, carried out once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from seawall.apps.accounts.models import User
from seawall.apps.accounts.scope import Facts
from seawall.apps.approvals import kinds, queries, services
from seawall.apps.approvals.models import Request
from seawall.apps.audit.models import Outbox
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.timers import services as timers
from seawall.apps.timers.models import Timer

pytestmark = pytest.mark.django_db
People = tuple[User, User]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, str]]:
    """What a kind `test.change` carried out: (payload, checker)."""
    carried: list[tuple[Any, str]] = []

    def execute(request: Request, checker: User) -> None:
        if request.payload.get("fails"):
            raise ConflictError("no longer possible")
        carried.append((request.payload, checker.username))

    kind = kinds.Kind("test.change", "Change", "lists.edit", "lists.approve", execute)
    monkeypatch.setitem(kinds._KINDS, kind.key, kind)
    return carried


@pytest.fixture
def people(make_user: Callable[..., User]) -> People:
    return make_user("maker", "security_officer"), make_user("checker", "compliance_officer")


def ask(maker: User, key: str = "list-1", **payload: Any) -> Request:
    return services.submit(maker, "test.change", "list", key, payload, "because", before={"size": 1})


def test_a_second_person_approves_and_it_is_carried_out_once(done: list[Any], people: People) -> None:
    maker, checker = people
    request = ask(maker, size=2)
    assert list(queries.waiting_for(checker)) == [request]
    assert services.may_decide(checker, request)
    decided = services.approve(checker, request.pk, "fine")
    assert (decided.state, decided.checker, decided.comment) == ("approved", checker, "fine")
    with pytest.raises(ConflictError, match="closed"):
        services.approve(checker, request.pk)
    assert done == [({"size": 2}, "checker")]
    assert [row.action for row in Outbox.objects.order_by("id")] == ["approval.submitted", "approval.approved"]
    assert not Timer.objects.get(object_id=str(request.pk)).open


def test_the_maker_never_decides(done: list[Any], people: People) -> None:
    maker, _ = people
    request = ask(maker)
    assert maker.has_perm("lists.approve")
    assert not services.may_decide(maker, request)
    assert list(queries.waiting_for(maker)) == []
    for decide in (services.approve, services.reject):
        with pytest.raises(PermissionDenied, match="second person"):
            decide(maker, request.pk, "mine")
    with pytest.raises(IntegrityError), transaction.atomic():
        Request.objects.filter(pk=request.pk).update(state="approved", checker=maker, decided_at=timezone.now())
    assert done == []


def test_whoever_may_not_check_may_not_know(done: list[Any], people: People, make_user: Callable[..., User]) -> None:
    request = ask(people[0])
    analyst = make_user("analyst", "analyst")
    with pytest.raises(PermissionDenied):
        services.approve(analyst, request.pk)
    with pytest.raises(UnknownError):
        queries.get_request(analyst, request.pk)
    with pytest.raises(PermissionDenied):
        ask(analyst)


def test_one_that_cannot_be_carried_out_stays_pending(done: list[Any], people: People) -> None:
    request = ask(people[0], fails=True)
    with pytest.raises(ConflictError, match="no longer possible"):
        services.approve(people[1], request.pk)
    request.refresh_from_db()
    assert (request.state, request.checker, request.decided_at) == ("pending", None, None)
    assert Timer.objects.get(object_id=str(request.pk)).open


def test_rejecting_needs_a_comment_and_withdrawing_the_maker(done: list[Any], people: People) -> None:
    maker, checker = people
    request = ask(maker)
    with pytest.raises(InvalidError):
        services.reject(checker, request.pk, "  ")
    assert services.reject(checker, request.pk, "too broad").state == "rejected"
    again = ask(maker)
    with pytest.raises(PermissionDenied):
        services.withdraw(checker, again.pk)
    assert services.withdraw(maker, again.pk).state == "withdrawn"
    assert done == []


def test_one_pending_request_an_object_and_kind(done: list[Any], people: People) -> None:
    ask(people[0])
    with pytest.raises(ConflictError, match="already waits"):
        ask(people[0])
    ask(people[0], "list-2")
    assert Request.objects.count() == 2


def test_a_reason_is_needed_and_bounded(done: list[Any], people: People) -> None:
    for reason in ("", " ", "x" * 501):
        with pytest.raises(InvalidError):
            services.submit(people[0], "test.change", "list", "1", {}, reason)


def test_a_request_expires_by_its_timer(done: list[Any], people: People) -> None:
    request = services.submit(people[0], "test.change", "list", "1", {}, "now", lifetime=timedelta(hours=1))
    late = timezone.now() + timedelta(hours=2)
    assert timers.run_due(late) == 1
    request.refresh_from_db()
    assert request.state == "expired"
    with pytest.raises(ConflictError):
        services.approve(people[1], request.pk)


def test_one_whose_time_is_over_is_not_approved_before_its_timer(done: list[Any], people: People) -> None:
    request = ask(people[0])
    Request.objects.filter(pk=request.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(ConflictError, match="expired"):
        services.approve(people[1], request.pk)
    assert list(queries.waiting_for(people[1])) == []


def test_a_scoped_role_decides_only_what_lies_in_its_scope(
    done: list[Any], people: People, make_user: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = kinds.Kind(
        "test.scoped", "Scoped", "lists.edit", "lists.view", lambda request, checker: None,
        facts=lambda request: Facts(case=request.object_id),
    )  # fmt: skip
    monkeypatch.setitem(kinds._KINDS, kind.key, kind)
    examiner = make_user("examiner", "examiner")
    for case, allowed in (("c-1", True), ("c-2", False)):
        request = services.submit(people[0], kind.key, "case", case, {}, "why")
        assert services.may_decide(examiner, request) is allowed


def test_changes_show_what_differs_first(done: list[Any], people: People) -> None:
    request = services.submit(
        people[0], "test.change", "list", "1", {"a": 1, "b": [2]}, "why", before={"a": 1, "b": []}
    )
    shown = queries.changes(request)
    assert [(one.field, one.before, one.after, one.changed) for one in shown] == [
        ("b", "[]", "[2]", True), ("a", "1", "1", False),
    ]  # fmt: skip


def test_kinds_are_registered_once() -> None:
    one = kinds.kind_of("accounts.assign_role")
    kinds.register(one)
    with pytest.raises(kinds.KindError):
        kinds.register(kinds.Kind(one.key, "Other", one.make, one.check, one.execute))
    with pytest.raises(kinds.KindError):
        kinds.kind_of("nothing")
