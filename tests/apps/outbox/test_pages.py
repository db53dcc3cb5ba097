"""Pages and REST of the outbox: what is stuck, what an operator does, a secret that is shown once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from re import search
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from seawall.apps.approvals import services as approvals
from seawall.apps.outbox import channels, sending, webhook_queries
from seawall.apps.outbox.models import Contact, Delivery, Endpoint
from tests.apps.outbox.agreed import second_person
from tests.apps.outbox.conftest import Told, put

pytestmark = pytest.mark.django_db
Sign = Callable[..., Client]


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content[:500]
    return unescape(answer.content.decode())


def stuck(told: Told) -> Delivery:
    told.outcomes = [channels.retry("refused to talk")] * 3
    row, now = put(1, "a"), timezone.now()
    put(2, "a")
    for _ in range(3):
        sending.deliver("told", now)
        now += timedelta(hours=1)
    row.refresh_from_db()
    assert row.state == "stuck"
    return row


def test_what_is_stuck_is_seen_and_tried_again(told: Told, signed_in: Sign) -> None:
    client, row = signed_in("admin"), stuck(told)
    page = text(client.get(reverse("outbox:deliveries")))
    assert "1 stuck" in page
    assert "refused to talk" in page
    assert "Try everything that is stuck" in page
    shown = text(client.get(reverse("outbox:delivery", args=[row.pk])))
    assert "It was tried 3 times" in shown
    assert "1 later ones of the same order wait for it" in shown
    assert "Only people who may see decisions see it" in shown
    client.post(reverse("outbox:act", args=[row.pk, "retry"]))
    row.refresh_from_db()
    assert row.state == "waiting"
    client.post(reverse("outbox:act", args=[row.pk, "cancel"]), {"reason": "not any more"})
    row.refresh_from_db()
    assert row.state == "cancelled"
    client.post(reverse("outbox:act", args=[row.pk, "replay"]))
    row.refresh_from_db()
    assert (row.state, row.ready) == ("waiting", False)


def test_everything_stuck_at_once(told: Told, signed_in: Sign) -> None:
    client, row = signed_in("admin"), stuck(told)
    client.post(reverse("outbox:retry_stuck"))
    row.refresh_from_db()
    assert row.state == "waiting"


def test_who_may_see_decisions_sees_the_body(told: Told, signed_in: Sign) -> None:
    row = put(1)
    page = text(signed_in("auditor").get(reverse("outbox:delivery", args=[row.pk])))
    assert '"number": 1' in page
    assert reverse("outbox:act", args=[row.pk, "cancel"]) not in page


def test_a_refused_command_says_why(told: Told, signed_in: Sign) -> None:
    client, row = signed_in("admin"), put(1)
    answer = client.post(reverse("outbox:act", args=[row.pk, "replay"]))
    assert answer.status_code == 409
    assert "is not possible while the delivery is" in unescape(answer.content.decode())


def test_a_secret_is_shown_once(signed_in: Sign) -> None:
    client = signed_in("admin")
    wrong = client.post(
        reverse("outbox:endpoint_new"), {"name": "desk", "url": "https://10.0.0.1/", "reason": "some reason"}
    )
    assert (wrong.status_code, "private or reserved" in wrong.content.decode()) == (422, True)
    given = {
        "name": "desk",
        "url": "https://example.com/hook",
        "kinds": ["case.opened", "case.closed"],
        "reason": "the desk",
    }
    made = text(client.post(reverse("outbox:endpoint_new"), given))
    found = search(r"whsec_[\w-]{43}", made)
    assert found is not None
    row = Endpoint.objects.get()
    page = text(client.get(reverse("outbox:endpoint", args=[row.pk])))
    assert found[0] not in page
    assert "Case closed" in page
    assert row.secrets.get().key_id in page
    assert "desk" in text(client.get(reverse("outbox:endpoints")))
    assert "Waits for approval" in page
    assert client.post(reverse("outbox:endpoint_act", args=[row.pk, "ping"])).status_code == 409
    approvals.approve(second_person(), webhook_queries.open_request(row).pk)
    edit = {"url": "https://example.com/other", "kinds": [], "reason": "it has moved"}
    client.post(reverse("outbox:endpoint_edit", args=[row.pk]), edit)
    row.refresh_from_db()
    assert row.url == "https://example.com/hook"
    request = webhook_queries.open_request(row)
    assert str(request.pk) in text(client.get(reverse("outbox:endpoint", args=[row.pk])))
    approvals.approve(second_person(), request.pk)
    assert "whsec_" in text(client.post(reverse("outbox:endpoint_act", args=[row.pk, "rotate"])))
    assert client.post(reverse("outbox:endpoint_act", args=[row.pk, "rotate"])).status_code == 409
    for action, check in (("end-old", lambda: True), ("off", lambda: not row.active), ("on", lambda: row.active)):
        assert client.post(reverse("outbox:endpoint_act", args=[row.pk, action])).status_code == 302
        row.refresh_from_db()
        assert check()
    client.post(reverse("outbox:endpoint_act", args=[row.pk, "ping"]))
    sent = Delivery.objects.get()
    assert (sent.body["kind"], row.url) == ("ping", "https://example.com/other")
    assert "desk" in text(client.get(reverse("outbox:deliveries")))


def test_contacts(signed_in: Sign) -> None:
    client = signed_in("admin")
    given = {"group": "on_call", "name": "Duty", "channel": "sms", "address": "110"}
    assert client.post(reverse("outbox:contact_new"), given).status_code == 422
    client.post(reverse("outbox:contact_new"), given | {"address": "+8613800138000"})
    page = text(client.get(reverse("outbox:contacts")))
    assert "+86***8000" in page
    assert "800138" not in page
    client.post(reverse("outbox:contact_remove", args=[Contact.objects.get().pk]))
    assert not Contact.objects.exists()


def test_rest(told: Told, signed_in: Sign) -> None:
    client, row = signed_in("admin"), stuck(told)
    listed = client.get("/api/v1/outbox?state=stuck").json()
    assert [(one["id"], one["problem"], one["to"]) for one in listed] == [(str(row.pk), "refused to talk", "somewhere")]
    assert client.get("/api/v1/outbox?before=1").json() == []
    known = client.get(f"/api/v1/outbox/{row.pk}")
    assert client.get(f"/api/v1/outbox/{row.pk}", headers={"If-None-Match": known["ETag"]}).status_code == 304
    standing = {one["channel"]: one["counts"] for one in client.get("/api/v1/outbox/channels").json()}
    assert standing["told"] == {"stuck": 1, "waiting": 1}
    assert client.post(f"/api/v1/outbox/{row.pk}/replay").status_code == 409
    assert client.post(f"/api/v1/outbox/{row.pk}/retry").json()["state"] == "waiting"
    body = json.dumps({"reason": "no more"})
    answer = client.post(f"/api/v1/outbox/{row.pk}/cancel", body, content_type="application/json")
    assert answer.json()["state"] == "cancelled"


def test_endpoints_over_rest(signed_in: Sign) -> None:
    client, root = signed_in("admin"), "/api/v1/outbox/endpoints"

    def post(path: str, body: dict[str, Any]) -> Any:
        return client.post(f"{root}{path}", json.dumps(body), content_type="application/json")

    asked = post("", {"name": "lake", "url": "https://example.com/in", "kinds": ["case.opened"], "reason": "it reads"})
    assert (asked.status_code, asked["Cache-Control"], asked.json()["secret"][:6]) == (202, "no-store", "whsec_")
    made = asked.json()["endpoint"]
    assert (made["agreed"], made["active"], bool(made["request_id"])) == (False, False, True)
    assert post(f"/{made['id']}/active", {"active": True}).status_code == 409
    approvals.approve(second_person(), made["request_id"])
    (one,) = client.get(root).json()
    assert (one["agreed"], one["active"], one["request_id"], "secret" in one) == (True, True, None, False)
    change = {"url": "https://example.com/elsewhere", "kinds": [], "reason": "it has moved"}
    waiting = post(f"/{made['id']}/change", change)
    assert (waiting.status_code, waiting.json()["url"]) == (202, "https://example.com/in")
    approvals.approve(second_person(), waiting.json()["request_id"])
    assert client.get(f"{root}/{made['id']}").json()["url"] == "https://example.com/elsewhere"
    assert post(f"/{made['id']}/active", {"active": False}).json()["active"] is False
    assert post("", {"name": "x", "url": "https://10.0.0.1/", "reason": "some reason"}).status_code == 422
