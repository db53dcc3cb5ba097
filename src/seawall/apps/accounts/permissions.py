"""The one question of authorisation, and the marks that every view bears. What is not allowed is denied.

A view is marked `@public`, `@signed_in` or `@requires("cases.view")`; an API operation by `@api_requires(...)`. The
middleware DefaultDeny refuses a view without a mark, and a test finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja.decorators import decorate_view

from seawall.apps.accounts.models import User
from seawall.apps.accounts.roles import catalog
from seawall.apps.accounts.scope import Scope, facts_of
from seawall.apps.errors import DeniedError, SessionRequiredError
from seawall.apps.problem import denied, problem

View = Callable[..., HttpResponseBase]
F = TypeVar("F", bound=Callable[..., Any])
MARK = "seawall_access"
API_PREFIX = "/api/"


@dataclass(frozen=True)
class Access:
    """What a view asks: nothing (`public`), a signed-in person (permission ""), or a permission."""

    permission: str = ""
    public: bool = False


def has_permission(user: User | AnonymousUser, permission: str, obj: Any = None) -> bool:
    """Whether the person may. Without `obj`: anywhere at all (may open the page); with it: on this very object."""
    if not isinstance(user, User):
        return False
    grants = [grant for grant in user.grants if permission in grant.permissions]
    if obj is None:
        return bool(grants)
    facts = facts_of(obj)
    return any(grant.scope.holds(facts) for grant in grants)


def scopes(user: User | AnonymousUser, permission: str) -> list[Scope]:
    """The scopes in which a permission is held, to narrow a query by; [Scope()] means everywhere, [] nowhere."""
    held = [grant.scope for grant in user.grants if permission in grant.permissions] if isinstance(user, User) else []
    return [Scope()] if any(scope.everything for scope in held) else held


def check(user: User | AnonymousUser, permission: str, obj: Any = None) -> None:
    """Raise DeniedError unless the person may. Services ask this before they write."""
    if has_permission(user, permission, obj):
        return
    titled = catalog().permissions.get(permission) or permission
    token = user.token if isinstance(user, User) else None
    if token is not None and permission in catalog().session_only:
        raise SessionRequiredError(permission, _no_token() % {"permission": titled})
    if token is not None and permission not in token.scopes:
        words = _("The token lacks the scope %(key)s (%(permission)s). Make one that has it.")
        raise DeniedError(permission, words % {"key": permission, "permission": titled})
    words = _("Your roles do not include: %(permission)s. Ask an administrator if your work needs it.")
    raise DeniedError(permission, words % {"permission": titled})


def in_session(user: User | AnonymousUser, permission: str = "") -> None:
    """Raise SessionRequiredError for a request that came by an API token: this needs the person at the screen."""
    if isinstance(user, User) and user.token is not None:
        titled = catalog().permissions.get(permission) or _("This")
        raise SessionRequiredError(permission, _no_token() % {"permission": titled})


def _no_token() -> str:
    return _("%(permission)s: no API token may do this. Sign in to the console and do it there.")


def marked(view: Any) -> Access | None:
    """The mark of a view, None where it bears none."""
    found = getattr(view, MARK, None)
    return found if isinstance(found, Access) else None


def public(view: F) -> F:
    """For everybody, signed in or not."""
    return _mark(view, Access(public=True))


def signed_in(view: View) -> View:
    """For everybody who is signed in, whatever their roles: one's own settings, signing out."""
    return _guard(view, Access())


def requires(permission: str) -> Callable[[View], View]:
    """For those who hold a permission; others get 403, the anonymous are sent to sign in."""
    _known(permission)
    return lambda view: _guard(view, Access(permission))


def api_requires(permission: str) -> Callable[[F], F]:
    """The same for an operation of a ninja router; stands under `@router.get(...)`."""
    _known(permission)
    access = Access(permission)

    def mark(operation: F) -> F:
        _mark(operation, access)
        decorated: F = decorate_view(lambda view: _guard(view, access))(operation)
        return decorated

    return mark


def _known(permission: str) -> None:
    if permission not in catalog().permissions:
        raise ValueError(f"no permission {permission!r} in roles.yaml; add it there or correct the name")


def _mark(view: F, access: Access) -> F:
    setattr(view, MARK, access)
    return view


def _guard(view: View, access: Access) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return sign_in(request)
        if access.permission:
            try:
                check(request.user, access.permission)
            except DeniedError as error:  # it stands before the API's own handlers
                if request.path.startswith(API_PREFIX):
                    return denied(error)
                raise
        return view(request, *args, **kwargs)

    return _mark(guarded, access)


def person(request: HttpRequest) -> User:
    """Who asks, in a view that is guarded by signed_in or requires."""
    assert isinstance(request.user, User), "the view is not guarded"
    return request.user


def sign_in(request: HttpRequest, ended: bool = False) -> HttpResponseBase:
    """What an anonymous request gets: the sign-in page, and back here afterwards; 401 for the API.

    `ended`: there was a session. The address says so, not a message: each window that comes here shall be told.
    """
    if request.path.startswith(API_PREFIX):
        return problem(401, _("Sign in first, or send an API token as `Authorization: Bearer swc_…`."))
    back = request.get_full_path() if request.method == "GET" else "/"
    if getattr(request, "htmx", False):  # the page, not the fragment; somebody had signed in to see it
        back, ended = request.htmx.current_url_abs_path or "/", True
    answer = redirect_to_login(back)
    if ended:
        answer["Location"] += "&ended=1"
    return answer
