"""Cases that rules open: in the queue the rule names, one an entity and typology, each record once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import translation

from seawall.apps.audit.models import Outbox
from seawall.apps.cases.models import Alert, Case, CaseAlert, Notification, Queue
from seawall.apps.cases.naming import typology_title
from seawall.apps.cases.services import alerts, opening
from seawall.apps.cases.services.cases import Given, act
from seawall.apps.cases.services.intake import Fired
from seawall.apps.decisions import jobs
from seawall.apps.timers.models import Timer
from tests.apps.cases.conftest import START, decided, take_in
from tests.apps.decisions.home import Live, card, transfer

pytestmark = pytest.mark.django_db
TITLE = {"zh": "同一设备试用多卡", "en": "One device, many cards"}


def opens(sequence: int, severity: int = 4, queue: str = "card_fraud", **more: Any) -> Any:
    """A decision in which a rule asked for a case."""
    return decided(sequence, fired=[Fired("many_cards", severity, "VELOCITY", TITLE, queue)], **more)


def test_a_rule_opens_a_case_in_the_queue_it_names() -> None:
    take_in(opens(1))
    case, alert = Case.objects.get(), Alert.objects.get()
    assert (case.queue.key, case.severity_name, case.state, case.assignee, case.opened_by) == (
        "card_fraud", "critical", "new", None, None,
    )  # fmt: skip
    assert (alert.state, alert.queue, CaseAlert.objects.get().alert) == ("in_case", case.queue, alert)
    assert [(one.kind, one.value) for one in case.entities.all()] == [("customer", "u-1")]
    assert Timer.objects.filter(kind="cases.sla", object_id=str(case.pk)).exists()
    told = {one.action: one for one in Outbox.objects.all()}
    assert told["case.opened"].actor == "system"
    assert (told["case.opened"].data["rule"], told["case.opened"].data["decision"]) == ("many_cards", 1)
    assert told["alert.in_case"].data["case"] == case.number


def test_further_hits_join_in_one_batch_and_in_later_ones() -> None:
    take_in(opens(1), opens(2, hours=1), opens(3, value="u-2"))
    take_in(opens(4, hours=2))
    assert [one.alert_links.get().alert.hits for one in Case.objects.order_by("serial")] == [3, 1]


def test_a_new_alert_joins_the_open_case_of_its_entity_and_typology(people: Any) -> None:
    take_in(opens(1, 3))
    case = Case.objects.get()
    act(people["ada"], case.pk, "take")
    take_in(opens(2, 4, hours=30), opens(3, 4, hours=60))  # each beyond the window of the one before
    case.refresh_from_db()
    assert Alert.objects.filter(case_links__case=case).count() == Alert.objects.count() == 3
    assert (Case.objects.count(), case.severity_name, case.version) == (1, "critical", 4)
    assert set(Notification.objects.values_list("person__username", "kind")) == {("ada", "new_hit")}


def test_a_closed_case_is_not_joined(people: Any) -> None:
    take_in(opens(1))
    case = Case.objects.get()
    act(people["ada"], case.pk, "take")
    act(people["ada"], case.pk, "submit", Given("it was fraud", disposition="fraud"))
    take_in(opens(2, hours=30))
    assert Case.objects.count() == 2
    closing = Alert.objects.get(case_links__case=case)
    assert closing.first_sequence == 1


def test_what_waits_already_gets_its_case_and_what_a_person_put_aside_does_not(people: Any) -> None:
    take_in(decided(1, 3), decided(2, 3, value="u-2"))
    waiting, aside = Alert.objects.order_by("first_sequence")
    alerts.snooze(people["ada"], aside.pk, START.now(START.tzinfo) + alerts.LONGEST_SNOOZE / 2, "waits for a call")
    take_in(opens(3, 3, hours=1), opens(4, 3, hours=1, value="u-2"))
    waiting.refresh_from_db()
    aside.refresh_from_db()
    assert (waiting.state, waiting.queue.key) == ("in_case", "card_fraud")
    assert (aside.state, Case.objects.count()) == ("snoozed", 1)
    take_in(opens(5, 4, hours=2, value="u-2"))  # graver than what was put aside
    aside.refresh_from_db()
    assert (aside.state, Case.objects.count()) == ("in_case", 2)


def test_an_alert_that_a_person_took_out_does_not_come_back(people: Any) -> None:
    take_in(opens(1), opens(2, hours=30))
    case = Case.objects.get()
    act(people["ada"], case.pk, "take")
    newest = Alert.objects.get(first_sequence=2)
    opening.detach(people["ada"], case.pk, newest.pk, "another person's card")
    take_in(opens(3, hours=31))
    newest.refresh_from_db()
    assert newest.state == "in_case"
    assert newest.case_links.get(removed_at=None).case != case


def test_a_rule_below_the_tables_severity_still_opens_its_case() -> None:
    take_in(opens(1, 1, outcome="approve"))
    assert Case.objects.get().severity_name == "low"


def test_of_equally_grave_rules_the_opening_one_names_the_work() -> None:
    take_in(decided(1, fired=[Fired("a", 3, "AMOUNT"), Fired("b", 3, "CARD_TESTING", TITLE, "")]))
    assert Alert.objects.get().typology == "CARD_TESTING"
    assert Case.objects.get().queue.key == "general"


@pytest.mark.parametrize("named", ["nowhere", ""])
def test_without_such_a_queue_the_case_goes_where_its_alert_would(named: str) -> None:
    velocity = Queue.objects.create(key="velocity", title_zh="频繁", title_en="Velocity", rank=1, reasons=["VELOCITY"])
    take_in(opens(1, queue=named))
    assert (Case.objects.get().queue, Alert.objects.get().queue) == (velocity, velocity)


def test_a_queue_that_takes_no_new_work_gets_none() -> None:
    Queue.objects.create(key="card_fraud", title_zh="卡", title_en="Cards", rank=1, active=False)
    take_in(opens(1))
    assert Case.objects.get().queue.key == "general"


def test_its_queue_assigns_it(people: Any) -> None:
    own = Queue.objects.create(key="card_fraud", title_zh="卡", title_en="Cards", rank=1, assignment="load")
    own.members.add(people["ada"])
    take_in(opens(1))
    case = Case.objects.get()
    assert (case.state, case.assignee) == ("assigned", people["ada"])
    assert Notification.objects.get(person=people["ada"]).kind == "assigned"


def test_a_batch_that_is_rolled_back_leaves_no_case() -> None:
    with transaction.atomic():
        take_in(opens(1))
        transaction.set_rollback(True)
    assert not Case.objects.exists()
    assert not Outbox.objects.exists()


def test_alerts_and_cases_speak_the_readers_language() -> None:
    take_in(opens(1), decided(2, 0, value="u-2", outcome="decline"))
    alert, plain = Alert.objects.order_by("first_sequence")
    case = Case.objects.get()
    with translation.override("zh-hans"):
        assert (alert.headline, plain.headline) == ("同一设备试用多卡", "决策拒绝")
        assert str(case) == f"{case.number} 同一设备试用多卡 · 客户 u-1"
    with translation.override("en"):
        assert (alert.headline, plain.headline) == ("One device, many cards", "Declined")
        assert str(case) == f"{case.number} One device, many cards · Customer u-1"
        assert typology_title("OF_ANOTHER_PACK") == "OF_ANOTHER_PACK"


def test_a_graver_hit_renames_the_alert() -> None:
    take_in(decided(1, 2), opens(2, 4, hours=1), decided(3, 2, hours=2))
    assert Alert.objects.get().title == TITLE


def test_the_payments_pack_opens_its_cases(settings: Any, tmp_path: Path) -> None:
    """Through the journal and the follower: five cards on one device make one case, a quiet payment none."""
    live = Live(tmp_path)
    many = [card(n, 600 - n, card=f"62220200000000{n:02d}", device="d-many") for n in range(6)]
    live.feed(*many, card(7, 300, customer="c9", card="6222020000000099", device="d9"), transfer(8, 200, customer="c8"))
    settings.HOME = live.home
    jobs.follow_all(2)
    assert jobs.follow_once() == 0
    case = Case.objects.get()
    alert = case.alert_links.get().alert
    assert (case.queue.key, case.queue.title_en) == ("card_fraud", "Card fraud")
    assert alert.key == ("device", "d-many", "CARD_TESTING")
    assert set(alert.hit_rows.values_list("event_id", flat=True)) >= {"e-3", "e-4", "e-5"}
    assert not alert.hit_rows.filter(event_id__in=["e-7", "e-8"]).exists()
    with translation.override("en"):
        assert alert.headline == "One device tries many cards"
