"""Who is told by e-mail or text message: addresses in groups, which rules and plans name."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from seawall.apps.accounts.sealed import unseal
from seawall.apps.ids import uuid7


class Contact(models.Model):
    """One address of a group. `address` is sealed; `shown` is what of it people see."""

    CHANNELS: ClassVar = [("email", _("E-mail")), ("sms", _("Text message"))]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    group = models.SlugField(_("group"), max_length=64)
    name = models.CharField(_("name"), max_length=64)
    channel = models.CharField(_("channel"), max_length=8, choices=CHANNELS)
    sealed = models.TextField()
    shown = models.CharField(_("address"), max_length=120)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes: ClassVar = [models.Index(fields=["group", "id"], name="outbox_contact_group")]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """In full."""
        return unseal(self.sealed)
