"""What may be asked for: each app registers its kinds of request when it starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise

if TYPE_CHECKING:
    from seawall.apps.accounts.models import User
    from seawall.apps.approvals.models import Request

Execute = Callable[["Request", "User"], None]


@dataclass(frozen=True)
class Kind:
    """One kind of four-eyes request.

    `make` and `check` are permissions. `execute(request, checker)` carries it out inside the approving transaction and
    raises ServiceError when that is no longer possible: nothing is approved then. `facts(request)` gives what scopes
    are held against (default: nothing, so only unscoped roles may decide). `describe(key, value)` renders one field of
    payload and before for people. `evidence(request)` gives markup that the request's page shows below the fields.
    """

    key: str
    title: str | Promise
    make: str
    check: str
    execute: Execute
    lifetime: timedelta = timedelta(days=7)
    facts: Callable[[Request], Any] | None = None
    describe: Callable[[str, Any], tuple[str, str]] | None = None
    evidence: Callable[[Request], str] | None = None


class KindError(Exception):
    """A kind registered twice, or not at all."""


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known; the same one again changes nothing."""
    known = _KINDS.setdefault(kind.key, kind)
    if known != kind:
        raise KindError(f"approval kind {kind.key} is registered twice; choose another key")


def kind_of(key: str) -> Kind:
    """The kind of that key. KindError where the app that had it is gone."""
    try:
        return _KINDS[key]
    except KeyError:
        raise KindError(f"no approval kind {key}; register it in its app's ready()") from None


def kinds() -> list[Kind]:
    """All, by key."""
    return [_KINDS[key] for key in sorted(_KINDS)]
