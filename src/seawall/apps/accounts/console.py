"""Pages: users and roles, one's own settings, the first run."""

from __future__ import annotations

import hmac
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from seawall.apps.accounts import queries, services
from seawall.apps.accounts.forms import AssignForm, PersonForm, ProfileForm, SetupForm
from seawall.apps.accounts.models import Assignment, User
from seawall.apps.accounts.permissions import person, public, requires, signed_in
from seawall.apps.accounts.roles import catalog, role_title
from seawall.apps.accounts.tokens import tokens_of
from seawall.apps.errors import InvalidError
from seawall.console.filters import Choice, Search
from seawall.console.forms import ReasonForm
from seawall.console.pages import Action, Crumb, Empty, Fact, Facts, ListPage, Record, dialog, go, respond_record
from seawall.console.tables import Column, Table
from seawall.console.words import Word, words

SETUP_TOKEN = "setup.token"  # noqa: S105 - a file's name
STATES = words(
    Word("True", gettext_lazy("Active"), "check-circle", "good"),
    Word("False", gettext_lazy("Disabled"), "x-circle", "neutral"),
)


# --- users and roles --------------------------------------------------------------------------------------------------


def _role_words() -> dict[str, Word]:
    return words(*(Word(key, str(role), "key") for key, role in catalog().roles.items()))


def _open_roles(user: User) -> list[str]:
    return [role_title(one.role) for one in user.assignments.all() if one.open]


USERS = ListPage(
    name="users",
    title=gettext_lazy("Users and roles"),
    purpose=gettext_lazy("Who may sign in, and what their roles let them do."),
    table=Table(
        columns=(
            Column("name", gettext_lazy("Name"), value=str, sort="display_name", primary=True),
            Column("username", gettext_lazy("Username"), sort="username"),
            Column("roles", gettext_lazy("Roles"), "tags", value=_open_roles),
            Column("state", gettext_lazy("State"), "chip", value=lambda user: STATES[str(user.is_active)]),
            Column("created_at", gettext_lazy("Created"), "when", sort="created_at"),
            Column("last_login", gettext_lazy("Last sign-in"), "when"),
        ),
        sort="username",
        url=lambda user: reverse("accounts:user", args=[user.pk]),
    ),
    filters=(
        Search(fields=("username", "display_name"), hint=gettext_lazy("Name or username")),
        Choice("state", gettext_lazy("State"), "is_active", STATES),
        Choice("role", gettext_lazy("Role ever held"), "assignments__role", load=_role_words, counts=False),
    ),
    empty=Empty(gettext_lazy("Nobody fits"), gettext_lazy("Remove a filter, or add a person.")),
)


@requires("users.view")
@require_safe
def user_list(request: HttpRequest) -> HttpResponseBase:
    """Everybody."""
    add = Action(_("Add a person"), reverse("accounts:create"), "plus", dialog=True, permission="users.manage")
    return USERS.respond(request, queries.users().distinct(), actions=[add])


@requires("users.view")
@require_safe
def user_record(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """One person with their roles."""
    shown = queries.get_user(user_id)
    return respond_record(
        request, "accounts/user.html", _record(shown), shown=shown, assignments=queries.assignments_of(shown),
        permissions=_permissions(shown), tokens=list(tokens_of(shown)),
        may_manage=person(request).has_perm("users.manage"),
    )  # fmt: skip


def _record(shown: User) -> Record:
    def at(name: str) -> str:
        return reverse(f"accounts:{name}", args=[shown.pk])

    factor = _("Set up") if queries.has_second_factor(shown) else _("Missing")
    turn = (
        Action(_("Disable"), at("disable"), "x-circle", post=True, reason=True, danger=True, permission="users.manage",
               confirm=_("Their sessions end at once and they cannot sign in any more."))
        if shown.is_active
        else Action(_("Enable"), at("enable"), "check-circle", post=True, permission="users.manage")
    )  # fmt: skip
    reset = Action(_("Reset second factor"), at("reset"), "key", post=True, danger=True, permission="users.manage",
                   confirm=_("Their second factors are removed and their sessions end."))  # fmt: skip
    facts = [
        Fact(_("Username"), shown.username),
        Fact(_("Second factor"), factor),
        Fact(_("Language"), shown.get_language_display() or _("As the browser has it")),
        Fact(_("Created"), shown.created_at, "when"),
        Fact(_("Last sign-in"), shown.last_login, "when"),
    ]
    return Record(
        title=str(shown), id=str(shown.pk), kind=_("User"), status=STATES[str(shown.is_active)],
        actions=[Action(_("Assign a role"), at("assign"), "plus", dialog=True, permission="users.manage")],
        more=[turn, reset], crumbs=[Crumb(_("Users and roles"), reverse("accounts:users")), Crumb(str(shown))],
        sides=[Facts(_("Account"), facts)],
    )  # fmt: skip


def _permissions(shown: User) -> list[str]:
    held = {permission for grant in shown.grants for permission in grant.permissions}
    return [str(one) for key, one in catalog().permissions.items() if key in held]


@requires("users.manage")
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def user_create(request: HttpRequest) -> HttpResponse:
    """A dialog for a new person."""
    form = PersonForm(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = services.create_user(person(request), given["username"], given["password"] or None,
                                        display_name=given["display_name"], language=given["language"])  # fmt: skip
            return go(request, reverse("accounts:user", args=[made.pk]), _("Added; now assign a role."))
        except InvalidError as error:
            show_errors(form, error)
    return dialog(request, _("Add a person"), form, reverse("accounts:create"), button=_("Add"), status=status_of(form))


@requires("users.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def user_assign(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """A dialog for a role."""
    shown = queries.get_user(user_id)
    form = AssignForm(request.POST or None)
    if form.is_valid():
        try:
            made = services.assign(person(request), user_id, form.wanted())
            done = _("Assigned.") if isinstance(made, Assignment) else _("Asked for; a second person must approve it.")
            return go(request, reverse("accounts:user", args=[user_id]), done)
        except InvalidError as error:
            show_errors(form, error)
    url = reverse("accounts:assign", args=[user_id])
    title = _("Assign a role to %(user)s") % {"user": shown}
    return dialog(request, title, form, url, button=_("Assign"), status=status_of(form))


@requires("users.manage")
@require_POST
def assignment_end(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Take a role back."""
    ended = services.end_assignment(person(request), assignment_id, _reason(request))
    return go(request, reverse("accounts:user", args=[ended.user_id]), _("The role has ended."))


@requires("users.manage")
@require_POST
def user_disable(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Lock a person out."""
    services.disable(person(request), user_id, _reason(request))
    return go(request, reverse("accounts:user", args=[user_id]), _("Disabled."))


@requires("users.manage")
@require_POST
def user_enable(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Let a person in again."""
    services.enable(person(request), user_id)
    return go(request, reverse("accounts:user", args=[user_id]), _("Enabled."))


@requires("users.manage")
@require_POST
def user_reset(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Remove second factors."""
    services.reset_factors(person(request), user_id)
    return go(request, reverse("accounts:user", args=[user_id]), _("Second factors removed."))


@requires("users.view")
@require_safe
def role_matrix(request: HttpRequest) -> HttpResponse:
    """Which role may do what."""
    roles = list(catalog().roles.values())
    rows = [(one, [key in role.permissions for role in roles]) for key, one in catalog().permissions.items()]
    crumbs = [Crumb(_("Users and roles"), reverse("accounts:users")), Crumb(_("Roles"))]
    return render(request, "accounts/roles.html", {"title": _("Roles"), "roles": roles, "rows": rows, "crumbs": crumbs})


# --- one's own --------------------------------------------------------------------------------------------------------


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def own_settings(request: HttpRequest) -> HttpResponse:
    """Name, language, theme, password, second factors, sessions."""
    me = person(request)
    initial = {"display_name": me.display_name, "language": me.language, "theme": me.theme}
    form = ProfileForm(request.POST or None, initial=initial)
    if form.is_valid():
        services.change_profile(me, **form.cleaned_data)
        return go(request, reverse("accounts:settings"), _("Saved."))
    context: dict[str, Any] = {
        "title": _("My settings"), "form": form, "factor": queries.has_second_factor(me),
        "sessions": queries.sessions_of(me, request.session.session_key),
        "roles": [one for one in queries.assignments_of(me) if one.open], "tokens": list(tokens_of(me)),
    }  # fmt: skip
    return render(request, "accounts/settings.html", context, status=status_of(form))


@signed_in
@require_POST
def session_end(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign out one other browser."""
    services.end_session(person(request), session_id)
    return go(request, reverse("accounts:settings"), _("Signed out there."))


@signed_in
@require_POST
def sessions_end(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere else."""
    services.end_other_sessions(person(request), request.session.session_key)
    return go(request, reverse("accounts:settings"), _("Signed out everywhere else."))


# --- the first run ----------------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password", "repeated", "token")
@public
def setup(request: HttpRequest) -> HttpResponse:
    """Make the first person; only while there is none, and only with the token that the host's operator has."""
    if queries.anybody():
        raise Http404
    form = SetupForm(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        if not _token_fits(given["token"]):
            form.add_error("token", _("This is not the token; run `seawall up` again to see it."))
        else:
            try:
                made = services.first_user(given["username"], given["password"],
                                           display_name=given["display_name"], language=given["language"])  # fmt: skip
            except InvalidError as error:
                show_errors(form, error)
            else:
                (settings.HOME.folder / SETUP_TOKEN).unlink(missing_ok=True)
                login(request, made, "allauth.account.auth_backends.AuthenticationBackend")
                return redirect("/")
    return render(
        request, "accounts/setup.html", {"title": _("Set up this platform"), "form": form}, status=status_of(form)
    )


def _token_fits(given: str) -> bool:
    try:
        wanted = (settings.HOME.folder / SETUP_TOKEN).read_text("ascii").strip()
    except FileNotFoundError:
        return False
    return bool(wanted) and hmac.compare_digest(given.strip().encode(), wanted.encode())


# --- what the pages share ---------------------------------------------------------------------------------------------


def _reason(request: HttpRequest) -> str:
    form = ReasonForm(request.POST)
    return str(form.cleaned_data["reason"]) if form.is_valid() else ""


def status_of(form: Any) -> int:
    return 422 if form.is_bound and form.errors else 200


def show_errors(form: Any, error: InvalidError) -> None:
    fields = {name: text for name, text in error.fields.items() if name in form.fields}
    for name, text in fields.items():
        form.add_error(name, text)
    if not fields:
        form.add_error(None, str(error))
