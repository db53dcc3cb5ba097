"""REST: what an integration can do, on the version it has read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from seawall.apps.cases.models import Alert, Case
from seawall.apps.cases.services import cases
from seawall.apps.cases.services.cases import Given

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"


@pytest.fixture
def ada(people: Any, settings: Any) -> Client:
    settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"require_mfa": False})
    client = Client()
    client.force_login(people["ada"])
    return client


def post(client: Client, path: str, body: Any = None, **headers: str) -> Any:
    return client.post(f"{ROOT}{path}", json.dumps(body or {}), content_type="application/json", headers=headers)


def test_alerts(ada: Client, alert: Alert) -> None:
    listed = ada.get(f"{ROOT}/alerts", {"state": "new", "severity": "high", "entity": "u-1"}).json()
    assert [one["id"] for one in listed] == [str(alert.pk)]
    assert (listed[0]["severity"], listed[0]["queue"], listed[0]["hits"]) == ("high", "general", 2)
    assert ada.get(f"{ROOT}/alerts", {"severity": "grave"}).status_code == 422
    assert ada.get(f"{ROOT}/alerts", {"before": str(alert.pk)}).json() == []
    assert post(ada, f"/alerts/{alert.pk}/dismiss", {"reason": "known"}).status_code == 428
    tag = ada.get(f"{ROOT}/alerts/{alert.pk}")["ETag"]
    assert ada.get(f"{ROOT}/alerts/{alert.pk}", headers={"If-None-Match": tag}).status_code == 304
    done = post(ada, f"/alerts/{alert.pk}/dismiss", {"reason": "known"}, **{"If-Match": tag})
    assert (done.status_code, done.json()["state"]) == (200, "closed")
    assert done["ETag"].startswith('"2-')
    later = {"reason": "x", "until": "2026-11-30T00:00:00Z"}
    assert post(ada, f"/alerts/{alert.pk}/suppress", later, **{"If-Match": "*"}).status_code == 403
    assert post(ada, f"/alerts/{alert.pk}/fly", {}, **{"If-Match": "*"}).status_code == 404


def test_a_case_from_beginning_to_closure(ada: Client, alert: Alert) -> None:
    made = post(ada, "/cases", {"alerts": [str(alert.pk)], "take": True})
    assert made.status_code == 201
    path, tag = f"/cases/{made.json()['id']}", made["ETag"]
    assert ada.get(f"{ROOT}{path}")["ETag"] == tag
    assert post(ada, f"{path}/notes", {"text": "odd"}).status_code == 201
    task = post(ada, f"{path}/tasks", {"title": "call"}).json()
    assert post(ada, f"{path}/tasks/{task['id']}", {"done": True}).json()["done_at"] is not None
    file = SimpleUploadedFile("a.txt", b"abc")
    added = ada.post(f"{ROOT}{path}/evidence", {"file": file, "comment": "c"})
    assert (added.status_code, added.json()["size"]) == (201, 3)
    counts = {one: len(ada.get(f"{ROOT}{path}/{one}").json()) for one in ("notes", "tasks", "evidence", "alerts")}
    assert counts == {"notes": 1, "tasks": 1, "evidence": 1, "alerts": 1}
    tag = ada.get(f"{ROOT}{path}")["ETag"]
    done = post(ada, f"{path}/actions/submit", {"reason": "copied card", "disposition": "fraud"}, **{"If-Match": tag})
    assert done.json()["state"] == "closing"
    assert post(ada, f"{path}/actions/approve", {}, **{"If-Match": "*"}).status_code == 404


def test_a_stale_change_is_412_and_names_what_changed(ada: Client, case: Case, people: Any) -> None:
    tag = ada.get(f"{ROOT}/cases/{case.pk}")["ETag"]
    cases.act(people["sam"], case.pk, "escalate", Given("grave"))
    refused = post(ada, f"/cases/{case.pk}/actions/take", {}, **{"If-Match": tag})
    assert (refused.status_code, refused["Content-Type"]) == (412, "application/problem+json")
    assert [one["action"] for one in refused.json()["changes"]] == ["case.escalated"]
    assert refused.json()["changes"][0]["changed"]["severity"] == [3, 4]
    assert "Case escalated" in refused.json()["detail"]
    assert "Severity High → Critical" in refused.json()["detail"]
    assert post(ada, f"/cases/{case.pk}/actions/take", {}, **{"If-Match": "x"}).status_code == 422
    tag = ada.get(f"{ROOT}/cases/{case.pk}")["ETag"]
    assert post(ada, f"/cases/{case.pk}/actions/take", {}, **{"If-Match": tag}).status_code == 200


def test_what_one_may_not_see_is_unknown(ada: Client, case: Case, people: Any) -> None:
    cases.restrict(people["kim"], case.pk, True, "insider")
    client = Client()
    client.force_login(people["sam"])
    for path in ("", "/notes", "/tasks", "/evidence", "/alerts"):
        assert client.get(f"{ROOT}/cases/{case.pk}{path}").status_code == 404
    assert client.get(f"{ROOT}/cases").json() == []
    assert ada.get(f"{ROOT}/cases", {"entity": "u-1"}).json()[0]["number"] == "C-1001"
    assert [one["key"] for one in ada.get(f"{ROOT}/cases/queues").json()] == ["general"]
