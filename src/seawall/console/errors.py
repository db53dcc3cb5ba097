"""Errors as people should see them: what happened, what to do, a reference id. A page, or for htmx a toast."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from seawall.console.words import Text

log = structlog.get_logger("seawall.console")


@dataclass(frozen=True)
class Problem:
    """What a status means in words."""

    title: Text
    advice: Text


PROBLEMS: dict[int, Problem] = {
    400: Problem(_("The request could not be read"), _("Go back, check what was entered, and try again.")),
    401: Problem(_("Your session has ended"), _("Sign in again; you come back to this page.")),
    403: Problem(_("You may not do this"), _("Ask an administrator if your work needs it.")),
    404: Problem(_("There is no such page or record"), _("Check the address, or search with Ctrl K.")),
    405: Problem(_("This address does not take that kind of request"), _("Go back and use the page's own buttons.")),
    409: Problem(_("Somebody else was faster"), _("Reload to see what changed, then decide again.")),
    413: Problem(_("The file or form is too large"), _("Send less at once.")),
    422: Problem(_("What was entered does not fit"), _("Correct it and try again.")),
    429: Problem(_("Too many attempts"), _("Wait a little, then try again.")),
    500: Problem(_("Something failed on our side"), _("Try again; if it fails again, report the reference id.")),
    503: Problem(_("This part is not available now"), _("Try again in a minute. Decisions go on meanwhile.")),
}  # fmt: skip
_EXPIRED_FORM = Problem(
    _("This form is too old to be sent"),
    _("It was opened before you signed in, or in another session. Reload the page and send it again."),
)
LONGEST_DETAIL = 500


def reference(request: HttpRequest) -> str:
    """The id of this request in the log; made here if no middleware gave one."""
    known = getattr(request, "reference", "")
    if not known:
        known = str(uuid.uuid4())
        request.reference = known
    return str(known)


def refused(request: HttpRequest, status: int, detail: Text = "") -> HttpResponse:
    """The answer for a refusal: `detail` is the service's own sentence, shown instead of the general advice."""
    problem = PROBLEMS.get(status) or PROBLEMS[500 if status >= 500 else 400]
    return _answer(request, status, problem, str(detail)[:LONGEST_DETAIL])


def _answer(request: HttpRequest, status: int, problem: Problem, detail: str = "") -> HttpResponse:
    context = {"status": status, "problem": problem, "detail": detail, "reference": reference(request)}
    if getattr(request, "htmx", False) or request.headers.get("HX-Request") == "true":
        response = render(request, "console/errors/toast.html", context, status=status)
        response["HX-Retarget"] = "#toasts"
        response["HX-Reswap"] = "beforeend"
    else:
        user = getattr(request, "user", None)
        framed = status < 500 and user is not None and user.is_authenticated
        context["layout"] = "console/base.html" if framed else "console/bare.html"
        response = render(request, "console/errors/page.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400."""
    return refused(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403: the exception's text says which permission is missing."""
    return refused(request, 403, str(exception or ""))


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404. Django's own texts name paths and models, so they are not shown."""
    return refused(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: plain if even the page cannot be made."""
    try:
        return refused(request, 500)
    except Exception:
        log.exception("error page failed", reference=reference(request))
        text = f"500 · {PROBLEMS[500].title}. {PROBLEMS[500].advice} {reference(request)}\n"
        return HttpResponse(text, status=500, content_type="text/plain; charset=utf-8")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW."""
    return _answer(request, 403, _EXPIRED_FORM)


def session_expired(request: HttpRequest) -> HttpResponse:
    """401 for what cannot be sent to the sign-in page and back."""
    return refused(request, 401)
