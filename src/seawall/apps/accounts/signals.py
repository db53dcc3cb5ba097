"""What libraries tell us becomes ledger entries and saved preferences."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_removed
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from seawall.apps.accounts.models import User
from seawall.apps.accounts.session import begin_session
from seawall.apps.audit.services import SYSTEM, record
from seawall.console import preferences


@receiver(user_logged_in)
def signed_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A session begins: its clock starts, the entry says who."""
    begin_session(request)
    _record(user, "user.signed_in", user)


@receiver(user_logged_out)
def signed_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """A session ends."""
    if isinstance(user, User):
        _record(user, "user.signed_out", user)


@receiver(password_changed)
def changed_password(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Django ends the other sessions by itself: their hash no longer fits."""
    _record(user, "user.password_changed", user)


@receiver(post_save, sender=Authenticator)
def factor_added(sender: Any, instance: Authenticator, created: bool, **kwargs: Any) -> None:
    """A second factor was set up, or new recovery codes made; in the transaction of the row itself."""
    if created:
        _record(instance.user, "user.factor_added", instance.user, type=str(instance.type))


@receiver(authenticator_removed)
def factor_removed(sender: Any, request: HttpRequest, user: User, authenticator: Any, **kwargs: Any) -> None:
    """A second factor was given up."""
    _record(user, "user.factor_removed", user, type=str(authenticator.type))


@receiver(user_locked_out)
def locked(sender: Any, request: HttpRequest, username: str, ip_address: str, **kwargs: Any) -> None:
    """Too many failures; the name typed and the address are personal, so only commitments are kept."""
    with transaction.atomic():
        record(SYSTEM, "user.locked_out", "sign_in", "lockout", private={"username": username, "address": ip_address})


@receiver(preferences.chosen)
def preferred(sender: Any, request: HttpRequest, name: str, value: str, **kwargs: Any) -> None:
    """A switch of language or theme is kept with the person."""
    if isinstance(request.user, User) and name in ("language", "theme"):
        setattr(request.user, name, value)
        request.user.save(update_fields=[name])


def _record(actor: User, action: str, user: User, **data: str) -> None:
    with transaction.atomic():
        record(actor, action, "user", user.pk, data)
