"""What people do here: take a list away as a file. Challenges themselves change only through the decision API."""

from __future__ import annotations

from django.db import transaction

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.audit.services import record


def record_export(user: User, form: str) -> None:
    """Note that somebody takes a file of challenges away. DeniedError without decisions.export."""
    check(user, "decisions.export")
    with transaction.atomic():
        record(user, "challenges.exported", "challenges", "list", {"format": form})
