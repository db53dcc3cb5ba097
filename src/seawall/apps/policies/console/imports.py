"""A policy from a zip of its folder."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from seawall.apps.accounts.permissions import person, requires
from seawall.apps.errors import ConflictError, InvalidError
from seawall.apps.policies import uploads
from seawall.apps.policies.console.ways import complain
from seawall.apps.policies.services import versions
from seawall.console.forms import Renderer
from seawall.console.pages import Crumb, go


class ImportForm(forms.Form):
    """The file, and what it is."""

    default_renderer = Renderer
    file = forms.FileField(
        label=gettext_lazy("Zip of the policy's folder"),
        help_text=gettext_lazy("events.yaml stands at its top; at most 16 MB, 64 MB unpacked."),
    )
    note = forms.CharField(label=gettext_lazy("What changed"), required=False, max_length=500)


@requires("policies.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def import_zip(request: HttpRequest) -> HttpResponse:
    """The form; what the checker finds in the file is told line by line."""
    form = ImportForm(request.POST or None, request.FILES or None)
    problems: tuple[object, ...] = ()
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            if file.size > uploads.LARGEST_ZIP:
                raise InvalidError(_("The file is too large."), {"file": _("The file is too large.")})
            made = versions.import_zip(person(request), file.read(), form.cleaned_data["note"])
        except versions.PackProblemsError as error:
            problems = error.problems
            form.add_error(None, str(error))
        except InvalidError as error:
            complain(form, error)
        except ConflictError as error:
            form.add_error(None, str(error))
        else:
            return go(request, reverse("policies:version", args=[made.pk]), _("Imported; nothing decides by it yet."))
    context = {"form": form, "problems": problems, "title": _("Import a policy"),
               "crumbs": [Crumb(_("Policies"), reverse("policies:versions"))]}  # fmt: skip
    return render(request, "policies/import.html", context, status=422 if request.method == "POST" else 200)
