"""A request that somebody else must decide."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from seawall.apps.ids import uuid7

PENDING, APPROVED, REJECTED, WITHDRAWN, EXPIRED = "pending", "approved", "rejected", "withdrawn", "expired"


class Request(models.Model):
    """`payload` is what will be done, `before` what it would replace (for the comparison). Once decided it stays."""

    STATES: ClassVar = [
        (PENDING, pgettext_lazy("approval", "Pending")),
        (APPROVED, pgettext_lazy("approval", "Approved")),
        (REJECTED, pgettext_lazy("approval", "Rejected")),
        (WITHDRAWN, pgettext_lazy("approval", "Withdrawn")),
        (EXPIRED, pgettext_lazy("approval", "Expired")),
    ]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=64)
    object_type = models.CharField(_("kind of object"), max_length=64)
    object_id = models.CharField(_("object"), max_length=200)
    object_title = models.CharField(_("title"), max_length=200, blank=True)
    payload = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("maker")
    )
    reason = models.CharField(_("reason"), max_length=500)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    state = models.CharField(_("state"), max_length=10, choices=STATES, default=PENDING)
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("checker")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    comment = models.CharField(_("comment"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("approval request")
        verbose_name_plural = _("approval requests")
        indexes: ClassVar = [
            models.Index(fields=["state", "created_at", "id"], name="approvals_by_state"),
            models.Index(fields=["object_type", "object_id"], name="approvals_by_object"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | ~Q(checker=F("maker")), name="approvals_maker_is_not_checker"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["approved", "rejected"], checker__isnull=False)
                | Q(state__in=["pending", "withdrawn", "expired"], checker__isnull=True),
                name="approvals_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", decided_at__isnull=True)
                | (~Q(state="pending") & Q(decided_at__isnull=False)),
                name="approvals_decided_at_some_time",
            ),
            models.UniqueConstraint(
                fields=["kind", "object_type", "object_id"], condition=Q(state="pending"),
                name="approvals_one_pending_an_object",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.object_title or self.object_id}"

    @property
    def pending(self) -> bool:
        """Whether it still waits; one whose time is over does not."""
        return self.state == PENDING and timezone.now() < self.expires_at
