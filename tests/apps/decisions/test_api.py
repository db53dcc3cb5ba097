"""REST: the same decisions, entities and reveals, with pages, tags and refusals."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from seawall.apps.decisions.models import DecisionRow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("followed")]
SignIn = Callable[..., Client]


def test_decisions_page_by_page(signed_in: SignIn) -> None:
    client = signed_in("analyst")
    seen, at = [], ""
    while True:
        found = client.get("/api/v1/decisions", {"limit": 8, "at": at, "type": "payment.card"}).json()
        seen += [one["event_id"] for one in found["decisions"]]
        at = found["next"]
        if not at:
            break
    rows = DecisionRow.objects.filter(event_type="payment.card").order_by("-sequence")
    assert seen == [row.event_id for row in rows]
    (one,) = client.get("/api/v1/decisions?rule=customer_velocity&outcome=decline").json()["decisions"]
    assert (one["event_id"], one["base_amount"], one["currency"]) == ("e-22", 10_000, "CNY")


@pytest.mark.parametrize(
    "query", ["amount_min=x", "entity=c1", "sort=policy", "at=broken", "outcome=perhaps", "time=2w"]
)
def test_what_cannot_be_read_is_refused(signed_in: SignIn, query: str) -> None:
    answer = signed_in("analyst").get(f"/api/v1/decisions?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_a_decision_with_its_tag(signed_in: SignIn) -> None:
    client = signed_in("analyst")
    row = DecisionRow.objects.get(event_id="e-17")
    answer = client.get(f"/api/v1/decisions/{row.decision_id}")
    found = answer.json()
    assert found["decision_id"] == str(row.decision_id)
    assert found["explain"]["card_velocity"] == [{"leaf": "card_count_10m", "value": 8}]
    assert found["labels"][0]["label"] == "fraud"
    again = client.get(f"/api/v1/decisions/{row.decision_id}", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    sealed = client.get(f"/api/v1/decisions/{DecisionRow.objects.get(event_id='e-20').decision_id}").json()["event"]
    assert sealed["sealed"] == ["memo", "payee_name"]
    assert "memo" not in sealed
    assert client.get("/api/v1/decisions/00000000-0000-7000-8000-000000000000").status_code == 404


def test_reveal(signed_in: SignIn) -> None:
    client = signed_in("dpo")
    address = f"/api/v1/decisions/{DecisionRow.objects.get(event_id='e-20').decision_id}/reveal"
    body = {"field": "payee_name", "purpose": "fraud", "reason": "the bank asks who was paid"}
    answer = client.post(address, body, content_type="application/json")
    assert answer.json() == {"field": "payee_name", "text": "张**", "masked": True, "erased": False}
    refused = client.post(address, body | {"purpose": "x"}, content_type="application/json")
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["purpose"])


def test_entities(signed_in: SignIn) -> None:
    client = signed_in("analyst")
    listed = client.get("/api/v1/entities", {"kind": "customer", "after": "c1"}).json()
    assert [(one["value"], one["decisions"], one["flagged"]) for one in listed] == [("c2", 9, 5), ("c3", 1, 0)]
    one = client.get("/api/v1/entities/one", {"kind": "customer", "value": "c2"}).json()
    assert {"kind": "device", "value": "d2", "shared": 9} in one["linked"]
    assert one["features"]["customer_count_1h"] == "9"
    asked = {"kind": "card", "value": "6222020000000002"}
    assert client.post("/api/v1/entities/find", asked, content_type="application/json").json()["decisions"] == 8
    assert client.get("/api/v1/entities/one", {"kind": "customer", "value": "x"}).status_code == 404
