"""Notices to the people of a version: each reads their own."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.errors import UnknownError
from seawall.apps.policies.models import Notice


def read(user: User, notice_id: UUID) -> Notice:
    """Mark a notice of this person as read; once is enough. UnknownError for one that is not theirs."""
    found = Notice.objects.select_related("version").filter(person=user, pk=notice_id).first()
    if found is None:
        raise UnknownError(_("There is no such notice for you."))
    if found.read_at is None:
        found.read_at = timezone.now()
        found.save(update_fields=["read_at"])
    return found
