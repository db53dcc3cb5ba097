"""What a person may do: default deny, time-boxed, scoped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from seawall.apps.accounts.models import Assignment, User
from seawall.apps.accounts.permissions import api_requires, check, has_permission, requires, scopes
from seawall.apps.accounts.scope import Facts, Scope, describes, facts_of, parse_scope
from seawall.apps.errors import DeniedError, InvalidError

Make = Callable[..., User]
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)  # 12:00 in Shanghai


@pytest.mark.django_db
def test_nobody_may_by_default(make_user: Make) -> None:
    assert not has_permission(AnonymousUser(), "cases.view")
    assert not has_permission(make_user("new"), "cases.view")
    analyst = make_user("ana", "analyst")
    assert has_permission(analyst, "cases.view")
    assert not has_permission(analyst, "cases.approve")
    assert not has_permission(analyst, "no.such")
    with pytest.raises(DeniedError, match="Approve the closure"):
        check(analyst, "cases.approve")


@pytest.mark.django_db
def test_a_disabled_person_may_nothing(make_user: Make) -> None:
    assert not has_permission(make_user("gone", "admin", is_active=False), "users.view")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [(-2, None, True), (-2, 1, True), (1, 2, False), (-2, -1, False), (-1, 0, False)],
)
def test_roles_hold_from_until(make_user: Make, start: int, end: int | None, holds: bool) -> None:
    user, now = make_user("temp"), timezone.now()
    Assignment.objects.create(
        user=user, role="analyst", valid_from=now + timedelta(hours=start),
        valid_until=None if end is None else now + timedelta(hours=end),
    )  # fmt: skip
    assert has_permission(user, "cases.view") is holds


@pytest.mark.django_db
@pytest.mark.parametrize(
    "how",
    [
        {"role": "no such role"},
        {"role": "analyst", "scope": {"colour": "red"}},
        {"role": "analyst", "scope": {"queues": "all"}},
        {"role": "examiner", "scope": {"cases": ["1"]}},
        {"role": "examiner", "valid_until": timezone.now() + timedelta(days=1)},
    ],
    ids=["unknown role", "unknown scope", "unreadable scope", "no end", "no scope"],
)
def test_what_is_unclear_is_denied(make_user: Make, how: dict[str, Any]) -> None:
    user = make_user("odd")
    Assignment.objects.create(user=user, **how)
    assert user.grants == []


@pytest.mark.django_db
def test_a_scope_opens_the_page_but_only_its_objects(make_user: Make) -> None:
    examiner = make_user("exa", "examiner")
    assert has_permission(examiner, "cases.view")
    assert has_permission(examiner, "cases.view", Facts(case="c-1"))
    assert not has_permission(examiner, "cases.view", Facts(case="c-2"))
    assert not has_permission(examiner, "cases.view", object()), "an object nobody described lies in no scope"
    assert scopes(examiner, "cases.view") == [Scope(cases=frozenset({"c-1"}))]
    assert scopes(examiner, "cases.work") == []
    Assignment.objects.create(user=examiner, role="auditor")
    examiner.forget_grants()
    assert scopes(examiner, "cases.view") == [Scope()]
    assert has_permission(examiner, "cases.view", Facts(case="c-2"))


@pytest.mark.parametrize(
    ("scope", "facts", "holds"),
    [
        ({}, Facts(), True),
        ({"queues": ["fraud"]}, Facts(queue="fraud"), True),
        ({"queues": ["fraud"]}, Facts(queue="aml"), False),
        ({"queues": ["fraud"]}, Facts(), False),
        ({"queues": ["fraud"], "cases": ["1"]}, Facts(queue="fraud", case="2"), False),
        ({"from": "2026-11-22", "until": "2026-11-22"}, Facts(at=NOON), True),
        ({"from": "2026-11-22", "until": "2026-11-22"}, Facts(at=NOON - timedelta(hours=12)), True),
        ({"from": "2026-11-22", "until": "2026-11-22"}, Facts(at=NOON + timedelta(hours=12)), False),
        ({"until": "2026-11-21"}, Facts(at=NOON), False),
        ({"from": "2026-11-23"}, Facts(at=NOON), False),
        ({"from": "2026-11-01"}, Facts(), False),
    ],
)
def test_scopes_hold_objects(scope: dict[str, Any], facts: Facts, holds: bool) -> None:
    assert parse_scope(scope).holds(facts) is holds


@pytest.mark.parametrize(
    "scope",
    [{"who": 1}, {"queues": []}, {"cases": [1]}, {"cases": [""]}, {"cases": ["x"] * 201}, {"from": "soon"},
     {"from": 20261122}, {"from": "2026-11-22", "until": "2026-11-21"}],
)  # fmt: skip
def test_a_scope_that_cannot_be_read_is_refused(scope: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        parse_scope(scope)


def test_rooms_describe_their_objects() -> None:
    class Base:
        pass

    class Case(Base):
        pass

    describes(Base)(lambda case: Facts(case="7"))
    assert facts_of(Case()).case == "7"
    assert parse_scope({"from": "2026-01-01"}).start == date(2026, 1, 1)


def test_a_misspelt_permission_stops_the_start() -> None:
    for mark in (requires, api_requires):
        with pytest.raises(ValueError, match="add it there"):
            mark("cases.veiw")
