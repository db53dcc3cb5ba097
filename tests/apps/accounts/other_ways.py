"""A home where passkeys and a provider are switched on, as a process of its own: `python -m ….other_ways FOLDER`.

Its settings decide which apps and addresses there are, so it cannot share a process with the other tests.
"""

from __future__ import annotations

import html
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.apps.accounts.provider import CLIENT, SECRET, Provider, running

if TYPE_CHECKING:
    from django.test import Client

WITH = "/sign-in/with/office/"


def main(folder: Path) -> None:
    """Every story, one after the other, over one database."""
    with running() as provider:
        (folder / "secret").write_text(f"{SECRET}\n")
        office = {
            "id": "office", "name": "Office <login>", "url": provider.url, "client_id": CLIENT,
            "secret_file": str(folder / "secret"),
        }  # fmt: skip
        os.environ.update(SEAWALL_HOME=str(folder), SEAWALL_OIDC=json.dumps([office]), SEAWALL_PASSKEYS="true",
                          SEAWALL_ALLOWED_HOSTS='["testserver"]')  # fmt: skip
        from seawall.server.control import prepare

        prepare(folder)
        from django.conf import settings

        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        stories(provider)


def stories(provider: Provider) -> None:
    from django.test import Client
    from django.urls import reverse

    from seawall.apps.accounts.models import User
    from seawall.server.control.urls import urlpatterns

    every_address_is_marked(urlpatterns)
    page = Client().get("/sign-in/", headers={"Accept-Language": "en"}).content.decode()
    assert "Sign in with Office &lt;login&gt;" in page
    assert "Sign in with a passkey" in page
    assert reverse("mfa_login_webauthn") in page
    people()
    ask = Client()
    assert ask.get(WITH).status_code == 405, "a link on another site signs nobody in"
    assert Client(enforce_csrf_checks=True).post(WITH).status_code == 403
    assert ask.post("/sign-in/with/other/").status_code == 404

    stranger, answer = through(provider, {"sub": "s-9", "preferred_username": "stranger"})
    assert answer.status_code == 403
    assert not User.objects.filter(username="stranger").exists(), "a provider makes nobody"
    assert not signed_in(stranger)

    invited, answer = through(provider, {"sub": "s-1", "preferred_username": "Ida", "email": "ida@example.com"})
    assert answer["Location"] == "/", answer.content
    assert signed_in(invited) == "ida"
    assert invited.get("/approvals/")["Location"] == "/settings/me/factors/app/", "the second factor is asked for here"
    remembered()
    assert invited.get("/settings/me/factors/passkeys/add/").status_code == 200
    assert "creation_options" in invited.get("/settings/me/factors/passkeys/add/").content.decode()

    again, answer = through(provider, {"sub": "s-1", "preferred_username": "renamed"})
    assert signed_in(again) == "ida", "whoever is linked is known by the subject, whatever their name there"
    taken, answer = through(provider, {"sub": "s-2", "preferred_username": "ida"})
    assert (answer.status_code, signed_in(taken)) == (403, "")
    own, answer = through(provider, {"sub": "s-3", "preferred_username": "pat"})
    assert (answer.status_code, signed_in(own)) == (403, ""), "nobody with a password is taken over by a name"
    off, answer = through(provider, {"sub": "s-4", "preferred_username": "off"})
    assert (answer.status_code, signed_in(off)) == (403, "")

    from seawall.apps.accounts import services

    services.disable(services.OPERATOR, User.objects.get(username="ida").pk)
    gone, answer = through(provider, {"sub": "s-1", "preferred_username": "ida"})
    assert (answer["Location"], signed_in(gone)) == ("/sign-in/disabled/", "")
    services.enable(services.OPERATOR, User.objects.get(username="ida").pk)
    factor(provider)
    forged(provider)
    assert User.objects.count() == 3


def people() -> None:
    from seawall.apps.accounts import services
    from seawall.apps.accounts.services import OPERATOR, Wanted

    ida = services.create_user(OPERATOR, "ida", None)
    services.assign(OPERATOR, ida.pk, Wanted("analyst"))
    services.create_user(OPERATOR, "pat", "an unusual long one")
    off = services.create_user(OPERATOR, "off", None)
    services.disable(OPERATOR, off.pk)


def through(provider: Provider, claims: dict[str, Any], browser: Client | None = None) -> tuple[Client, Any]:
    """A browser that goes to the provider and comes back."""
    from django.test import Client

    browser = browser or Client()
    page = browser.post(WITH)
    assert page.status_code == 200, "a form is never answered by a redirect to another site"
    found = re.search(r'content="0;url=([^"]+)"', page.content.decode())
    assert found is not None
    address = html.unescape(found[1])
    assert address.startswith(f"{provider.url}/authorize?")
    back = provider.authorize(address, claims)
    return browser, browser.get(back.removeprefix("http://testserver"))


def signed_in(browser: Client) -> str:
    """Whose session it is; "" for nobody."""
    from seawall.apps.accounts.models import User

    key = browser.session.get("_auth_user_id")
    return User.objects.get(pk=key).username if key else ""


def remembered() -> None:
    """The link is in the ledger, the subject as a commitment; nothing else of the claims is kept."""
    from allauth.account.models import EmailAddress
    from allauth.socialaccount.models import SocialAccount, SocialToken

    from seawall.apps.audit.models import Outbox

    account = SocialAccount.objects.get()
    assert (account.uid, account.extra_data) == ("s-1", {})
    assert not EmailAddress.objects.exists()
    assert not SocialToken.objects.exists()
    entry = Outbox.objects.get(action="user.identity_linked")
    assert entry.data == {"provider": "office"}
    assert list(entry.commitments) == ["subject"]


def factor(provider: Provider) -> None:
    """With a second factor set up, the provider's word alone opens nothing."""
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    from seawall.apps.accounts.models import User
    from tests.apps.codes import code_for

    secret = generate_totp_secret()
    TOTP.activate(User.objects.get(username="ida"), secret)
    half, answer = through(provider, {"sub": "s-1"})
    assert (answer["Location"], signed_in(half)) == ("/sign-in/code/", "")
    asked = half.get("/sign-in/code/").content.decode()
    assert "request_options" in asked
    assert half.post("/sign-in/code/", {"code": code_for(secret)}).status_code == 302
    assert signed_in(half) == "ida"


def forged(provider: Provider) -> None:
    """ID tokens that are not what they should be."""
    from django.test import Client

    claims = {"sub": "s-1", "preferred_username": "ida"}
    for change in ({"aud": "another"}, {"iss": "https://elsewhere.example"}, {"exp": 1}):
        provider.change = change
        browser, answer = through(provider, claims)
        assert (answer.status_code, signed_in(browser)) == (401, ""), change
    provider.change, provider.wrong_key = {}, True
    browser, answer = through(provider, claims)
    assert (answer.status_code, signed_in(browser)) == (401, ""), "a signature by another key"
    provider.wrong_key = False
    one, other = Client(), Client()
    found = re.search(r'content="0;url=([^"]+)"', one.post(WITH).content.decode())
    assert found is not None
    back = provider.authorize(html.unescape(found[1]), claims)
    answer = other.get(back.removeprefix("http://testserver"))
    assert (answer.status_code, signed_in(other)) == (401, ""), "the answer to another browser's question"
    assert provider.problems == []


def every_address_is_marked(patterns: Any) -> None:
    from django.urls import URLResolver

    from seawall.apps.accounts.permissions import marked

    for one in patterns:
        if isinstance(one, URLResolver):
            every_address_is_marked(one.url_patterns)
        else:
            assert marked(one.callback) is not None, one


if __name__ == "__main__":
    main(Path(sys.argv[1]))
