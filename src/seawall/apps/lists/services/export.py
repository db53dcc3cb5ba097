"""Commands about seeing values: looking one up, and taking them out of the platform. Both leave a ledger entry."""

from __future__ import annotations

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.audit.services import record
from seawall.apps.decisions.words import PURPOSES
from seawall.apps.errors import DeniedError, InvalidError, UnknownError
from seawall.apps.lists.declared import definition, is_sensitive, key_of
from seawall.apps.lists.models import Entry
from seawall.apps.reasons import reason_of
from seawall.console.forms import LONGEST_REASON, SHORTEST_REASON

VIEW, REVEAL = "lists.view", "lists.reveal"
MINUTES = 10
_SALT = "seawall.lists.export"


def find_entry(user: User, name: str, value: str) -> Entry:
    """The newest entry of a value as people know it, through the engine's own door: a sensitive one by its stand-in,
    exactly; looking that up is a ledger entry, which holds no value. UnknownError where there is none."""
    check(user, VIEW)
    found = definition(name)
    key = key_of(found, value)
    rows = Entry.objects.filter(list=name, key=key.key) if key.key else Entry.objects.none()
    entry = rows.order_by("-pk").first()
    if is_sensitive(found):
        with transaction.atomic():
            record(user, "list.looked_up", "list", name, {"found": entry is not None})
    if entry is None:
        raise UnknownError(_("The list has no entry of this value. Write it in full."))
    return entry


def record_export(user: User, name: str, form: str) -> None:
    """A file with masked values is about to be sent."""
    check(user, VIEW)
    with transaction.atomic():
        record(user, "list.exported", "list", name, {"format": form, "whole": False})


def allow_whole(user: User, name: str, form: str, purpose: str, reason: str) -> str:
    """Leave to take one file of whole values (stand-ins where they are sensitive) within MINUTES; a signed text.

    The ledger has the entry before anybody has the file. DeniedError without lists.reveal; InvalidError: no purpose, or
    no reason that says something."""
    check(user, REVEAL)
    definition(name)
    if purpose not in PURPOSES:
        raise InvalidError(_("Choose a purpose."), {"purpose": _("Choose a purpose.")})
    reason = reason_of(reason, least=SHORTEST_REASON, most=LONGEST_REASON)
    with transaction.atomic():
        about = {"format": form, "whole": True, "purpose": purpose}
        record(user, "list.exported", "list", name, about, private={"reason": reason})
    return signing.dumps([str(user.pk), name, form], salt=_SALT, compress=True)


def check_leave(user: User, name: str, form: str, leave: str) -> None:
    """DeniedError where the signed text is not this person's, for this list and format, or too old."""
    check(user, REVEAL)
    try:
        given = signing.loads(leave, salt=_SALT, max_age=MINUTES * 60)
    except signing.BadSignature:
        given = None
    if given != [str(user.pk), name, form]:
        raise DeniedError(REVEAL, _("This leave is over; ask for the file again."))
