"""Pages of API tokens: made and shown once on one's own settings page, revoked there or by an administrator."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from seawall.apps.accounts import tokens
from seawall.apps.accounts.console import show_errors, status_of
from seawall.apps.accounts.forms import TokenForm
from seawall.apps.accounts.permissions import person, requires, signed_in
from seawall.apps.errors import InvalidError
from seawall.console.pages import dialog, go


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def token_make(request: HttpRequest) -> HttpResponse:
    """A dialog for a new token; its answer shows the token, this once."""
    me = person(request)
    form = TokenForm(request.POST or None, owner=me)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made, text = tokens.make(me, given["name"], given["scopes"], given["days"])
        except InvalidError as error:
            show_errors(form, error)
        else:
            return render(request, "accounts/token_made.html", {"made": made, "text": text})
    url = reverse("accounts:token_make")
    return dialog(request, _("Make an API token"), form, url, button=_("Make"), status=status_of(form))


@signed_in
@require_POST
def token_revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Revoke one of one's own."""
    tokens.revoke(person(request), token_id)
    return go(request, reverse("accounts:settings"), _("Revoked."))


@requires("users.manage")
@require_POST
def user_token_revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Revoke somebody's."""
    revoked = tokens.revoke(person(request), token_id)
    return go(request, reverse("accounts:user", args=[revoked.owner_id]), _("Revoked."))
