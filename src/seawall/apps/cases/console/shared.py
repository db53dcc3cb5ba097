"""What the pages share: versions in addresses, stale edits, reasons, forms with a service's refusals."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from seawall.apps.audit.words import actor_title
from seawall.apps.cases.changes import changes_of
from seawall.apps.errors import InvalidError, StaleError
from seawall.console.pages import Crumb, changed_meanwhile

View = Callable[..., HttpResponseBase]


def version_of(request: HttpRequest) -> int | None:
    """The version of the record that the person saw, as the page's addresses carry it."""
    text = request.GET.get("v", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def says_what_changed(view: View) -> View:
    """Answer a stale edit with what was changed meanwhile, by whom."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except StaleError as error:
            rows = [change for one in error.changes for change in changes_of(one)]
            by = ", ".join(dict.fromkeys(str(actor_title(one.actor)) for one in error.changes))
            back = request.headers.get("HX-Current-URL") or request.META.get("HTTP_REFERER", "") or "/"
            return changed_meanwhile(request, rows, by or _("Somebody"), back, _("When you opened it"))

    return guarded


def uuids(texts: list[str]) -> list[UUID]:
    """Ids of chosen rows. InvalidError where none is chosen or one is none."""
    try:
        found = [UUID(one) for one in texts]
    except ValueError:
        raise InvalidError(_("A chosen row has no valid id; reload the list.")) from None
    if not found:
        raise InvalidError(_("Choose at least one row."))
    return found


def uuid_or_none(text: str) -> UUID | None:
    """An id from a form's optional choice."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidError(_("A chosen row has no valid id; reload the list.")) from None


def status_of(form: forms.Form) -> int:
    """422 for a form with errors."""
    return 422 if form.is_bound and form.errors else 200


def show(form: forms.Form, error: InvalidError) -> None:
    """Put a service's refusal beside the fields it names."""
    named = {name: text for name, text in error.fields.items() if name in form.fields}
    for name, text in named.items():
        form.add_error(name, text)
    if not named:
        form.add_error(None, str(error))


def reason(request: HttpRequest) -> str:
    """What the confirm dialog asked for."""
    return request.POST.get("reason", "")


def crumbs(*each: tuple[str, str]) -> list[Crumb]:
    """Titles with their addresses."""
    return [Crumb(title, url) for title, url in each]


def download(data: bytes, name: str, content_type: str) -> HttpResponse:
    """A file that the browser saves and does not open."""
    response = HttpResponse(data, content_type=content_type)
    plain = "".join(one if one.isascii() and (one.isalnum() or one in "._-") else "_" for one in name)
    response["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    return response
