"""Signing in over the real pages: password, second factor, lockout, limits of a session."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings as live
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from seawall.apps.accounts import services
from seawall.apps.accounts.middleware import POLL_HEADER
from seawall.apps.accounts.models import User
from seawall.apps.accounts.services import OPERATOR, Wanted
from seawall.apps.audit.models import Outbox
from tests.apps.codes import code_for

pytestmark = pytest.mark.django_db
PASSWORD = "an unusual long one"
LOGIN = "/sign-in/"


@pytest.fixture(autouse=True)
def fresh_limits(settings: Any) -> Iterator[None]:
    """Rate limits count in the cache; passwords are hashed cheaply."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ana() -> User:
    user = services.create_user(OPERATOR, "ana", PASSWORD, language="en")
    services.assign(OPERATOR, user.pk, Wanted("analyst"))
    return user


def sign_in(client: Client, password: str = PASSWORD, name: str = "ana", **more: Any) -> Any:
    return client.post(LOGIN, {"login": name, "password": password}, **more)


def add_factor(user: User) -> str:
    """Set up an authenticator app behind the pages; returns its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return str(secret)


def test_without_a_factor_every_page_leads_to_setting_one_up(client: Client, ana: User) -> None:
    assert sign_in(client)["Location"] == "/"
    for path in ("/", "/approvals/", "/settings/me/", "/users/", "/settings/me/password/"):
        assert client.get(path)["Location"] == "/settings/me/factors/app/"
    assert client.get("/api/v1/approvals").status_code == 403
    assert client.get("/approvals/", headers={"HX-Request": "true"}).headers["HX-Redirect"].endswith("/factors/app/")
    page = client.get("/settings/me/factors/app/")
    assert page.status_code == 200
    assert "data:image/svg+xml" in page.content.decode()
    secret = page.context["form"].secret
    done = client.post("/settings/me/factors/app/", {"code": code_for(secret)})
    assert done["Location"] == "/settings/me/factors/codes/"
    codes = client.get(done["Location"])
    assert len(codes.context["unused_codes"]) == 10
    assert client.get("/approvals/").status_code == 200
    assert Outbox.objects.filter(action="user.factor_added").exists()


def test_the_factor_is_asked_for_and_sealed_at_rest(client: Client, ana: User) -> None:
    secret = add_factor(ana)
    assert secret not in str(list(ana.authenticator_set.values_list("data", flat=True)))  # type: ignore[attr-defined]
    assert sign_in(client)["Location"] == "/sign-in/code/"
    assert client.get("/approvals/")["Location"].startswith(LOGIN), "half signed in is not signed in"
    assert client.post("/sign-in/code/", {"code": "000000"}).status_code == 200
    assert client.post("/sign-in/code/", {"code": code_for(secret)})["Location"] == "/"
    assert client.get("/approvals/").status_code == 200


def test_a_demo_may_do_without(client: Client, ana: User, settings: Any) -> None:
    settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"require_mfa": False})
    sign_in(client)
    assert client.get("/approvals/").status_code == 200


def test_wrong_passwords_lock_the_name_and_say_how_long(client: Client, ana: User) -> None:
    limit = live.SEAWALL_OPTIONS.lockout_failures
    for n in range(limit):
        answer = sign_in(client, "wrong", name="ana" if n % 2 else "ANA", headers={"Accept-Language": "en"})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 60
    assert "30 minutes" in answer.content.decode()
    assert sign_in(client).status_code == 429, "the right password does not help now"
    locked = Outbox.objects.filter(action="user.locked_out")
    assert locked.exists()
    assert "ana" not in str(locked.values())
    services.reset_factors(OPERATOR, ana.pk)
    assert sign_in(client).status_code == 302


def test_unknown_names_look_like_wrong_passwords(client: Client, ana: User) -> None:
    texts = [sign_in(client, "wrong", name=name).context["form"].errors for name in ("ana", "nobody")]
    assert texts[0] == texts[1]


def test_a_disabled_person_cannot_sign_in(client: Client, ana: User) -> None:
    services.disable(OPERATOR, ana.pk)
    assert client.get(sign_in(client)["Location"]).status_code in (200, 302)
    assert client.get("/approvals/")["Location"].startswith(LOGIN)


def test_disabling_ends_open_sessions(client: Client, ana: User) -> None:
    add_factor(ana)
    client.force_login(ana)
    assert client.get("/approvals/").status_code == 200
    services.disable(OPERATOR, ana.pk)
    assert client.get("/approvals/")["Location"].startswith(LOGIN)


def test_a_new_password_ends_the_other_sessions(client: Client, ana: User) -> None:
    other = Client()
    for browser in (client, other):
        sign_in(browser)
    add_factor(ana)
    form = {"oldpassword": PASSWORD, "password1": "quite another one", "password2": "quite another one"}
    assert client.post("/settings/me/password/", form).status_code == 302
    assert client.get("/settings/me/").status_code == 200
    assert other.get("/settings/me/")["Location"].startswith(LOGIN)
    assert Outbox.objects.filter(action="user.password_changed").count() == 1


def test_one_session_and_all_others_can_be_ended(client: Client, ana: User) -> None:
    browsers = [client, Client(), Client()]
    for browser in browsers:
        sign_in(browser)
    add_factor(ana)
    sessions = client.get("/settings/me/").context["sessions"]
    assert [one.current for one in sessions].count(True) == 1
    assert len(sessions) == 3
    first = next(one for one in sessions if not one.current)
    client.post(reverse("accounts:session_end", args=[first.id]))
    assert [browser.get("/settings/me/").status_code for browser in browsers].count(200) == 2
    client.post(reverse("accounts:sessions_end"))
    assert [browser.get("/settings/me/").status_code for browser in browsers] == [200, 302, 302]


def test_nobody_ends_somebody_elses_session(client: Client, ana: User, make_user: Callable[..., User]) -> None:
    sign_in(client)
    add_factor(ana)
    (session,) = client.get("/settings/me/").context["sessions"]
    other = Client()
    other.force_login(make_user("bob"))
    assert other.post(reverse("accounts:session_end", args=[session.id])).status_code == 404
    assert client.get("/settings/me/").status_code == 200


@pytest.mark.parametrize(("minutes", "alive"), [(29, True), (31, False)])
def test_an_idle_session_ends(
    client: Client, ana: User, monkeypatch: pytest.MonkeyPatch, minutes: int, alive: bool
) -> None:
    add_factor(ana)
    client.force_login(ana)
    assert client.get("/approvals/").status_code == 200
    now = time.time()
    monkeypatch.setattr("seawall.apps.accounts.middleware.time.time", lambda: now + 60 * minutes)
    answer = client.get("/approvals/")
    assert (answer.status_code == 200) is alive
    if not alive:
        assert answer["Location"] == "/sign-in/?next=/approvals/&ended=1"


def test_a_page_that_refreshes_itself_is_no_activity_and_a_day_is_the_end(
    client: Client, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_factor(ana)
    client.force_login(ana)
    client.get("/approvals/")
    now = time.time()
    for minutes, headers, status in (
        (20, {POLL_HEADER: "1"}, 200), (31, {POLL_HEADER: "1"}, 302),
    ):  # fmt: skip
        monkeypatch.setattr("seawall.apps.accounts.middleware.time.time", lambda at=minutes: now + 60 * at)
        assert client.get("/approvals/", headers=headers).status_code == status
    client.force_login(ana)
    begun = now + 31 * 60
    statuses = []
    for minutes in range(0, 13 * 60, 20):
        monkeypatch.setattr("seawall.apps.accounts.middleware.time.time", lambda at=minutes: begun + 60 * at)
        statuses.append(client.get("/approvals/").status_code)
    assert statuses.index(302) == 12 * 3 + 1, "twelve hours of work, then it ends whatever happens"


def test_signing_out_needs_a_post(client: Client, ana: User) -> None:
    sign_in(client)
    client.get("/sign-out/")
    add_factor(ana)
    assert client.get("/settings/me/").status_code == 200
    client.post("/sign-out/")
    assert client.get("/settings/me/").status_code == 302


def test_a_form_without_its_token_is_refused_with_advice(ana: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = sign_in(strict)
    assert answer.status_code == 403
    assert "Reload" in answer.content.decode() or "重新" in answer.content.decode()


# --- the first run ----------------------------------------------------------------------------------------------------


def setup_form(**changes: str) -> dict[str, str]:
    return {
        "token": "the-token", "username": "root", "language": "en", "password": PASSWORD, "repeated": PASSWORD,
    } | changes  # fmt: skip


@pytest.fixture
def token(settings: Any, tmp_path: Path) -> Path:
    settings.HOME = type(settings.HOME)(tmp_path)
    path = tmp_path / "setup.token"
    path.write_text("the-token\n")
    return path


def test_the_first_person_sets_the_platform_up(client: Client, token: Path) -> None:
    assert client.get("/")["Location"] == "/setup/"
    assert client.get("/setup/").status_code == 200
    assert client.post("/setup/", setup_form())["Location"] == "/"
    assert not token.exists()
    assert client.get("/")["Location"] == "/settings/me/factors/app/", "they are signed in and owe a second factor"
    assert Client().get("/setup/").status_code == 404
    assert Client().post("/setup/", setup_form(username="second")).status_code == 404
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [{"token": "guess"}, {"token": ""}, {"repeated": "another long one"}, {"password": "short", "repeated": "short"},
     {"username": "a b"}],
)  # fmt: skip
def test_a_bad_first_form_makes_nobody(client: Client, token: Path, changes: dict[str, str]) -> None:
    assert client.post("/setup/", setup_form(**changes)).status_code == 422
    assert not User.objects.exists()
    assert token.exists()


def test_without_a_token_file_nobody_can_set_up(client: Client, token: Path) -> None:
    token.unlink()
    assert client.post("/setup/", setup_form(token="")).status_code == 422
    assert client.post("/setup/", setup_form()).status_code == 422
    assert not User.objects.exists()
