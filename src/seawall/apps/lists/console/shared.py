"""What the pages of the room share."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from seawall.apps.errors import InvalidError
from seawall.apps.lists.declared import title
from seawall.console.pages import Crumb

VIEW = "lists.view"


def show(form: Any, error: InvalidError) -> None:
    """A service's refusal at the fields that are to blame."""
    for field, text in (error.fields or {"": str(error)}).items():
        form.add_error(field if field in form.fields else None, text)


def crumbs(name: str = "") -> list[Crumb]:
    """The way to a page of the room."""
    found = [Crumb(_("Lists"), reverse("lists:index"))]
    return [*found, Crumb(title(name), reverse("lists:list", args=[name]))] if name else found
