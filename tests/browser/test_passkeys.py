"""Passkeys with a software authenticator of Chromium's: enrolled, then signing in with and without the password."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import DESK, Watched, sign_in
from tests.browser.platform import Platform, strict_console

PASSWORD = "lantern-harbour-42"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    home = tmp_path_factory.mktemp("passkeys")
    (home / "settings.toml").write_text("passkeys = true\n")
    with strict_console(home) as running:
        yield running


@pytest.fixture
def page(browser: Any, console: Platform) -> Iterator[Any]:
    """At `localhost`, because a passkey belongs to a name and never to an address."""
    url = console.url.replace("127.0.0.1", "localhost")
    context = browser.new_context(viewport=DESK, locale="en-GB")
    watched = Watched(context.new_page(), url)
    session = context.new_cdp_session(watched.page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield watched
    context.close()
    assert watched.wrong == []


def test_a_passkey_is_the_second_factor_or_both(page: Any, console: Platform) -> None:
    shown = page.open("/setup/")
    for name, value in (("token", console.key), ("username", "ada"), ("password", PASSWORD), ("repeated", PASSWORD)):
        shown.fill(f"[name={name}]", value)
    shown.click("main button.primary")
    shown.wait_for_url("**/settings/me/factors/app/")
    shown.click("text=Use a passkey instead")
    shown.check("[name=passwordless]")
    shown.fill("[name=name]", "this desk")
    shown.click("#passkey-add")
    shown.wait_for_url("**/settings/me/factors/codes/")
    page.open("/settings/me/factors/passkeys/")
    assert "this desk" in shown.content()

    sign_out(page)
    shown.click("#passkey-login")
    shown.wait_for_url("**/approvals/")
    sign_out(page)
    sign_in(shown, page.base, "ada", PASSWORD)
    assert shown.url.endswith("/sign-in/code/"), "the password alone does not do"
    shown.click("#passkey-factor")
    shown.wait_for_url("**/approvals/")


def sign_out(page: Watched) -> None:
    page.open("/sign-out/").click("main button.primary")
    page.page.wait_for_url("**/sign-in/**")
