"""The transition tables: every action from every state by every role does what the table says, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from seawall.apps.accounts.models import User
from seawall.apps.accounts.roles import catalog
from seawall.apps.cases.models import Alert, Case
from seawall.apps.cases.services import alerts, cases, opening, sla
from seawall.apps.cases.services.cases import Given
from seawall.apps.cases.states import ALERT_STATES, ALERTS, CASE_STATES, CASES
from seawall.apps.errors import ConflictError, UnknownError
from seawall.apps.transitions import row_of

pytestmark = pytest.mark.django_db
ROLES = [role for role in catalog().roles if role != "examiner"]  # whose scope holds no case here


def test_the_tables_are_whole() -> None:
    for table, states in ((ALERTS, ALERT_STATES), (CASES, CASE_STATES)):
        assert len({row.action for row in table}) == len(table)
        for row in table:
            assert {*row.sources, row.to} <= set(states)
            assert row.by_system or row.permission in catalog().permissions
        reached = {row.to for row in table} | {"new"}
        left = {state for row in table for state in row.sources}
        assert reached == left == set(states)


def test_what_the_tables_say_of_closing() -> None:
    assert (row_of(CASES, "submit").to, row_of(CASES, "submit").four_eyes) == ("closing", "always")
    assert [row.action for row in CASES if row.to == "closed"] == ["approve"]
    assert row_of(CASES, "approve").by_system
    assert row_of(ALERTS, "suppress").four_eyes == "long"
    assert all(row_of(ALERTS, one).reason for one in ("snooze", "dismiss", "suppress", "lift"))


@pytest.mark.parametrize("role", ROLES)
def test_every_case_action_from_every_state(role: str, make_user: Callable[..., User]) -> None:
    maker, user, other = make_user("maker", "senior_analyst"), make_user("user", role), make_user("other", "analyst")
    permissions = catalog().roles[role].permissions
    for state in CASE_STATES:
        for row in CASES:
            with transaction.atomic():
                case = opening.open_case(maker, title="x")
                assignee = None if state == "new" else maker
                closed = timezone.now() if state == "closed" else None
                Case.objects.filter(pk=case.pk).update(state=state, assignee=assignee, closed_at=closed)
                if state == "closed":
                    sla.stop(case)
                given = Given("a reason", other.pk, None, "legitimate")
                command = partial(cases.act, user, case.pk, row.action, given)
                now = partial(_state, Case, case.pk)
                _expect(command, row, state, permissions, "cases.view", now)
                transaction.set_rollback(True)


@pytest.mark.parametrize("role", ROLES)
def test_every_alert_action_from_every_state(role: str, alert: Alert, make_user: Callable[..., User]) -> None:
    user = make_user("user", role)
    permissions = catalog().roles[role].permissions
    until = timezone.now() + timedelta(days=1)
    commands: dict[str, Callable[[], object]] = {
        "open_case": lambda: opening.open_case(user, [alert.pk]),
        "snooze": lambda: alerts.snooze(user, alert.pk, until, "a reason"),
        "wake": lambda: alerts.wake(user, alert.pk),
        "suppress": lambda: alerts.suppress(user, alert.pk, until, "a reason"),
        "lift": lambda: alerts.lift_alert(user, alert.pk, "a reason"),
        "dismiss": lambda: alerts.dismiss(user, alert.pk, "a reason"),
    }
    for state in ALERT_STATES:
        for action, command in commands.items():
            with transaction.atomic():
                Alert.objects.filter(pk=alert.pk).update(state=state, collecting=state != "closed")
                _expect(command, row_of(ALERTS, action), state, permissions, "alerts.view",
                        partial(_state, Alert, alert.pk))  # fmt: skip
                transaction.set_rollback(True)
    assert {row.action for row in ALERTS if not row.by_system} == {*commands, "detach"}  # test_cases has detach


def _state(model: Any, key: Any) -> str:
    return str(model.objects.get(pk=key).state)


def _expect(command: Callable[[], object], row: Any, state: str, permissions: frozenset[str], view: str,
            now: Callable[[], str]) -> None:  # fmt: skip
    """What must come of a command by the table and the roles alone."""
    if row.by_system:
        with pytest.raises(UnknownError), transaction.atomic():
            command()
    elif not {view, row.permission} <= permissions:
        with pytest.raises(PermissionDenied), transaction.atomic():
            command()
    elif state not in row.sources:
        with pytest.raises(ConflictError), transaction.atomic():
            command()
    else:
        command()
        assert now() == row.to, (row.action, state)
        return
    assert now() == state
