"""API tokens: made once, seen once, never worth more than their owner, and no way around the screen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from seawall.apps.accounts import services, tokens
from seawall.apps.accounts.models import Assignment, Token, User
from seawall.apps.accounts.roles import RolesError, catalog, read_catalog
from seawall.apps.accounts.services import OPERATOR
from seawall.apps.approvals import services as approvals
from seawall.apps.audit.models import Outbox
from seawall.apps.errors import ConflictError, DeniedError, InvalidError, SessionRequiredError, UnknownError

pytestmark = pytest.mark.django_db
MakeUser = Callable[..., User]
ROOT = "/api/v1"


@pytest.fixture(autouse=True)
def relaxed(settings: Any) -> Iterator[None]:
    settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"require_mfa": False})
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ana(make_user: MakeUser) -> User:
    return make_user("ana", "senior_analyst")


@pytest.fixture
def root(make_user: MakeUser) -> User:
    return make_user("root", "admin")


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def get(text: str, path: str, client: Client | None = None, **more: str) -> Any:
    return (client or Client()).get(f"{ROOT}{path}", headers=bearer(text) | more)


def post(text: str, path: str, body: Any = None, **more: str) -> Any:
    strict = Client(enforce_csrf_checks=True)
    headers = bearer(text) | {"If-Match": "*"} | more
    return strict.post(f"{ROOT}{path}", json.dumps(body or {}), content_type="application/json", headers=headers)


def test_a_token_opens_what_it_carries_and_nothing_else(ana: User) -> None:
    made, text = tokens.make(ana, "  nightly   export ", ["cases.view"])
    assert (made.name, made.scopes) == ("nightly export", ["cases.view"])
    assert text not in str(Token.objects.values())
    assert get(text, "/cases").status_code == 200
    refused = get(text, "/decisions")
    assert (refused.status_code, refused.json()["permission"]) == (403, "decisions.view")
    assert "lacks the scope decisions.view" in refused.json()["detail"]
    assert Client().get("/cases/", headers=bearer(text)).status_code == 302, "pages take no tokens"


def test_a_token_never_has_more_than_its_owner_has_now(ana: User) -> None:
    _made, text = tokens.make(ana, "t", ["cases.view", "cases.assign"])
    assert post(text, "/cases", {"title": "x"}).json()["permission"] == "cases.work"
    Assignment.objects.update(valid_until=timezone.now())
    assert get(text, "/cases").status_code == 403
    with pytest.raises(InvalidError, match="you hold"):
        tokens.make(User.objects.get(pk=ana.pk), "t", ["cases.view"])


def test_what_cannot_be_asked_for(ana: User) -> None:
    for name, scopes, days, field in (
        ("", ["cases.view"], 9, "name"), ("t", [], 9, "scopes"), ("t", ["users.view"], 9, "scopes"),
        ("t", ["decisions.reveal"], 9, "scopes"), ("t", ["cases.approve"], 9, "scopes"),
        ("t", ["cases.view"], 0, "days"), ("t", ["cases.view"], 366, "days"),
    ):  # fmt: skip
        with pytest.raises(InvalidError) as refused:
            tokens.make(ana, name, scopes, days)
        assert list(refused.value.fields) == [field]
    for _each in range(tokens.MOST_TOKENS):
        tokens.make(ana, "t", ["cases.view"])
    with pytest.raises(ConflictError, match="20 tokens"):
        tokens.make(ana, "t", ["cases.view"])


def test_a_token_ends(ana: User) -> None:
    made, text = tokens.make(ana, "t", ["cases.view"], 1)
    assert made.expires_at - made.created_at == timedelta(days=1)
    assert get(text, "/cases").status_code == 200
    Token.objects.update(created_at=timezone.now() - timedelta(days=2), expires_at=timezone.now())
    assert get(text, "/cases").status_code == 401


@pytest.mark.parametrize("change", ["x", "", "swc_", "swc_aaaaaaaaaaaa_" + "a" * 43])
def test_a_wrong_token_is_refused_whoever_is_signed_in(ana: User, change: str) -> None:
    client = Client()
    client.force_login(ana)
    answer = get(change, "/cases", client)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_one_letter_off_is_wrong(ana: User) -> None:
    _made, text = tokens.make(ana, "t", ["cases.view"])
    turned = text[:-1] + ("A" if text[-1] != "A" else "B")
    assert get(turned, "/cases").status_code == 401


def test_many_wrong_tokens_are_slowed_and_right_ones_are_not(ana: User) -> None:
    _made, text = tokens.make(ana, "t", ["cases.view"])
    statuses = [get(f"swc_{n}", "/cases").status_code for n in range(32)]
    assert statuses == [401] * 30 + [429] * 2
    assert get("swc_", "/cases")["Retry-After"] == "60"
    assert get(text, "/cases").status_code == 200


def test_its_use_is_noted_and_named_in_the_ledger(ana: User) -> None:
    made, text = tokens.make(ana, "t", ["cases.view", "cases.work"])
    assert made.last_used_at is None
    answer = post(text, "/cases", {"title": "by a program"})
    assert answer.status_code == 201, "a token needs no CSRF token"
    made.refresh_from_db()
    assert made.last_used_at is not None
    entry = Outbox.objects.get(action="case.opened")
    assert (entry.actor, entry.data["token"]) == (f"user:{ana.pk}", str(made.pk))
    told = Outbox.objects.get(action="token.made")
    assert told.data["scopes"] == ["cases.view", "cases.work"]
    assert "name" in told.commitments


def test_approving_needs_the_screen(ana: User, root: User, make_user: MakeUser) -> None:
    officer = make_user("sam", "security_officer")
    asked = services.assign(root, ana.pk, services.Wanted("admin", reason="away"))
    _made, text = tokens.make(officer, "t", ["approvals.view"])
    for action in ("approve", "reject"):
        answer = post(text, f"/approvals/{asked.pk}/{action}", {"comment": "no reason"})
        assert (answer.status_code, answer.json()["code"]) == (403, "session_required")
    tokened = tokens.holder(text)
    assert tokened is not None
    with pytest.raises(SessionRequiredError):
        approvals.approve(tokened, asked.pk)
    assert approvals.approve(officer, asked.pk).state == "approved"


def test_revealing_and_managing_people_need_the_screen(ana: User, root: User) -> None:
    made, text = tokens.make(ana, "t", ["decisions.view"])
    Token.objects.filter(pk=made.pk).update(scopes=["decisions.view", "decisions.reveal"])  # as if by hand
    answer = post(text, "/decisions/00000000-0000-7000-8000-000000000000/reveal",
                  {"field": "f", "purpose": "fraud", "reason": "because of it"})  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (403, "session_required")
    other, text = tokens.make(root, "t", ["users.view"])
    Token.objects.filter(pk=other.pk).update(scopes=["users.view", "users.manage"])
    answer = post(text, f"/users/{ana.pk}/disable")
    assert answer.json()["code"] == "session_required"
    tokened = tokens.holder(text)
    assert tokened is not None
    with pytest.raises(SessionRequiredError):
        tokens.make(tokened, "more", ["users.view"])
    with pytest.raises(SessionRequiredError):
        tokens.revoke(tokened, other.pk)


def test_a_token_waits_for_the_second_factor_too(ana: User, settings: Any) -> None:
    _made, text = tokens.make(ana, "t", ["cases.view"])
    settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"require_mfa": True})
    answer = get(text, "/cases")
    assert (answer.status_code, "second factor" in answer.json()["detail"]) == (403, True)


def test_who_may_revoke(ana: User, root: User, make_user: MakeUser) -> None:
    made, text = tokens.make(ana, "t", ["cases.view"])
    with pytest.raises(UnknownError):
        tokens.revoke(make_user("bob", "analyst"), made.pk)
    with pytest.raises(DeniedError):
        tokens.revoke(make_user("eve", "auditor"), made.pk)
    tokens.revoke(root, made.pk)
    assert get(text, "/cases").status_code == 401
    with pytest.raises(ConflictError):
        tokens.revoke(ana, made.pk)
    mine, _text = tokens.make(ana, "t", ["cases.view"])
    assert tokens.revoke(ana, mine.pk).revoked_at is not None


def test_a_disabled_persons_tokens_end_for_good(ana: User) -> None:
    _made, text = tokens.make(ana, "t", ["cases.view"])
    services.disable(OPERATOR, ana.pk)
    assert get(text, "/cases").status_code == 401
    services.enable(OPERATOR, ana.pk)
    assert get(text, "/cases").status_code == 401


def test_the_page_shows_it_once(ana: User) -> None:
    client = Client()
    client.force_login(ana)
    form = client.get("/settings/me/tokens/new/").content.decode()
    assert "cases.view" in form
    assert "decisions.reveal" not in form
    assert "users.view" not in form
    assert client.post("/settings/me/tokens/new/", {"name": "t", "days": "9"}).status_code == 422
    shown = client.post("/settings/me/tokens/new/", {"name": "robot", "days": "9", "scopes": ["cases.view"]})
    (text,) = set(re.findall(r"swc_\w{12}_[\w-]{43}", shown.content.decode()))
    assert get(text, "/cases").status_code == 200
    page = client.get("/settings/me/").content.decode()
    assert "robot" in page
    assert text not in page
    made = Token.objects.get()
    assert client.post(f"/settings/me/tokens/{made.pk}/revoke/").status_code == 302
    assert get(text, "/cases").status_code == 401


def test_an_administrator_sees_and_revokes_others(ana: User, root: User) -> None:
    made, text = tokens.make(ana, "robot", ["cases.view"])
    client = Client()
    client.force_login(root)
    assert "robot" in client.get(f"/users/{ana.pk}/").content.decode()
    (listed,) = client.get(f"{ROOT}/users/{ana.pk}/tokens").json()
    assert (listed["name"], "digest" in listed, "key" in listed) == ("robot", False, False)
    assert client.post(f"/users/tokens/{made.pk}/revoke/")["Location"] == f"/users/{ana.pk}/"
    assert get(text, "/cases").status_code == 401
    again = client.post(f"{ROOT}/tokens/{made.pk}/revoke")
    assert again.status_code == 409


def test_no_token_turns_a_kill_switch_on(make_user: Any) -> None:
    officer = make_user("cy", "compliance_officer")
    assert officer.has_perm("limits.stop")
    assert "limits.stop" not in {one.key for one in tokens.grantable(officer)}
    with pytest.raises(InvalidError):
        tokens.make(officer, "robot", ["limits.stop"])
    made, text = tokens.make(officer, "robot", ["limits.view"])
    Token.objects.filter(pk=made.pk).update(scopes=["limits.view", "limits.stop"])  # as made by an older version
    headers = {"authorization": f"Bearer {text}"}
    answer = Client().post(f"{ROOT}/limits/switches.stop_all/on", {"reason": "a stolen token"},
                           content_type="application/json", headers=headers)  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (403, "session_required")


def test_what_no_token_carries_is_known_in_the_catalog() -> None:
    never = {"decisions.reveal", "users.manage", "cases.approve", "lists.approve", "limits.stop", "outbox.approve"}
    assert never <= catalog().session_only
    with pytest.raises(RolesError, match=r"cases\.fly"):
        read_catalog({"permissions": {}, "roles": {}, "session_only": ["cases.fly"]})
