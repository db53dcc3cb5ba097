"""Commands: putting a hint away and getting it back. Nothing about risk changes, so the ledger has no entry of it."""

from __future__ import annotations

from seawall.apps.accounts.models import User
from seawall.apps.errors import UnknownError
from seawall.apps.situation.models import Dismissal

HINTS = frozenset({"situation"})


def dismiss(user: User, hint: str) -> None:
    """Put a hint away. UnknownError for one that does not exist."""
    _known(hint)
    Dismissal.objects.get_or_create(user=user, hint=hint)


def restore(user: User, hint: str) -> None:
    """Show a hint again."""
    _known(hint)
    Dismissal.objects.filter(user=user, hint=hint).delete()


def _known(hint: str) -> None:
    if hint not in HINTS:
        raise UnknownError(f"there is no hint {hint!r}")
