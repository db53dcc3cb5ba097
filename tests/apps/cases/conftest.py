"""Decisions, alerts and cases for tests of the room; evidence lies in a folder of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

if TYPE_CHECKING:
    from seawall.apps.accounts.models import User
    from seawall.apps.cases.models import Alert, Case

START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_home(settings: Any, tmp_path: Path) -> Path:
    from seawall.server.home import Home

    settings.HOME = Home(tmp_path)
    return tmp_path


def decided(sequence: int, severity: int = 3, *, reason: str = "VELOCITY", value: str = "u-1", hours: float = 0.0,
            outcome: str = "review", **more: Any) -> Any:  # fmt: skip
    """A decision with one fired rule of a severity (0: none), so many hours after START."""
    from seawall.apps.cases.services.intake import Decided, Fired

    fired = [Fired(f"rule_{reason.lower()}", severity, reason, {"zh": "规则", "en": "Rule"})] if severity else []
    fields: dict[str, Any] = {
        "event_id": f"e-{sequence}", "event_type": "payment.card", "outcome": outcome, "score": 60,
        "at": START + timedelta(hours=hours), "fired": fired, "entities": [("customer", value), ("card", f"k-{value}")],
    }  # fmt: skip
    return Decided(sequence, **(fields | more))


def take_in(*decisions: Any) -> int:
    """Apply decisions as the follower does."""
    from seawall.apps.cases.services import intake

    with transaction.atomic():
        return intake.apply(decisions)


@pytest.fixture
def alert(db: None) -> Alert:
    """A new alert of severity high about customer u-1, with two hits."""
    from seawall.apps.cases.models import Alert

    take_in(decided(1), decided(2, hours=1))
    found: Alert = Alert.objects.get()
    return found


@pytest.fixture
def people(make_user: Callable[..., User]) -> dict[str, User]:
    """ada: analyst; sam: senior analyst; kim: compliance officer."""
    return {
        "ada": make_user("ada", "analyst"), "sam": make_user("sam", "senior_analyst"),
        "kim": make_user("kim", "compliance_officer"),
    }  # fmt: skip


@pytest.fixture
def case(alert: Alert, people: dict[str, User]) -> Case:
    """ada's case of the alert, in progress."""
    from seawall.apps.cases.services import opening

    return opening.open_case(people["ada"], [alert.pk], take=True)
