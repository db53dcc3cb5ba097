"""Receivers of webhooks and the secrets that sign for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from seawall.apps.accounts.sealed import unseal
from seawall.apps.ids import uuid7


class Endpoint(models.Model):
    """A receiver. `kinds`: what it is told of. `name` is what rules' actions call it by. Nothing is sent to it before a
    second person has `agreed` to it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.SlugField(_("name"), max_length=64, unique=True)
    url = models.CharField(_("URL"), max_length=500)
    kinds = models.JSONField(_("events"), default=list)
    active = models.BooleanField(_("active"), default=True)
    agreed = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")

    def __str__(self) -> str:
        return self.name

    def keys(self, at: datetime) -> Iterator[tuple[str, str]]:
        """(key id, secret) of the secrets that sign at an instant, the newest first."""
        valid = self.secrets.filter(Q(ends_at=None) | Q(ends_at__gt=at)).order_by("-id")
        for one in valid:
            yield one.key_id, unseal(one.sealed)


class Secret(models.Model):
    """A signing secret, sealed. While it is replaced two are valid: the old one until `ends_at`."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="secrets")
    key_id = models.CharField(_("key id"), max_length=16, unique=True)
    sealed = models.TextField()
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    ends_at = models.DateTimeField(_("ends"), null=True)

    class Meta:
        verbose_name = _("signing secret")
        verbose_name_plural = _("signing secrets")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["endpoint"], condition=Q(ends_at=None), name="outbox_one_lasting_secret"),
        ]

    def __str__(self) -> str:
        return self.key_id
