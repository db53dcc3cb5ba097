"""Dialogs of saved views, and what list pages show of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import person, signed_in
from seawall.apps.accounts.roles import role_title
from seawall.apps.errors import InvalidError
from seawall.apps.saved import queries, services
from seawall.apps.saved.models import LONGEST_TITLE
from seawall.console.pages import View, dialog, go, is_fragment
from seawall.console.saved import Kept, OfferError, opened


class ViewForm(forms.Form):
    """A view's name, and with whom it is shared."""

    of = forms.CharField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=gettext_lazy("Name"), max_length=LONGEST_TITLE)
    role = forms.ChoiceField(
        label=gettext_lazy("Who sees it"), required=False, help_text=gettext_lazy("Sharing is in the audit ledger.")
    )

    def __init__(self, *args: Any, user: User, also: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        keys = sorted({*queries.roles(user), *([also] if also else [])})
        field.choices = [("", _("Only I")), *((key, role_title(key)) for key in keys)]


def kept(request: HttpRequest, page: str) -> Kept:
    """For the kit: one's own views in one's own order, then what others share with one's roles."""
    me = person(request)
    own = queries.own(me, page)
    views = [View(str(one.pk), one.title, one.query) for one in own]
    views += [View(str(one.pk), one.title, one.query, "users") for one in queries.shared(me, page)]
    manage = f"{reverse('saved:views')}?{urlencode({'page': page})}" if own else ""
    return Kept(views, reverse("saved:save"), manage)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def view_save(request: HttpRequest) -> HttpResponse:
    """A dialog that keeps the list as it is looked at; what it is comes sealed from the list's own page."""
    me = person(request)
    form = ViewForm(request.POST or None, user=me, initial={"of": request.GET.get("of", "")})
    try:
        offer = opened(request.POST.get("of") or request.GET.get("of", ""))
    except OfferError:
        raise InvalidError(_("This page is too old to save its view. Reload it, then save.")) from None
    if form.is_valid():
        try:
            made = services.save(me, offer, form.cleaned_data["title"], form.cleaned_data["role"])
        except InvalidError as error:
            _show(form, error)
        else:
            return go(request, made.url, _("Saved as a tab."))
    return dialog(request, _("Save this view"), form, reverse("saved:save"), status=_status(form))


@signed_in
@require_safe
def view_list(request: HttpRequest) -> HttpResponse:
    """A dialog of one's own views of a list."""
    return _listed(request, request.GET.get("page", "")[:64])


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def view_change(request: HttpRequest, view_id: UUID) -> HttpResponse:
    """A dialog to rename or share one."""
    me = person(request)
    found = queries.get(me, view_id)
    form = ViewForm(request.POST or None, user=me, also=found.role, initial={"title": found.title, "role": found.role})
    if form.is_valid():
        try:
            services.change(me, view_id, form.cleaned_data["title"], form.cleaned_data["role"])
        except InvalidError as error:
            _show(form, error)
        else:
            return go(request, found.url, _("Saved."))
    url = reverse("saved:change", args=[view_id])
    return dialog(request, _("Change a view"), form, url, status=_status(form))


@signed_in
@require_POST
def view_move(request: HttpRequest, view_id: UUID) -> HttpResponse:
    """One place to the left, or to the right."""
    moved = services.move(person(request), view_id, earlier=request.POST.get("to") == "earlier")
    return _listed(request, moved.page) if is_fragment(request) else redirect(moved.path)


@signed_in
@require_POST
def view_delete(request: HttpRequest, view_id: UUID) -> HttpResponse:
    """Forget one."""
    gone = services.delete(person(request), view_id)
    return go(request, gone.path, _("Deleted."))


def _listed(request: HttpRequest, page: str) -> HttpResponse:
    views = queries.own(person(request), page)
    rows = [(one, role_title(one.role) if one.role else "") for one in views]
    context = {"rows": rows, "path": views[0].path if views else "/"}
    response = render(request, "saved/views.html", context)
    response["HX-Retarget"] = "#dialog"
    response["HX-Reswap"] = "innerHTML"
    return response


def _status(form: ViewForm) -> int:
    return 422 if form.is_bound and form.errors else 200


def _show(form: ViewForm, error: InvalidError) -> None:
    for name, text in error.fields.items():
        form.add_error(name, text)
