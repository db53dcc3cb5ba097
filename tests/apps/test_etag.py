"""Conditional requests over the REST API: 304, 412 with what changed, 428."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from seawall.apps.accounts import services
from seawall.apps.accounts.models import Assignment, User
from seawall.apps.accounts.services import OPERATOR, Wanted
from seawall.apps.approvals.models import Request

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"
PROBLEM = "application/problem+json"


@pytest.fixture
def client(signed_in: Callable[..., Client]) -> Client:
    return signed_in("admin", name="root")


@pytest.fixture
def ana(make_user: Callable[..., User]) -> User:
    return make_user("ana", "analyst")


def get(client: Client, path: str, **headers: str) -> Any:
    return client.get(f"{ROOT}{path}", headers=headers)


def post(client: Client, path: str, tag: str | None, body: Any = None) -> Any:
    headers = {} if tag is None else {"If-Match": tag}
    return client.post(f"{ROOT}{path}", json.dumps(body or {}), content_type="application/json", headers=headers)


def test_what_has_not_changed_is_not_sent_again(client: Client, ana: User) -> None:
    tag = get(client, f"/users/{ana.pk}")["ETag"]
    for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = get(client, f"/users/{ana.pk}", **{"If-None-Match": asked})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert get(client, f"/users/{ana.pk}", **{"If-None-Match": '"other"'}).status_code == 200
    services.disable(OPERATOR, ana.pk)
    assert get(client, f"/users/{ana.pk}", **{"If-None-Match": tag}).status_code == 200


def test_a_change_names_what_it_was_decided_on(client: Client, ana: User) -> None:
    path = f"/users/{ana.pk}"
    missing = post(client, f"{path}/disable", None)
    assert (missing.status_code, missing["Content-Type"], missing.json()["status"]) == (428, PROBLEM, 428)
    assert "If-Match" in missing.json()["detail"]
    tag = get(client, path)["ETag"]
    services.end_assignment(OPERATOR, Assignment.objects.get(user=ana).pk)
    services.disable(OPERATOR, ana.pk)
    services.enable(OPERATOR, ana.pk)
    stale = post(client, f"{path}/disable", tag)
    assert (stale.status_code, stale["Content-Type"]) == (412, PROBLEM)
    assert [one["action"] for one in stale.json()["changes"]] == ["user.disabled", "user.enabled"]
    assert "User disabled, User enabled" in stale.json()["detail"]
    assert User.objects.get(pk=ana.pk).is_active
    done = post(client, f"{path}/disable", get(client, path)["ETag"])
    assert (done.status_code, done.json()["is_active"]) == (200, False)
    assert done["ETag"] == get(client, path)["ETag"]
    assert post(client, f"{path}/enable", done["ETag"]).status_code == 200


def test_signing_in_is_no_change_of_the_person(client: Client, ana: User) -> None:
    tag = get(client, f"/users/{ana.pk}")["ETag"]
    Client().force_login(ana)  # an entry about her, but nothing of what was read
    assert post(client, f"/users/{ana.pk}/disable", tag).status_code == 200


@pytest.mark.parametrize("tag", ["x", '"x"', '"-1-2"', '"99999999999999999999-a"', ""])
def test_a_tag_that_is_none_of_ours_is_said(client: Client, ana: User, tag: str) -> None:
    answer = post(client, f"/users/{ana.pk}/disable", tag)
    assert (answer.status_code, answer["Content-Type"]) == (422, PROBLEM)
    assert User.objects.get(pk=ana.pk).is_active


def test_a_request_is_decided_as_it_was_read(client: Client, ana: User, make_user: Callable[..., User]) -> None:
    root = User.objects.get(username="root")
    asked = services.assign(root, ana.pk, Wanted("admin", reason="more hands"))
    assert isinstance(asked, Request)
    path = f"/approvals/{asked.pk}"
    assert post(client, f"{path}/withdraw", None).status_code == 428
    tag = get(client, path)["ETag"]
    assert get(client, path, **{"If-None-Match": tag}).status_code == 304
    closed = post(client, f"{path}/withdraw", tag)
    assert (closed.status_code, closed.json()["state"]) == (200, "withdrawn")
    stale = post(client, f"{path}/withdraw", tag)
    assert (stale.status_code, stale.json()["changes"][0]["action"]) == (412, "approval.withdrawn")
    officer = Client()
    officer.force_login(make_user("sam", "security_officer"))
    again = services.assign(root, ana.pk, Wanted("admin", reason="more hands"))
    assert post(officer, f"/approvals/{again.pk}/reject", "*", {"comment": "not needed"}).json()["state"] == "rejected"


def test_an_assignment_ends_as_it_was_read(client: Client, ana: User) -> None:
    path = f"/assignments/{Assignment.objects.get(user=ana).pk}"
    tag = get(client, path)["ETag"]
    assert post(client, f"{path}/end", '"0-abc"', {"reason": "left"}).status_code == 412
    assert post(client, f"{path}/end", tag, {"reason": "left"}).json()["valid_until"]
    assert post(client, f"{path}/end", tag, {"reason": "left"}).status_code == 412
    assert post(client, "/assignments/00000000-0000-7000-8000-000000000000/end", tag).status_code == 404


def test_a_proof_holds_until_the_tree_grows(client: Client, ana: User) -> None:
    from seawall.apps.audit.services import drain

    services.disable(OPERATOR, ana.pk)
    drain()
    tag = get(client, "/ledger/entries/0/proof")["ETag"]
    assert get(client, "/ledger/entries/0/proof", **{"If-None-Match": tag}).status_code == 304
    services.enable(OPERATOR, ana.pk)
    drain()
    assert get(client, "/ledger/entries/0/proof", **{"If-None-Match": tag}).status_code == 200


def test_every_refusal_is_a_problem(client: Client, ana: User) -> None:
    """Unreadable bodies, unknown records, strangers: one content type, one shape."""
    for answer, status in (
        (client.post(f"{ROOT}/users", "{", content_type="application/json"), 400),
        (client.post(f"{ROOT}/users", "{}", content_type="application/json"), 422),
        (get(client, "/users/00000000-0000-7000-8000-000000000000"), 404),
        (get(client, "/users/x"), 422),
        (get(client, "/decisions"), 403), (get(Client(), "/users"), 401),
        (Client(enforce_csrf_checks=True).post(f"{ROOT}/users", "{}", content_type="application/json"), 401),
    ):  # fmt: skip
        assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM), answer.content
        assert answer.json()["status"] == status
        assert answer.json()["title"]
        assert answer.json()["detail"]
