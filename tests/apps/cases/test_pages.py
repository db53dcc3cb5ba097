"""Every page in both languages, and the analyst's way from an alert to a closed case through the browser's eyes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from seawall.apps.approvals.models import Request
from seawall.apps.cases.models import Alert, Case, Evidence, LabelDelivery, Notification, Queue, Suppression, Task
from seawall.apps.cases.services import cases as services
from seawall.apps.cases.services import evidence, work
from tests.apps.cases.conftest import decided, take_in

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
LANGUAGES = ["en", "zh-hans"]


@pytest.fixture
def browser(people: Any, settings: Any) -> Callable[..., Client]:
    """`browser("ada")`: somebody signed in, in a language."""
    settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"require_mfa": False})

    def open_browser(name: str, language: str = "en") -> Client:
        user = people[name]
        user.language = language
        user.save(update_fields=["language"])
        client = Client()
        client.force_login(user)
        return client

    return open_browser


def text_of(client: Client, path: str, **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200, (path, answer.status_code)
    text: str = answer.content.decode()
    assert not re.search(r'\sstyle="|\son\w+="|<script(?![^>]*\b(src|type="application/json"))', text), path
    return text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_in_both_languages(language: str, case: Case, people: Any, browser: Callable[..., Client]) -> None:
    evidence.add_evidence(people["ada"], case.pk, "a.txt", [b"x"], "what")
    work.add_note(people["ada"], case.pk, "a note for @kim")
    work.add_task(people["ada"], case.pk, "call", assignee=people["kim"].pk)
    take_in(decided(9, value="u-9"))
    client = browser("kim", language)
    alert = Alert.objects.get(entity_value="u-9")
    pages = {
        reverse("cases:mine"): ("My work", "我的工作"),
        reverse("cases:alerts") + "?state=new": ("Alerts", "预警"),
        reverse("cases:alert", args=[alert.pk]): ("Why it is here", "产生原因"),
        reverse("cases:cases") + "?state=in_progress": ("In progress", "处理中"),
        reverse("cases:case", args=[case.pk]): ("Evidence", "证据"),
        reverse("cases:transitions"): ("Second person", "第二人"),
        reverse("cases:queues"): ("Hours until due", "时限"),
        reverse("cases:suppressions"): ("Nothing is suppressed", "抑制"),
    }
    for path, (english, chinese) in pages.items():
        text = text_of(client, path)
        assert (english if language == "en" else chinese) in text, path
    for name, args in (("case_new", []), ("queue_new", []), ("suppression_new", []), ("task_add", [case.pk]),
                       ("case_do", [case.pk, "assign"]), ("case_do", [case.pk, "submit"]),
                       ("alert_do", [alert.pk, "snooze"]), ("alert_do", [alert.pk, "suppress"]),
                       ("queue_change", [case.queue_id])):  # fmt: skip
        assert 'class="body"' in text_of(client, reverse(f"cases:{name}", args=args)), name


def test_from_alert_to_label(alert: Alert, people: Any, browser: Callable[..., Client]) -> None:
    ada, sam = browser("ada"), browser("sam")
    opened = ada.post(reverse("cases:alerts_do", args=["open_case"]), {"selected": [str(alert.pk)]})
    case = Case.objects.get()
    assert opened["Location"] == reverse("cases:case", args=[case.pk])
    page = text_of(ada, opened["Location"])
    assert "payment.card #2" in page
    ada.post(reverse("cases:note_add", args=[case.pk]), {"text": "customer says no"})
    file = SimpleUploadedFile("call.txt", b"transcript")
    assert ada.post(reverse("cases:evidence_add", args=[case.pk]), {"file": file, "comment": "call"}).status_code == 302
    got = ada.get(reverse("cases:evidence_get", args=[case.pk, Evidence.objects.get().pk]))
    assert (got.content, "attachment" in got["Content-Disposition"]) == (b"transcript", True)
    ada.post(reverse("cases:task_add", args=[case.pk]), {"title": "block the card", "assignee": "", "due_at": ""})
    ada.post(reverse("cases:task_do", args=[case.pk, Task.objects.get().pk]), {"done": "yes"})
    answer = ada.post(reverse("cases:case_do", args=[case.pk, "submit"]),
                      {"disposition": "fraud", "reason": "card was copied"}, **HTMX)  # fmt: skip
    assert answer["HX-Redirect"] == reverse("cases:case", args=[case.pk])
    assert "asked for closure" in text_of(ada, reverse("cases:case", args=[case.pk]))
    assert "Fraud" in text_of(sam, reverse("approvals:request", args=[Request.objects.get().pk]))
    sam.post(reverse("approvals:approve", args=[Request.objects.get().pk]))
    case.refresh_from_db()
    assert case.state == "closed"
    LabelDelivery.objects.filter(event_id="e-1").update(state="delivered", sequence=77)
    page = text_of(ada, reverse("cases:case", args=[case.pk]))
    assert "#77" in page
    assert "customer says no" in page
    assert b"card was copied" in sam.get(reverse("cases:export", args=[case.pk])).content
    told = Notification.objects.get(person=people["ada"])
    assert ada.get(reverse("cases:told", args=[told.pk]))["Location"] == reverse("cases:case", args=[case.pk])
    told.refresh_from_db()
    assert told.read_at is not None


def test_triage_in_dialogs(alert: Alert, browser: Callable[..., Client]) -> None:
    ada = browser("ada")
    snooze = reverse("cases:alerts_do", args=["snooze"])
    assert str(alert.pk) in ada.get(snooze, {"selected": [str(alert.pk)]}, **HTMX).content.decode()
    assert ada.post(snooze, {"selected": [str(alert.pk)], "days": "3", "reason": ""}, **HTMX).status_code == 422
    assert ada.post(snooze, {"selected": [str(alert.pk)], "days": "3", "reason": "waits"}, **HTMX).status_code == 204
    alert.refresh_from_db()
    assert alert.state == "snoozed"
    assert ada.post(reverse("cases:alert_do", args=[alert.pk, "wake"])).status_code == 302
    assert ada.post(reverse("cases:alerts_do", args=["dismiss"]), {"reason": "x"}).status_code == 422
    ada.post(reverse("cases:alerts_do", args=["dismiss"]), {"selected": [str(alert.pk)], "reason": "known traveller"})
    alert.refresh_from_db()
    assert (alert.state, alert.reason) == ("closed", "known traveller")


def test_alerts_into_a_case_by_dialog(case: Case, browser: Callable[..., Client]) -> None:
    take_in(decided(9, value="u-9"))
    found = Alert.objects.get(entity_value="u-9")
    answer = browser("ada").post(
        reverse("cases:alerts_do", args=["add"]), {"selected": [str(found.pk)], "case": str(case.pk)}, **HTMX
    )
    assert answer.status_code == 204
    found.refresh_from_db()
    assert found.state == "in_case"
    detach = reverse("cases:detach", args=[case.pk, found.pk])
    assert browser("ada").post(detach, {"reason": "another customer"}).status_code == 302
    found.refresh_from_db()
    assert found.state == "new"


def test_a_stale_button_shows_what_changed(case: Case, people: Any, browser: Callable[..., Client]) -> None:
    ada, sam = browser("ada"), browser("sam")
    seen = case.version
    sam.post(reverse("cases:case_do", args=[case.pk, "escalate"]), {"reason": "too grave"})
    answer = ada.post(f"{reverse('cases:case_do', args=[case.pk, 'take'])}?v={seen}")
    assert answer.status_code == 409
    assert "sam" in answer.content.decode()
    assert "Severity</th><td><del>High</del></td><td><ins>Critical</ins>" in answer.content.decode()
    case.refresh_from_db()
    assert (case.state, case.assignee) == ("new", None)


def test_queues_and_suppressions_by_dialog(alert: Alert, people: Any, browser: Callable[..., Client]) -> None:
    sam = browser("sam")
    data = {
        "key": "fraud", "title_zh": "欺诈", "title_en": "Fraud", "rank": "1", "severities": ["high"],
        "reasons": "A\uff0cB, C", "event_types": "", "assignment": "load", "calendar": "cn", "active": "on",
        "members": [str(people["ada"].pk)], "hours_low": "72", "hours_medium": "24", "hours_high": "8",
        "hours_critical": "1.5",
    }  # fmt: skip
    assert sam.post(reverse("cases:queue_new"), data, **HTMX).status_code == 204
    made = Queue.objects.get(key="fraud")
    assert (made.reasons, made.hours["critical"], made.members.get()) == (["A", "B", "C"], 1.5, people["ada"])
    change = reverse("cases:queue_change", args=[made.pk])
    assert sam.post(f"{change}?v=1", data | {"rank": "2"}, **HTMX).status_code == 204
    assert sam.post(f"{change}?v=1", data | {"rank": "3"}, **HTMX).status_code == 409
    held = {
        "typology": "VELOCITY",
        "severity": "3",
        "days": "7",
        "reason": "being mended",
        "entity_kind": "",
        "entity_value": "",
    }
    assert sam.post(reverse("cases:suppression_new"), held, **HTMX).status_code == 204
    assert "being mended" in text_of(sam, reverse("cases:suppressions"))
    lift = reverse("cases:lift", args=[Suppression.objects.get().pk])
    assert "minlength" in sam.post(lift).content.decode()
    alert.refresh_from_db()
    assert alert.state == "suppressed"
    sam.post(lift, {"reason": "mended"})
    alert.refresh_from_db()
    assert alert.state == "new"


def test_lists_open_on_what_waits(alert: Alert, browser: Callable[..., Client]) -> None:
    ada = browser("ada")
    assert ada.get(reverse("cases:alerts"))["Location"].endswith("?state=new")
    assert "state=new" in ada.get(reverse("cases:cases"))["Location"]
    assert "VELOCITY" in text_of(ada, reverse("cases:alerts"), state="new", q="u-1")
    assert "VELOCITY" not in text_of(ada, reverse("cases:alerts"), state="closed").split('id="list-body"')[1]


def test_a_case_without_alerts_by_dialog(browser: Callable[..., Client]) -> None:
    answer = browser("ada").post(
        reverse("cases:case_new"), {"title": "Odd calls", "severity": "3", "queue": "", "take": "on"}, **HTMX
    )
    assert answer.status_code == 204
    assert Case.objects.get().assignee is not None


def test_search_finds_a_case(case: Case, browser: Callable[..., Client]) -> None:
    client = browser("ada")
    for words in ("C-1001", "1001", "u-1", "VELOC"):
        assert "C-1001" in client.get(reverse("console:search"), {"q": words}).content.decode(), words


@pytest.mark.parametrize("name", ["alert", "case", "export"])
def test_unknown_ids_are_not_found(name: str, case: Case, browser: Callable[..., Client]) -> None:
    assert (
        browser("sam").get(reverse(f"cases:{name}", args=["00000000-0000-7000-8000-000000000000"])).status_code == 404
    )


def test_chinese_services_speak_chinese(alert: Alert, people: Any) -> None:
    from seawall.apps.cases.services import alerts
    from seawall.apps.errors import InvalidError

    with translation.override("zh-hans"), pytest.raises(InvalidError) as refused:
        alerts.dismiss(people["ada"], alert.pk, "")
    assert re.search("[\u4e00-\u9fff]", str(refused.value))


def test_alerts_speak_the_readers_language_and_keep_their_code(alert: Alert, browser: Callable[..., Client]) -> None:
    for language, title in (("en", "Rule"), ("zh-hans", "规则")):
        client = browser("ada", language)
        code = '<small class="coded">VELOCITY</small>'
        assert f"{title} {code}" in text_of(client, reverse("cases:alerts"), state="new")
        page = text_of(client, reverse("cases:alert", args=[alert.pk]))
        assert f"</span> {title}</h1>" in page
        assert code in page
        assert f"{title} {code}" in text_of(client, reverse("cases:mine"))
    exported = browser("ada").get(reverse("cases:alerts"), {"state": "new", "export": "csv"})
    assert "Rule [VELOCITY]" in b"".join(exported.streaming_content).decode()


def test_cases_speak_the_readers_language(case: Case, browser: Callable[..., Client]) -> None:
    for language, title in (("en", "Rule · Customer u-1"), ("zh-hans", "规则 · 客户 u-1")):
        client = browser("kim", language)
        for path in (reverse("cases:cases") + "?state=in_progress", reverse("cases:case", args=[case.pk])):
            assert title in text_of(client, path)
        assert title in client.get(reverse("cases:export", args=[case.pk])).content.decode()


def test_one_alert_of_the_list_is_triaged_from_its_row(alert: Alert, browser: Callable[..., Client]) -> None:
    take_in(decided(9, value="u-9"))
    other = Alert.objects.get(entity_value="u-9")
    ada, do = browser("ada"), reverse("cases:alerts_do", args=["dismiss"])
    assert f'formaction="{do}?selected={alert.pk}"' in text_of(ada, reverse("cases:alerts"), state="new")
    answer = ada.post(f"{do}?selected={alert.pk}", {"selected": [str(other.pk)], "reason": "known traveller"})
    assert answer["Location"] == reverse("cases:alerts")
    assert dict(Alert.objects.values_list("pk", "state")) == {alert.pk: "closed", other.pk: "new"}


def test_without_scripts_a_page_asks_for_the_reason(alert: Alert, case: Case, browser: Callable[..., Client]) -> None:
    take_in(decided(9, value="u-9"), decided(10, value="u-10"))
    first, second = Alert.objects.filter(state="new").order_by("first_sequence")
    ada = browser("ada")
    for path, posted in (
        (reverse("cases:alerts_do", args=["dismiss"]), {"selected": [str(first.pk)]}),
        (reverse("cases:alert_do", args=[second.pk, "dismiss"]), {}),
        (reverse("cases:alerts_do", args=["snooze"]), {"selected": [str(first.pk)]}),
        (reverse("cases:detach", args=[case.pk, alert.pk]), {}),
        (reverse("cases:case_do", args=[case.pk, "escalate"]), {}),
    ):
        page = ada.post(path, posted).content.decode()
        assert 'name="reason"' in page, path
        assert "<html" in page
        assert all(f'value="{one}"' in page for one in posted.get("selected", []))
    assert set(Alert.objects.values_list("state", flat=True)) == {"new", "in_case"}
    case.refresh_from_db()
    assert case.state == "in_progress"
    ada.post(reverse("cases:alerts_do", args=["snooze"]), {"selected": [str(first.pk)], "days": "3", "reason": "waits"})
    first.refresh_from_db()
    assert first.state == "snoozed"


def test_my_work_shows_what_waits_and_what_runs_out(case: Case, people: Any, browser: Callable[..., Client]) -> None:
    take_in(decided(9, value="u-9"))
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() + timedelta(hours=2))
    page = text_of(browser("ada"), reverse("cases:mine"))
    for words in ("Running out of time", "Gravest new alerts", case.number, "?clock=4h"):
        assert words in page
    assert "Waiting for your approval" not in page
    services.act(people["ada"], case.pk, "submit", services.Given("it was fraud", disposition="fraud"))
    page = text_of(browser("sam"), reverse("cases:mine"))
    assert "Waiting for your approval" in page
    assert reverse("approvals:request", args=[Request.objects.get().pk]) in page


def test_cases_by_their_clock(case: Case, people: Any, browser: Callable[..., Client]) -> None:
    kim, path = browser("kim"), reverse("cases:cases")

    def shown(clock: str) -> bool:
        return str(case.number) in text_of(kim, path, clock=clock)

    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() + timedelta(hours=2))
    assert (shown("1h"), shown("4h"), shown("late")) == (False, True, False)
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() - timedelta(hours=2), breached_at=timezone.now())
    assert (shown("1h"), shown("4h"), shown("late")) == (False, False, True)
