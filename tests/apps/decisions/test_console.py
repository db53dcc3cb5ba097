"""Pages of the room: they open in both languages, show what the journal holds, and nothing to whom it is not shown."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from seawall.apps.accounts.models import Assignment, User
from seawall.apps.audit.models import Outbox
from seawall.apps.decisions import registry
from seawall.apps.decisions.models import DecisionRow, Entity
from seawall.apps.decisions.registry import Neighbour, Related, register_neighbour
from seawall.server.control.middleware import POLICY
from tests.apps.decisions.home import LABEL

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("followed")]
SignIn = Callable[..., Client]


def page(event_id: str) -> str:
    return reverse("decisions:decision", args=[DecisionRow.objects.get(event_id=event_id).decision_id])


def of(kind: str, value: str) -> str:
    return reverse("decisions:entity", args=[kind, value])


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


def events(client: Client, query: str) -> list[str]:
    """Event ids on the explorer's page, in its order."""
    answer = client.get(f"/decisions/{query}", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    ids = re.findall(r'href="/decisions/([0-9a-f-]{36})/"', answer.content.decode())
    known = {str(row.decision_id): row.event_id for row in DecisionRow.objects.all()}
    return [known[one] for one in ids]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_pages_open_in_both_languages_under_the_strict_policy(signed_in: SignIn, language: str) -> None:
    client = signed_in("senior_analyst")
    User.objects.update(language=language)
    pages = ["/decisions/", "/decisions/?outcome=approve&type=payment.card&amount_min=1&time=30d&q=c1", "/entities/",
             "/entities/?kind=card", "/entities/find/", page("e-17"), page("e-20"), page("e-22"), page("e-0"),
             of("customer", "c2"), of("device", "d2"), of("customer", "c3"), page("e-20") + "reveal/memo/"]  # fmt: skip
    for one in pages:
        answer = client.get(one)
        assert answer.status_code == 200, one
        assert answer["Content-Language"] == language
        assert answer["Content-Security-Policy"] == POLICY
        text = answer.content.decode()
        assert " style=" not in text
        assert " onclick=" not in text
        assert "<script>" not in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?outcome=decline", ["e-22"]),
        ("?outcome=review&outcome=decline", ["e-22", "e-17"]),
        ("?type=payment.transfer", ["e-21", "e-20"]),
        ("?rule=customer_velocity", ["e-22", "e-17"]),
        ("?rule=customer_velocity&outcome=review", ["e-17"]),
        ("?entity=customer:c3", ["e-21"]),
        ("?entity=device:d2&outcome=decline", ["e-22"]),
        ("?entity=device:nothing", []),
        ("?amount_min=5000", ["e-21", "e-20"]),
        ("?amount_min=100.08&amount_max=100.09", ["e-9", "e-8"]),
        ("?q=e-3", ["e-3"]),
        ("?q=c3", ["e-21"]),
        ("?q=00000000-0000-7000-8000-000000000000", []),
        ("?degraded=1", []),
        ("?time_from=2026-11-08&time_to=2026-11-08", ["e-0"]),
        ("?time_from=2026-11-09&time_to=2026-11-09", ["e-2", "e-1"]),
        ("?sort=-score&rule=card_velocity", ["e-17", "e-16", "e-15", "e-14"]),
    ],
)
def test_filters_find_what_they_say(signed_in: SignIn, query: str, expected: list[str]) -> None:
    assert events(signed_in("analyst"), query) == expected


@pytest.mark.parametrize("few", [0, 100_000])
def test_many_and_few_matches_give_the_same_rows(signed_in: SignIn, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.apps.decisions.selection.FEW", few)
    client = signed_in("analyst")
    assert events(client, "?rule=card_velocity&outcome=review&amount_min=1&entity=customer:c2") == ["e-17"]
    assert events(client, "?outcome=decline&outcome=review&type=payment.card") == ["e-22", "e-17"]


def test_bad_filters_are_said_not_obeyed(signed_in: SignIn) -> None:
    shown = text_of(signed_in("analyst"), "/decisions/?entity=nocolon&amount_min=x&outcome=perhaps")
    assert "nocolon is not an entity" in shown
    assert "perhaps is not a choice" in shown


def test_facets_count_alone_from_totals_and_among_filters_from_rows(signed_in: SignIn) -> None:
    client = signed_in("analyst")

    def counts(query: str) -> dict[str, str]:
        body = client.get(f"/decisions/{query}").content.decode()
        return dict(re.findall(r'value="([\w.]+)"[^>]*>.*?<span class="count">([\d,+]+)</span>', body))

    alone = counts("")
    assert (alone["approve"], alone["decline"], alone["payment.transfer"], alone["card_velocity"]) == (
        "16",
        "1",
        "2",
        "4",
    )
    among = counts("?type=payment.transfer")
    assert among["approve"] == "2"
    assert "decline" not in among


def test_a_decision_says_why_in_words(signed_in: SignIn) -> None:
    client = signed_in("analyst")
    shown = text_of(client, page("e-17"))
    for said in ("Burst of payments of one card within 10 minutes", "+45", "+35", "Payments of the card in 10 min 8",
                 "VELOCITY", "usual", f"{LABEL} still decides", "Labelled: Fraud", "100.00 CNY"):  # fmt: skip
        assert said in shown, said
    User.objects.update(language="zh-hans")
    shown = text_of(client, page("e-17"))
    assert "单卡10分钟内密集支付" in shown
    assert "本卡10分钟支付笔数" in shown
    listed = text_of(client, page("e-22"))
    assert "设备黑名单" in listed


def test_sealed_values_and_card_numbers_are_on_no_page(signed_in: SignIn) -> None:
    client = signed_in("senior_analyst")
    for one in ("/decisions/", page("e-20"), page("e-17"), of("customer", "c1"), "/entities/"):
        body = client.get(one).content.decode()
        for secret in ("张三丰", "rent for May", "6222020000000001", "6222020000000002"):
            assert secret not in body
    assert "Sealed" in text_of(client, page("e-20"))


def test_reveal_asks_for_a_purpose_shows_once_and_stands_in_the_timeline(signed_in: SignIn) -> None:
    client = signed_in("senior_analyst")
    address = page("e-20") + "reveal/payee_name/"
    asked = {"purpose": "fraud", "reason": "the bank asks who was paid", "extent": "whole"}
    for wrong in ({"purpose": ""}, {"reason": "x"}, {"extent": "all"}):
        answer = client.post(address, asked | wrong)
        assert answer.status_code == 422
        assert "张三丰" not in answer.content.decode()
    answer = client.post(address, asked)
    assert answer.status_code == 200
    assert "张三丰" in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert "张三丰" not in client.get(page("e-20")).content.decode()
    assert "payee_name looked at" in text_of(client, page("e-20"))


def test_who_may_not_reveal_sees_no_button_and_no_page(signed_in: SignIn) -> None:
    client = signed_in("analyst")
    assert "reveal/payee_name" not in client.get(page("e-20")).content.decode()
    assert client.get(page("e-20") + "reveal/payee_name/").status_code == 403


def test_unknown_ids_are_not_found(signed_in: SignIn) -> None:
    client = signed_in("senior_analyst")
    for one in ("/decisions/00000000-0000-7000-8000-000000000000/", of("customer", "nobody"), of("planet", "c1"),
                "/decisions/00000000-0000-7000-8000-000000000000/reveal/memo/", page("e-0")[:-3] + "ff/"):  # fmt: skip
        assert client.get(one).status_code == 404, one


def test_an_entity_shows_its_decisions_features_lists_and_company(signed_in: SignIn) -> None:
    client = signed_in("analyst")
    shown = text_of(client, of("customer", "c2"))
    for said in (
        "Payments of the customer in 1 h",
        "Entities that share decisions",
        "Decline · Card payment",
        "Labelled: Fraud",
    ):
        assert said in shown, said
    device = text_of(client, of("device", "d2"))
    assert "Blocked devices" in device
    assert "stolen" in device
    assert "Erased" in text_of(client, of("customer", "c3"))
    answer = client.post("/entities/find/", {"kind": "card", "value": "6222020000000002"})
    card = Entity.objects.get(kind="card", decisions=8)
    assert answer["Location"] == of("card", card.value)
    assert client.post("/entities/find/", {"kind": "card", "value": "1"}).status_code == 422


def test_keys_with_any_sign_have_a_page(signed_in: SignIn) -> None:
    Entity.objects.create(
        kind="merchant", value="a/b?c#d%2F 王", first_sequence=1, last_sequence=1, first_at=1, last_at=1
    )
    assert signed_in("analyst").get(of("merchant", "a/b?c#d%2F 王")).status_code == 200


@pytest.fixture
def neighbour() -> Iterator[None]:
    """Another room that has a case about every decision and entity."""
    case = Related("Case 7", "/cases/7/", "Case")
    register_neighbour(Neighbour("test", lambda user, row: [case], lambda user, entity: [case],
                                 lambda scope: DecisionRow.objects.filter(event_id="e-17").values("sequence")
                                 if scope.cases else None))  # fmt: skip
    yield
    registry._NEIGHBOURS.pop("test")


@pytest.mark.usefixtures("neighbour")
def test_other_rooms_are_linked_and_open_decisions_to_the_examiner_of_their_case(signed_in: SignIn) -> None:
    client = signed_in("examiner")  # whose scope is one case
    assert events(client, "") == ["e-17"]
    assert "Case 7" in text_of(client, page("e-17"))
    assert client.get(page("e-0")).status_code == 404
    assert client.get(of("customer", "c2")).status_code == 200
    assert client.get(of("customer", "c1")).status_code == 404


def test_an_examiner_of_days_sees_those_days(signed_in: SignIn) -> None:
    client = signed_in("analyst")
    end = timezone.now() + timedelta(days=1)
    Assignment.objects.update(role="examiner", scope={"from": "2026-11-09", "until": "2026-11-09"}, valid_until=end)
    assert events(client, "") == ["e-2", "e-1"]
    assert client.get(page("e-17")).status_code == 404
    facts = text_of(client, of("customer", "c1"))
    assert "Decisions 2" in facts


def test_an_examiner_of_cases_nobody_links_sees_nothing(signed_in: SignIn) -> None:
    client = signed_in("examiner")
    assert events(client, "") == []
    assert client.get(page("e-17")).status_code == 404


def test_export_needs_its_permission_and_is_recorded(signed_in: SignIn) -> None:
    client = signed_in("analyst")
    assert client.get("/decisions/?export=csv")["Content-Type"].startswith("text/html")
    Assignment.objects.update(role="compliance_officer")
    answer = client.get("/decisions/?export=csv&outcome=decline")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert Outbox.objects.get(action="decisions.exported").data == {"format": "csv"}


def test_a_damaged_home_is_said_on_the_page(signed_in: SignIn, settings: Any, tmp_path: Any) -> None:
    from seawall.server.home import Home

    client, address = signed_in("analyst"), page("e-17")
    settings.HOME = Home(tmp_path).prepare()
    (tmp_path / "journal.db").write_bytes(b"not a journal")
    shown = text_of(client, address)
    assert "journal" in shown
    assert "Review" in shown
