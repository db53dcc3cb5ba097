"""Pages of the foundation: they open in both languages, and what their buttons do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from seawall.apps.accounts import services
from seawall.apps.accounts.models import Assignment, User
from seawall.apps.accounts.services import OPERATOR, Wanted
from seawall.apps.approvals.models import Request
from seawall.apps.audit.services import drain, record
from seawall.server.control.middleware import POLICY

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
Make = Callable[..., User]


@pytest.fixture
def ana(make_user: Make) -> User:
    return make_user("ana", "analyst", display_name="Ana")


def me(name: str = "admin") -> User:
    return User.objects.get(username=name)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "page",
    [
        "/users/",
        "/users/roles/",
        "/users/new/",
        "/settings/me/",
        "/approvals/",
        "/ledger/",
        "/ledger/0/",
        "/api/v1/openapi.json",
    ],
)
def test_pages_open_in_both_languages_under_the_strict_policy(signed_in: SignIn, language: str, page: str) -> None:
    client = signed_in("admin")
    User.objects.update(language=language)
    with transaction.atomic():
        record(OPERATOR, "test.said", "thing", 1, {"text": "hello"}, private={"reason": "x"})
    drain()
    answer = client.get(page)
    assert answer.status_code == 200
    assert answer["Content-Security-Policy"] == POLICY
    assert answer["Content-Language"] == language
    text = answer.content.decode()
    assert " style=" not in text
    assert " onclick=" not in text
    assert "<script>" not in text


def test_a_person_is_added_and_given_a_role(signed_in: SignIn) -> None:
    client = signed_in("admin")
    form = {"username": "bob", "display_name": "Bob", "language": "en", "password": "an unusual long one"}
    made = client.post("/users/new/", form)
    bob = me("bob")
    assert made["Location"] == f"/users/{bob.pk}/"
    assert client.post("/users/new/", form | {"password": "short"}).status_code == 422
    assert client.post("/users/new/", form).status_code == 422
    role = {"role": "analyst", "queues": "fraud, aml", "last_day": "2027-01-31", "reason": "joined"}
    client.post(f"/users/{bob.pk}/roles/", role)
    assert Assignment.objects.get(user=bob).scope == {"queues": ["fraud", "aml"], "until": "2027-01-31"}
    shown = client.get(f"/users/{bob.pk}/").content.decode()
    assert "queues: fraud, aml" in shown
    assert "Work alerts" in shown
    assert client.post(f"/users/{bob.pk}/roles/", {"role": "examiner", "reason": "x"}).status_code == 422


def test_an_administrator_is_made_by_two(signed_in: SignIn, ana: User, make_user: Make) -> None:
    client = signed_in("admin")
    client.post(f"/users/{ana.pk}/roles/", {"role": "admin", "reason": "cover"})
    asked = Request.objects.get()
    page = f"/approvals/{asked.pk}/"
    own = client.get(page).content.decode()
    assert "Withdraw" in own
    assert f"{page}approve/" not in own
    assert client.post(f"{page}approve/").status_code == 403
    officer = Client()
    officer.force_login(make_user("sec", "security_officer"))
    assert "Analyst" in officer.get(page).content.decode(), "what they hold now"
    assert officer.get("/").status_code == 302
    assert officer.post(f"{page}approve/", {"reason": "ok"}).status_code == 302
    assert officer.post(f"{page}approve/").status_code == 409
    assert User.objects.get(pk=ana.pk).has_perm("users.manage")


def test_rejecting_without_a_reason_says_so(signed_in: SignIn, ana: User, make_user: Make) -> None:
    asked = services.assign(make_user("boss", "admin"), ana.pk, Wanted("admin", reason="cover"))
    client = signed_in("security_officer")
    assert client.post(f"/approvals/{asked.pk}/reject/").status_code == 422
    assert client.post(f"/approvals/{asked.pk}/reject/", {"reason": "not needed"}).status_code == 302


def test_disabling_enabling_resetting_ending(signed_in: SignIn, ana: User) -> None:
    client = signed_in("admin")
    held = Assignment.objects.get(user=ana)
    for name, key in (("disable", ana.pk), ("enable", ana.pk), ("reset", ana.pk), ("end", held.pk)):
        answer = client.post(reverse(f"accounts:{name}", args=[key]), {"reason": "a good reason"})
        assert answer.status_code == 302, name
    assert client.post(reverse("accounts:disable", args=[me().pk]), {"reason": "a good reason"}).status_code == 409


def test_own_settings(signed_in: SignIn) -> None:
    client = signed_in("analyst", name="ana")
    client.post("/settings/me/", {"display_name": "Ana B", "language": "zh-hans", "theme": "dark"})
    user = me("ana")
    assert (user.display_name, user.language, user.theme) == ("Ana B", "zh-hans", "dark")
    assert client.post("/settings/me/", {"display_name": "x", "language": "fr", "theme": "dark"}).status_code == 422
    client.post("/console/switch", {"language": "en", "theme": "light"})
    user.refresh_from_db()
    assert (user.language, user.theme) == ("en", "light")


def test_language_is_the_persons_then_the_cookies_then_the_browsers(client: Client, signed_in: SignIn) -> None:
    assert client.get("/sign-in/")["Content-Language"] == "zh-hans"
    assert client.get("/sign-in/", headers={"Accept-Language": "en-GB"})["Content-Language"] == "en"
    client.cookies["seawall_language"] = "zh-hans"
    assert client.get("/sign-in/", headers={"Accept-Language": "en"})["Content-Language"] == "zh-hans"
    assert signed_in("analyst").get("/settings/me/")["Content-Language"] == "en"


def test_a_person_without_roles_lands_on_their_settings(signed_in: SignIn) -> None:
    client = signed_in()
    assert client.get("/")["Location"] == "/settings/me/"
    assert "ask an administrator" in client.get("/settings/me/").content.decode()


def test_an_ended_session_sends_a_fragment_to_the_page_it_was_on(client: Client, ana: User) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/approvals/?state=pending"}
    answer = client.get("/approvals/", headers=headers)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/sign-in/?next=/approvals/%3Fstate%3Dpending&ended=1"


def test_ledger_verification_by_hand(signed_in: SignIn, ledger_file: Any) -> None:
    client = signed_in("admin")
    assert client.post("/ledger/verify/").status_code == 404
    with transaction.atomic():
        record(OPERATOR, "test.said", "thing", 1)
    drain()
    assert "intact" in client.post("/ledger/verify/").content.decode()
    assert client.get("/ledger/99/").status_code == 404


def test_the_api_says_what_is_wrong(signed_in: SignIn, ana: User) -> None:
    client = signed_in("admin")

    def post(path: str, body: dict[str, Any]) -> Any:
        headers = {"If-Match": "*"}
        return client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=headers)

    made = post("/users", {"username": "bob", "password": "an unusual long one"})
    assert (made.status_code, made.json()["username"]) == (201, "bob")
    refused = post("/users", {"username": "bob", "password": "short"})
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["password"])
    bob = made.json()["id"]
    assert "assignment" in post(f"/users/{bob}/assignments", {"role": "analyst", "reason": "new"}).json()
    asked = post(f"/users/{bob}/assignments", {"role": "admin", "reason": "new"}).json()["approval"]
    assert client.get("/api/v1/approvals?state=pending").json()[0]["id"] == asked
    assert post(f"/approvals/{asked}/approve", {}).status_code == 403
    assert post(f"/approvals/{asked}/withdraw", {}).json()["state"] == "withdrawn"
    assert post(f"/users/{me().pk}/disable", {}).status_code == 409
    assert client.get("/api/v1/users?limit=2").json()[1]["username"] == "ana"
    assert client.get(f"/api/v1/users/{me().pk}").json()["assignments"][0]["role"] == "admin"
    entries = client.get("/api/v1/ledger/entries?action=user.created").json()
    assert [entry["object_id"] for entry in entries] == [bob]
    held = client.get(f"/api/v1/users/{ana.pk}").json()["assignments"][0]["id"]
    assert post(f"/assignments/{held}/end", {"reason": "left"}).json()["valid_until"]
    assert post("/users/00000000-0000-0000-0000-000000000000/enable", {}).status_code == 404


def test_the_api_wants_the_form_token(signed_in: SignIn) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(signed_in("admin").get("/settings/me/").wsgi_request.user)
    answer = strict.post(
        "/api/v1/users", json.dumps({"username": "x", "password": "y"}), content_type="application/json"
    )
    assert answer.status_code == 403
    assert User.objects.count() == 1
