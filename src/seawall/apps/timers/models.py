"""A deadline that survives every crash."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from seawall.apps.ids import uuid7


class Timer(models.Model):
    """Fires its kind's handler once, at `due_at`.

    `remaining` working time counts from `counted_from` on the calendar; that gives `due_at`. While paused the clock
    stands still: `remaining` is what was left. `provisional`: the deadline reaches days no official notice covers yet.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=64)
    object_type = models.CharField(_("kind of object"), max_length=64)
    object_id = models.CharField(_("object"), max_length=200)
    calendar = models.CharField(_("calendar"), max_length=40)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    counted_from = models.DateTimeField()
    remaining = models.DurationField()
    due_at = models.DateTimeField(_("due"))
    provisional = models.BooleanField(_("provisional"), default=False)
    paused_at = models.DateTimeField(_("paused"), null=True)
    fired_at = models.DateTimeField(_("fired"), null=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    retry_at = models.DateTimeField(null=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("timer")
        verbose_name_plural = _("timers")
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], condition=Q(fired_at=None, cancelled_at=None, paused_at=None), name="timers_running"
            ),
            models.Index(fields=["object_type", "object_id"], name="timers_by_object"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "object_type", "object_id"], condition=Q(fired_at=None, cancelled_at=None),
                name="timers_one_open_an_object",
            ),
            models.CheckConstraint(
                condition=Q(fired_at__isnull=True) | Q(cancelled_at__isnull=True), name="timers_end_once"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.object_type} {self.object_id}"

    @property
    def open(self) -> bool:
        """Whether it may still fire."""
        return self.fired_at is None and self.cancelled_at is None
