"""The REST API of the room from a draft to a request."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.apps.decisions.home import PACK
from tests.apps.policies.conftest import FIRST, SECOND, SHIPPED, numbered

if TYPE_CHECKING:
    from django.test import Client

    from seawall.apps.policies.models import Version

ROOT = "/api/v1/policies"


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(f"{ROOT}{path}", json.dumps(body), content_type="application/json")


def test_from_a_draft_to_a_request(first: Version, signed_in: Callable[..., Client]) -> None:
    from seawall.apps.policies.services import gates

    client = signed_in("model_owner")
    (listed,) = client.get(f"{ROOT}/versions").json()
    assert (listed["label"], listed["state"], listed["id"]) == (FIRST, "champion", str(first.pk))
    draft = post(client, "/drafts", version=str(first.pk), title="stricter").json()
    edit = {"edit": "threshold.set", "arguments": {"outcome": "review", "score": 55}, "token": draft["token"]}
    saved = post(client, f"/drafts/{draft['id']}/edits", **edit).json()
    assert saved["changes"][0]["sentence"] == "Threshold for Review: 60 → 55"
    assert saved["checked"]["ok"] is True
    stale = post(client, f"/drafts/{draft['id']}/edits", **edit)
    assert (stale.status_code, "Threshold for Review" in stale.json()["detail"]) == (409, True)
    page = client.get(f"{ROOT}/drafts/{draft['id']}")
    assert page.json()["files"]["policy.yaml"].startswith(f"policy: payments\nversion: {SHIPPED + 1}\n")
    assert client.get(f"{ROOT}/drafts/{draft['id']}", headers={"If-None-Match": page["ETag"]}).status_code == 304
    text = page.json()["files"]["rules.yaml"].replace("score: 45", "score: x", 1)
    wrong = post(client, f"/drafts/{draft['id']}/text", file="rules.yaml", text=text, token=2).json()
    line = text[: text.index("score: x")].count("\n") + 1
    assert [(one["file"], one["line"]) for one in wrong["checked"]["problems"]] == [("rules.yaml", line)]
    fine = text.replace("score: x", "score: 46", 1)
    post(client, f"/drafts/{draft['id']}/text", file="rules.yaml", text=fine, token=3)
    version = post(client, f"/drafts/{draft['id']}/freeze", token=4, note="stricter").json()
    assert (version["label"], version["parent"], version["state"]) == (SECOND, FIRST, "draft")
    refused = post(client, f"/versions/{version['id']}/submit", role="champion", reason="now")
    assert refused.status_code == 409
    for kind in ("cases", "backtest"):
        gates.note(version["digest"], kind, True, {})
    asked = post(client, f"/versions/{version['id']}/submit", role="challenger", reason="try", share=100,
                 entity="customer", limits={"decisions": 500, "approval_points": 2.5})  # fmt: skip
    assert asked.status_code == 200
    shown = client.get(f"{ROOT}/versions/{version['id']}").json()
    assert (shown["state"], {one["kind"] for one in shown["reports"]}) == ("in_review", {"cases", "backtest"})
    found = client.get(f"{ROOT}/versions/{version['id']}/difference", {"against": str(first.pk)}).json()
    assert [one["sentence"] for one in found["changes"]] == [
        "Threshold for Review: 60 → 55", "Rule card_velocity: score 45 → 46",
    ]  # fmt: skip


def test_an_upload_and_a_check(home: object, signed_in: Callable[..., Client]) -> None:
    client = signed_in("model_owner")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in PACK.glob("*.yaml"):
            text = path.read_text("utf-8")
            archive.writestr(path.name, numbered(text, 95) if path.name == "policy.yaml" else text)
    file = SimpleUploadedFile("pack.zip", buffer.getvalue())
    made = client.post(f"{ROOT}/versions", {"file": file, "note": "moved over"})
    assert (made.status_code, made.json()["label"], made.json()["note"]) == (200, "payments@95", "moved over")
    bad = client.post(f"{ROOT}/versions", {"file": SimpleUploadedFile("pack.zip", b"no zip")})
    assert bad.status_code == 422
    found = post(client, "/check", files={"rules.yaml": "rules: ["}).json()
    assert found["ok"] is False
    assert post(client, "/check", files={"../x.yaml": ""}).status_code == 422


def test_what_decides_and_what_can_be_asked_for(first: Version, signed_in: Callable[..., Client]) -> None:
    client = signed_in("auditor")
    (running,) = client.get(f"{ROOT}/deployments").json()
    assert (running["outcome"], running["sequence"], running["places"][0]["policy"]) == ("active", 0, FIRST)
    assert client.get(f"{ROOT}/comparison").json() == []
    assert client.get(f"{ROOT}/edits").json()["cell.set"] == "rules.yaml"
    assert {"velocity", "structuring"} <= {one["id"] for one in client.get(f"{ROOT}/templates").json()}
    assert post(client, "/drafts", version=str(first.pk)).status_code == 403
    assert "card_velocity" in client.get(f"{ROOT}/versions/{first.pk}/files").json()["rules.yaml"]


def test_a_simulation(first: Version, signed_in: Callable[..., Client]) -> None:
    from seawall.apps.decisions.models import DecisionRow

    client = signed_in("auditor")
    row = DecisionRow.objects.get(event_id="e-17")
    said = post(client, f"/versions/{first.pk}/simulate", decision_id=str(row.decision_id)).json()
    assert (said["outcome"], said["score"], said["zero"]) == (row.outcome, row.score, [])
    assert {one["rule"] for one in said["rules"] if one["fired"]} == set(row.rules)


@pytest.mark.parametrize("path", ["/versions", "/drafts", "/deployments", "/comparison"])
def test_who_may_not_look(path: str, home: object, signed_in: Callable[..., Client]) -> None:
    assert signed_in("analyst").get(f"{ROOT}{path}").status_code == 403
