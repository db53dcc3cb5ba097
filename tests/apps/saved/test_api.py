"""Saved views over REST: what the list's own page reads is kept; others' views are nobody's; If-Match is obeyed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from seawall.apps.accounts.models import User
from seawall.apps.audit.models import Outbox
from seawall.apps.saved.models import SavedView

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/views"
CASES = {"address": "/cases/?state=new&sort=-opened_at", "title": "New ones"}


@pytest.fixture
def client(signed_in: Callable[..., Client]) -> Client:
    return signed_in("analyst", name="ana")


def ask(client: Client, method: str, path: str = "", body: Any = None, **headers: str) -> Any:
    data = json.dumps(body) if body is not None else ""
    return client.generic(method, ROOT + path, data, content_type="application/json", headers=headers)


def test_a_view_is_kept_read_renamed_shared_and_deleted(client: Client) -> None:
    made = ask(client, "POST", body=CASES)
    assert made.status_code == 201, made.content
    one = made.json()
    assert (one["page"], one["title"], one["role"], one["position"]) == ("cases", "New ones", "", 1)
    assert client.get(one["url"]).status_code == 200
    assert [view["id"] for view in ask(client, "GET", "?page=cases").json()] == [one["id"]]
    path = f"/{one['id']}"
    assert ask(client, "PUT", path, {"title": "Fresh"}).status_code == 428
    renamed = ask(client, "PUT", path, {"title": "Fresh", "role": "analyst"}, **{"If-Match": made["ETag"]})
    assert (renamed.status_code, renamed.json()["title"], renamed.json()["role"]) == (200, "Fresh", "analyst")
    assert Outbox.objects.filter(action="view.shared", object_id=one["id"]).count() == 1
    stale = ask(client, "DELETE", path, **{"If-Match": made["ETag"]})
    assert (stale.status_code, [each["action"] for each in stale.json()["changes"]]) == (412, ["view.shared"])
    again = ask(client, "GET", path, **{"If-None-Match": renamed["ETag"]})
    assert (again.status_code, again["ETag"]) == (304, renamed["ETag"])
    assert ask(client, "DELETE", path, **{"If-Match": renamed["ETag"]}).status_code == 204
    assert not SavedView.objects.exists()


def test_tabs_change_places(client: Client) -> None:
    ids = [ask(client, "POST", body={**CASES, "title": title}).json()["id"] for title in ("one", "two")]
    assert ask(client, "POST", f"/{ids[1]}/move", {"earlier": True}).json()["position"] == 1
    found = ask(client, "GET").json()
    assert [(view["title"], view["position"]) for view in found] == [("one", 2), ("two", 1)]
    assert [view["title"] for view in ask(client, "GET", f"?after={ids[0]}").json()] == ["two"]
    assert ask(client, "GET", "?page=alerts").json() == []


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/nowhere/", "no list at /nowhere/"),
        ("/work/", "no list at /work/"),
        ("https://elsewhere.example/cases/?state=new", "no list"),
        ("/decisions/", "filters nothing"),
        ("/cases/?state=flying", "not a choice"),
        ("/cases/?state=new&color=red", "no parameter color"),
        ("/cases/?state=new&at=somewhere", "no parameter at"),
    ],
)
def test_what_the_list_cannot_read_is_refused(client: Client, address: str, said: str) -> None:
    refused = ask(client, "POST", body={**CASES, "address": address})
    assert refused.status_code == 422
    assert said in refused.json()["fields"]["address"]
    assert not SavedView.objects.exists()


def test_a_list_that_one_may_not_see_is_refused(client: Client) -> None:
    refused = ask(client, "POST", body={**CASES, "address": "/users/?q=a"})
    assert (refused.status_code, refused.json()["permission"]) == (403, "users.view")


def test_others_views(client: Client, make_user: Callable[..., User]) -> None:
    bob = make_user("bob", "analyst")
    fields = {"owner": bob, "page": "cases", "path": "/cases/", "query": "state=new"}
    private = SavedView.objects.create(title="Bob's", **fields)
    shared = SavedView.objects.create(title="Ours", role="analyst", **fields)
    SavedView.objects.create(title="Theirs", role="auditor", **fields)
    assert [view["title"] for view in ask(client, "GET").json()] == ["Ours"]
    assert ask(client, "GET", f"/{private.pk}").status_code == 404
    assert ask(client, "GET", f"/{shared.pk}").json()["owner_id"] == str(bob.pk)
    for method, path, body in (("PUT", "", {"title": "x"}), ("DELETE", "", None), ("POST", "/move", {"earlier": True})):
        assert ask(client, method, f"/{shared.pk}{path}", body, **{"If-Match": "*"}).status_code == 404
    assert ask(client, "POST", body={**CASES, "role": "auditor"}).json()["fields"].keys() == {"role"}


def test_a_token_needs_the_scope(client: Client) -> None:
    from seawall.apps.accounts import tokens

    ana = User.objects.get(username="ana")
    texts = {scope: tokens.make(ana, scope, [scope])[1] for scope in ("views.keep", "cases.view")}
    given = {scope: ask(Client(), "POST", body=CASES, Authorization=f"Bearer {text}") for scope, text in texts.items()}
    assert {scope: answer.json().get("permission") for scope, answer in given.items()} == {
        "views.keep": "cases.view",  # the list itself asks for its own
        "cases.view": "views.keep",
    }
    both = tokens.make(ana, "both", list(texts))[1]
    assert ask(Client(), "POST", body=CASES, Authorization=f"Bearer {both}").status_code == 201
