"""Snoozing, suppressing, dismissing; and what time does to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from seawall.apps.approvals import services as approvals
from seawall.apps.approvals.models import Request
from seawall.apps.audit.models import Outbox
from seawall.apps.cases.models import Alert, Suppression
from seawall.apps.cases.services import alerts
from seawall.apps.errors import InvalidError, StaleError
from seawall.apps.timers import services as timers
from tests.apps.cases.conftest import decided, take_in

pytestmark = pytest.mark.django_db


def later(days: float) -> Any:
    return timezone.now() + timedelta(days=days)


def state(alert: Alert) -> str:
    alert.refresh_from_db()
    return str(alert.state)


def test_a_snooze_ends_by_its_timer(alert: Alert, people: Any) -> None:
    alerts.snooze(people["ada"], alert.pk, later(1), "waits for the bank")
    alerts.snooze(people["ada"], alert.pk, later(3), "waits longer")
    assert (state(alert), alert.reason) == ("snoozed", "waits longer")
    assert timers.run_due(later(2)) == 0
    assert timers.run_due(later(4)) == 1
    assert state(alert) == "new"
    assert Outbox.objects.filter(action="alert.woken", actor="system").count() == 1


def test_a_graver_hit_ends_a_snooze_and_one_alike_does_not(alert: Alert, people: Any) -> None:
    alerts.snooze(people["ada"], alert.pk, later(1), "waits")
    take_in(decided(3, 3, hours=2))
    assert (state(alert), alert.hits) == ("snoozed", 3)
    take_in(decided(4, 4, hours=3))
    assert (state(alert), alert.severity_name, alert.snoozed_until) == ("new", "critical", None)
    assert timers.run_due(later(2)) == 1  # the old timer finds nothing to do
    assert state(alert) == "new"


def test_bounds_of_a_snooze(alert: Alert, people: Any) -> None:
    for until in (later(-1), later(31)):
        with pytest.raises(InvalidError):
            alerts.snooze(people["ada"], alert.pk, until, "why")
    with pytest.raises(InvalidError, match="reason"):
        alerts.dismiss(people["ada"], alert.pk, " ")


def test_dismissed_is_closed_and_the_next_hit_new_work(alert: Alert, people: Any) -> None:
    alerts.dismiss(people["ada"], alert.pk, "known traveller")
    assert (state(alert), alert.collecting) == ("closed", False)
    take_in(decided(3, hours=2))
    assert Alert.objects.exclude(pk=alert.pk).get().state == "new"


def test_a_suppression_holds_back_up_to_its_severity(alert: Alert, people: Any) -> None:
    made = alerts.suppress(people["sam"], alert.pk, later(30), "tested by the bank")
    assert isinstance(made, Suppression)
    assert state(alert) == "suppressed"
    take_in(decided(3, 3, hours=2), decided(4, 2, hours=90))
    made.refresh_from_db()
    assert (state(alert), alert.hits, made.held_back) == ("suppressed", 4, 2)
    take_in(decided(5, 4, hours=91))
    assert (state(alert), alert.severity_name) == ("new", "critical")


def test_beyond_thirty_days_a_second_person_decides(alert: Alert, people: Any) -> None:
    with pytest.raises(InvalidError):
        alerts.suppress(people["sam"], alert.pk, later(400), "for ever")
    asked = alerts.suppress(people["sam"], alert.pk, later(90), "tested by the bank")
    assert isinstance(asked, Request)
    assert state(alert) == "new"
    with pytest.raises(Exception, match="second person"):
        approvals.approve(people["sam"], asked.pk)
    approvals.approve(people["kim"], asked.pk)
    made = Suppression.objects.get()
    assert (state(alert), made.created_by, made.approved_by) == ("suppressed", people["sam"], people["kim"])


def test_a_lapsed_suppression_closes_what_it_held(alert: Alert, people: Any) -> None:
    alerts.suppress(people["sam"], alert.pk, later(5), "tested")
    assert timers.run_due(later(6)) == 1
    assert (state(alert), alert.collecting) == ("closed", False)
    assert Suppression.objects.get().open is False


def test_lifting_makes_it_work_again(alert: Alert, people: Any) -> None:
    alerts.suppress(people["sam"], alert.pk, later(5), "tested")
    alerts.lift_alert(people["kim"], alert.pk, "no longer")
    assert state(alert) == "new"
    assert Suppression.objects.get().ended_at is not None
    take_in(decided(3, hours=2))
    assert state(alert) == "new"


def test_a_typology_can_be_suppressed_for_everybody(alert: Alert, people: Any) -> None:
    wanted = alerts.Wanted("", "", "VELOCITY", 3, later(10), "rule is being mended")
    alerts.add_suppression(people["sam"], wanted)
    take_in(decided(3, 3, value="u-7"), decided(4, 3, value="u-8", reason="OTHER"))
    assert dict(Alert.objects.values_list("entity_value", "state")) == {
        "u-1": "suppressed",
        "u-7": "suppressed",
        "u-8": "new",
    }
    for wrong in (("", "", ""), ("customer", "", "X"), ("", "u-1", "X")):
        with pytest.raises(InvalidError):
            alerts.add_suppression(people["sam"], alerts.Wanted(*wrong, 3, later(1), "why"))


def test_a_stale_triage_is_refused(alert: Alert, people: Any) -> None:
    seen = alert.version
    alerts.snooze(people["ada"], alert.pk, later(1), "waits")
    with pytest.raises(StaleError, match=r"ada: Alert snoozed"):
        alerts.dismiss(people["sam"], alert.pk, "nothing", seen)


def test_several_at_once_are_all_or_none(alert: Alert, people: Any) -> None:
    take_in(decided(3, value="u-2"))
    other = Alert.objects.exclude(pk=alert.pk).get()
    alerts.dismiss(people["ada"], other.pk, "done")
    with pytest.raises(Exception, match="not possible"):
        alerts.dismiss_all(people["ada"], [alert.pk, other.pk], "both")
    assert state(alert) == "new"
