"""API tokens: a person's keys to the console's REST API, made and revoked in a session.

A token reads `swc_KEY_SECRET`. Only the SHA-256 of the secret is kept: with 256 random bits it needs no slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import LONGEST_NAME, Token, User
from seawall.apps.accounts.permissions import check, in_session
from seawall.apps.accounts.roles import Permission, catalog
from seawall.apps.audit.services import record
from seawall.apps.errors import ConflictError, InvalidError, UnknownError

LONGEST_DAYS, USUAL_DAYS = 365, 90
MOST_TOKENS = 20  # of one person that are live
_LETTERS = string.ascii_lowercase + string.digits
_KEY_LENGTH = 12
_TEXT = re.compile(r"swc_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
_NOTED = timedelta(minutes=1)  # between two notes of its use


def grantable(user: User) -> list[Permission]:
    """The permissions that a token of this person may carry: those held now, but what needs a session."""
    held = {permission for grant in user.grants for permission in grant.permissions} - catalog().session_only
    return [one for key, one in catalog().permissions.items() if key in held]


def make(owner: User, name: str, scopes: Iterable[str], days: int = USUAL_DAYS) -> tuple[Token, str]:
    """A new token and its text, which is shown once and kept nowhere. InvalidError names the field."""
    in_session(owner)
    name, wanted = " ".join(name.split()), sorted(set(scopes))
    may = {one.key for one in grantable(owner)}
    if not 0 < len(name) <= LONGEST_NAME:
        raise InvalidError(_("Give the token a name: what uses it."), {"name": _("Required.")})
    if not wanted or not may.issuperset(wanted):
        words = _("Choose from the permissions that you hold.")
        raise InvalidError(words, {"scopes": words})
    if not 1 <= days <= LONGEST_DAYS:
        words = _("From 1 to %(most)d days.") % {"most": LONGEST_DAYS}
        raise InvalidError(words, {"days": words})
    secret = secrets.token_urlsafe(32)
    key = "".join(secrets.choice(_LETTERS) for _each in range(_KEY_LENGTH))
    now = timezone.now()
    with transaction.atomic():
        live = Token.objects.select_for_update().filter(owner=owner, revoked_at=None, expires_at__gt=now).count()
        if live >= MOST_TOKENS:
            raise ConflictError(_("You have %(most)d tokens; revoke one that is not used.") % {"most": MOST_TOKENS})
        made = Token.objects.create(
            owner=owner, name=name, key=key, digest=_digest(secret), scopes=wanted, created_at=now,
            expires_at=now + timedelta(days=days),
        )  # fmt: skip
        about = {"owner": str(owner.pk), "scopes": wanted, "expires_at": made.expires_at.isoformat()}
        record(owner, "token.made", "token", made.pk, about, private={"name": name})
    return made, f"swc_{key}_{secret}"


def revoke(actor: User, token_id: UUID) -> Token:
    """The token opens nothing any more: one's own, or with users.manage anybody's. UnknownError, ConflictError."""
    in_session(actor)
    with transaction.atomic():
        found = Token.objects.select_for_update().select_related("owner").filter(pk=token_id).first()
        if found is None or (found.owner_id != actor.pk and not actor.has_perm("users.view")):
            raise UnknownError(_("There is no such token."))
        if found.owner_id != actor.pk:
            check(actor, "users.manage")
        if found.revoked_at is not None:
            raise ConflictError(_("This token is revoked already."))
        _revoke(actor, found)
    return found


def revoke_all(actor: User | str, owner: User) -> int:
    """Every token of a person who is locked out; in the caller's transaction. How many."""
    live = list(Token.objects.select_for_update().filter(owner=owner, revoked_at=None))
    for one in live:
        _revoke(actor, one)
    return len(live)


def tokens_of(owner: User) -> QuerySet[Token]:
    """A person's tokens, the newest first; those that are over stay for the record."""
    return Token.objects.filter(owner=owner).order_by("-created_at", "-id")


def holder(text: str) -> User | None:
    """The person whose live token this text is, narrowed to what the token carries; None for anything else."""
    match = _TEXT.fullmatch(text)
    if match is None:
        return None
    found = Token.objects.select_related("owner").filter(key=match[1]).first()
    right = hmac.compare_digest(_digest(match[2]), found.digest if found else "0" * 64)
    if found is None or not right or not found.live or not found.owner.is_active:
        return None
    now = timezone.now()
    if found.last_used_at is None or now - found.last_used_at > _NOTED:
        Token.objects.filter(pk=found.pk).update(last_used_at=now)
    owner = found.owner
    owner.token = found
    owner.forget_grants()
    return owner


def _revoke(actor: User | str, token: Token) -> None:
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    record(actor, "token.revoked", "token", token.pk, {"owner": str(token.owner_id)})


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
