"""Commands on contacts, and telling a group of them."""

from __future__ import annotations

import re
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.accounts.sealed import seal
from seawall.apps.audit.services import SYSTEM, record
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.outbox import services
from seawall.apps.outbox.models import Contact, Delivery
from seawall.apps.outbox.private import masked
from seawall.messaging import NUMBER

PERMISSION = "outbox.endpoints"
MOST_OF_A_GROUP = 50
LONGEST_TEXT = 2_000
_MAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_GROUP = re.compile(r"[a-z0-9_-]{1,64}")


def add(user: User, group: str, name: str, channel: str, address: str) -> Contact:
    """A new address of a group. InvalidError for what is none; ConflictError for more than MOST_OF_A_GROUP."""
    check(user, PERMISSION)
    group, name, address = group.strip().lower(), name.strip(), address.strip()
    wrong: dict[str, str] = {}
    if not _GROUP.fullmatch(group):
        wrong["group"] = _("Give a name of letters, digits, - and _.")
    if not name or len(name) > 64:
        wrong["name"] = _("Required, at most 64 characters.")
    if channel not in dict(Contact.CHANNELS):
        wrong["channel"] = _("Choose e-mail or text message.")
    elif not (_MAIL if channel == "email" else NUMBER).fullmatch(address) or len(address) > 200:
        wrong["address"] = _("Write it like risk@example.com or +8613800138000.")
    if wrong:
        raise InvalidError(next(iter(wrong.values())), wrong)
    made = Contact(
        group=group, name=name, channel=channel, sealed=seal(address), shown=masked(address), created_by=user
    )
    with transaction.atomic():
        if Contact.objects.filter(group=group).count() >= MOST_OF_A_GROUP:
            raise ConflictError(_("A group has at most %(most)d addresses.") % {"most": MOST_OF_A_GROUP})
        made.save(force_insert=True)
        record(user, "contact.added", "contact", made.pk, {"group": group, "channel": channel},
               private={"address": address, "name": name})  # fmt: skip
    return made


def remove(user: User, contact_id: UUID) -> None:
    """Take an address out. UnknownError where there is none."""
    check(user, PERMISSION)
    with transaction.atomic():
        found = Contact.objects.select_for_update().filter(pk=contact_id).first()
        if found is None:
            raise UnknownError(_("There is no such contact."))
        found.delete()
        record(user, "contact.removed", "contact", contact_id, {"group": found.group, "channel": found.channel})


def tell(group: str, subject: str, text: str, *, key: str, about: tuple[str, object],
         actor: User | str = SYSTEM) -> list[Delivery]:  # fmt: skip
    """A message to everybody in a group, in the caller's transaction; [] where nobody is in it."""
    found: list[Delivery] = []
    for one in Contact.objects.filter(group=group).order_by("id"):
        mail = {"subject": " ".join(subject.split())[:200], "text": text[:LONGEST_TEXT]}
        body = mail if one.channel == "email" else {"text": f"{mail['subject']}: {text}"[:LONGEST_TEXT]}
        found.append(services.put(one.channel, one.address, body, key=f"{key}:{one.pk}", actor=actor, about=about))
    return found
