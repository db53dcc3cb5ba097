"""Signing in through an OpenID Connect provider: it says who somebody is, the people here are made here.

Loaded only where a provider is configured: it needs the libraries of `seawall[oidc]`.
"""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from seawall.apps.accounts.models import User
from seawall.apps.audit.services import record


class Provider(OpenIDConnectOAuth2Adapter):  # type: ignore[misc] # allauth is not typed
    """A provider whose ID token is always verified: signature, issuer, audience, time."""

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        """Who the verified ID token names; of its claims only the subject is kept."""
        text = kwargs["response"].get("id_token")
        if not text:
            raise OAuth2Error("the provider sent no ID token; ask it for the scope openid")
        config = self.openid_config
        claims = jwtkit.verify_and_decode(
            credential=text, keys_url=config["jwks_uri"], issuer=config["issuer"], audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk, verify_signature=True,
        )  # fmt: skip
        login = self.get_provider().sociallogin_from_response(request, {"id_token": claims})
        login.user.username = str(claims.get(app.settings["username_claim"]) or "").casefold()
        login.account.extra_data, login.email_addresses = {}, []
        return login


class People(DefaultSocialAccountAdapter):  # type: ignore[misc] # allauth is not typed
    """Whom a provider may sign in: people who are linked to it already, and those who were invited."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Never."""
        return False

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        """Nobody links accounts by hand here."""
        return reverse("accounts:settings")

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Link an invited person at their first sign-in; whoever else the provider knows is a stranger here."""
        if sociallogin.is_existing:
            return
        with transaction.atomic():
            person = _invited(sociallogin)
            if person is None:
                raise ImmediateHttpResponse(render(request, "accounts/not_invited.html", status=403))
            sociallogin.connect(request, person)
            account = sociallogin.account
            record(person, "user.identity_linked", "user", person.pk, {"provider": account.provider},
                   private={"subject": account.uid})  # fmt: skip


def _invited(login: SocialLogin) -> User | None:
    """The person of the claimed name, if they were made without a password and are not linked yet.

    A person with a password is never linked by name: names at a provider can change hands.
    """
    found = User.objects.select_for_update().filter(username=login.user.username, is_active=True).first()
    if found is None or found.has_usable_password():
        return None
    return None if SocialAccount.objects.filter(user=found).exists() else found


@require_POST
def sign_in_with(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Go to the provider, by a page that moves on: `form-action 'self'` forbids answering a form by a redirect."""
    answer = _view(OAuth2LoginView, request, provider_id)
    if answer.status_code != 302:
        return answer
    return render(request, "accounts/onward.html", {"onward": answer["Location"]})


@require_safe
def come_back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """The provider sends the person back with a code."""
    return _view(OAuth2CallbackView, request, provider_id)


@require_safe
def not_signed_in(request: HttpRequest) -> HttpResponse:
    """The provider refused, or the person turned back there."""
    return render(request, "socialaccount/authentication_error.html")


def _view(view: Any, request: HttpRequest, provider_id: str) -> HttpResponseBase:
    try:
        answer: HttpResponseBase = view.adapter_view(Provider(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return answer
