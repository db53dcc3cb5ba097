"""Pages and REST of actions: dry run first, then the action, its undo."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from seawall.apps.outbox import sending
from seawall.apps.response.models import Action
from tests.apps.response.conftest import DirectApi

pytestmark = pytest.mark.django_db
Sign = Callable[..., Client]
BLOCK = {"target_kind": "device", "target": "d1", "minutes": "1440", "reason": "card is copied"}


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content[:2000]
    return unescape(answer.content.decode())


def test_the_story_of_a_block(api: DirectApi, signed_in: Sign) -> None:
    client = signed_in("analyst")
    chosen = text(client.get(reverse("response:choose") + "?target_kind=device&target=d1"))
    assert "Prepare: Block" in chosen
    assert "Prepare: Ban an IP address" not in chosen
    assert "No adapter in this version" in chosen
    url = reverse("response:new", args=["block"])
    assert 'value="d1"' in text(client.get(f"{url}?target_kind=device&target=d1"))
    dry = text(client.post(url, BLOCK | {"step": "preview", "once": "1"}))
    assert "It acts on: Blocked devices" in dry
    assert "Do it: Block" in dry
    assert not Action.objects.exists()
    for _twice in range(2):
        client.post(url, BLOCK | {"step": "take", "once": "1"})
    row = Action.objects.get()
    sending.deliver("engine")
    page = text(client.get(reverse("response:action", args=[row.pk])))
    assert "In effect" in page
    assert "Blocked devices" in page
    assert "Undo" in page
    client.post(reverse("response:undo", args=[row.pk]), {"reason": "it was not"})
    sending.deliver("engine")
    page = text(client.get(reverse("response:action", args=[row.pk])))
    assert "Undone because: it was not" in page
    assert "d1" in text(client.get(reverse("response:actions")))


def test_what_is_wrong_is_said_at_its_field(api: DirectApi, signed_in: Sign) -> None:
    client, url = signed_in("analyst"), reverse("response:new", args=["block"])
    assert "required" in text(client.post(url, {"step": "take"}), 422)
    merchant = text(client.post(url, BLOCK | {"target_kind": "merchant", "step": "take"}), 422)
    assert "has no list that does this" in merchant
    dry = text(client.post(url, BLOCK | {"target_kind": "merchant", "step": "preview"}))
    assert "has no list that does this" in dry
    assert "Do it" not in dry
    assert client.get(reverse("response:new", args=["ban_ip"])).status_code == 404


def test_a_freeze_is_asked_for(api: DirectApi, signed_in: Sign) -> None:
    client, url = signed_in("analyst"), reverse("response:new", args=["freeze"])
    body = BLOCK | {"target_kind": "customer", "target": "c1"}
    dry = text(client.post(url, body | {"step": "preview"}))
    assert "Ask for approval" in dry
    assert "those would have been different" in dry or "no decision on it" in dry
    client.post(url, body | {"step": "take"})
    assert Action.objects.get().state == "proposed"


@pytest.mark.parametrize("kind", ["add_to_list", "hold", "limit", "notify", "open_case", "webhook"])
def test_each_form_opens(kind: str, api: DirectApi, signed_in: Sign) -> None:
    assert "Dry run" in text(signed_in("analyst").get(reverse("response:new", args=[kind])))


def test_rest(api: DirectApi, signed_in: Sign) -> None:
    client = signed_in("analyst")

    def post(path: str, **body: Any) -> Any:
        return client.post(f"/api/v1/actions{path}", json.dumps(body), content_type="application/json")

    kinds = {one["kind"]: one["adapter"] for one in client.get("/api/v1/actions/kinds").json()}
    assert (kinds["block"], kinds["ban_ip"], kinds["revoke_key"]) == (True, False, False)
    body = {"kind": "block", "reason": "copied", "target_kind": "device", "target": "d1", "ttl_minutes": 60, "key": "k"}
    assert post("/dry-run", **body).json()["place"] == "Blocked devices"
    first, second = post("", **body), post("", **body)
    assert (first.status_code, first.json()["id"]) == (201, second.json()["id"])
    assert post("", **body | {"ttl_minutes": 61}).status_code == 409
    assert post("", **body | {"ttl_minutes": 0, "key": "l"}).json()["fields"].keys() == {"ttl"}
    row = first.json()
    assert [one["id"] for one in client.get("/api/v1/actions?target=d1").json()] == [row["id"]]
    assert client.get(f"/api/v1/actions/{row['id']}").json()["state"] == "starting"
    assert post(f"/{row['id']}/undo", reason="a slip").json()["state"] == "withdrawn"
