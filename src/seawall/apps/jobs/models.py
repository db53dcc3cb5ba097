"""Runs of jobs, when scheduled jobs come next, and the worker's heartbeats."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from seawall.apps.ids import uuid7

LONGEST_NAME = 64
LONGEST_TEXT = 300
QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
STATES = (
    (QUEUED, _("Queued")),
    (RUNNING, _("Running")),
    (DONE, _("Done")),
    (FAILED, _("Failed")),
    (CANCELLED, _("Cancelled")),
)
ACTIVE = (QUEUED, RUNNING)


def said(text: str, values: dict[str, Any]) -> str:
    """A stored text in the reader's language: an English msgid and what is filled into it."""
    try:
        return gettext(text) % values if text else ""
    except (KeyError, TypeError, ValueError):
        return text


class Run(models.Model):
    """One run of a job. Texts are stored as msgid and values, so that each reader has their own language."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.CharField(_("job"), max_length=LONGEST_NAME)
    slot = models.CharField(max_length=LONGEST_NAME)  # the job, or the run itself where runs may overlap
    arguments = models.JSONField(_("arguments"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=STATES, default=QUEUED)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)  # 0: nobody knows how much it is
    text = models.CharField(max_length=LONGEST_TEXT, blank=True)
    values = models.JSONField(default=dict)
    lines = models.JSONField(default=list)  # [[ms, text, values], …], the newest last, bounded
    result_url = models.CharField(max_length=LONGEST_TEXT, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    retry_of = models.OneToOneField("self", on_delete=models.SET_NULL, null=True, related_name="retry")
    cancel_asked = models.BooleanField(default=False)
    queued_at = models.DateTimeField(_("queued"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["slot"], condition=Q(state__in=ACTIVE), name="jobs_one_active_run"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["queued_at", "id"], name="jobs_run_queued"),
            models.Index(fields=["job", "queued_at"], name="jobs_run_of_job"),
            models.Index(fields=["state", "queued_at"], name="jobs_run_state"),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.id}"

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ACTIVE

    @property
    def message(self) -> str:
        """What it last said."""
        return said(self.text, self.values)

    @property
    def share(self) -> float | None:
        """Done of total as a fraction, None where the total is unknown."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def took(self) -> timedelta | None:
        """How long it ran, or has been running."""
        return (self.ended_at or timezone.now()) - self.started_at if self.started_at else None

    @property
    def rate(self) -> float | None:
        """Units a second so far."""
        took = self.took
        return self.done / took.total_seconds() if took and took.total_seconds() > 0.5 and self.done else None

    @property
    def left(self) -> float | None:
        """Seconds still to go at the rate so far, None where nobody can say."""
        if self.state != RUNNING or not self.rate or self.total <= self.done:
            return None
        return (self.total - self.done) / self.rate


class Schedule(models.Model):
    """When a scheduled job comes next."""

    job = models.CharField(primary_key=True, max_length=LONGEST_NAME)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.job


class Heartbeat(models.Model):
    """One of the worker's loops: when it last went round, and what stands in its way."""

    name = models.CharField(primary_key=True, max_length=LONGEST_NAME)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    every = models.FloatField()  # seconds between rounds
    rounds = models.PositiveBigIntegerField(default=0)
    problem = models.CharField(max_length=LONGEST_TEXT, blank=True)

    def __str__(self) -> str:
        return self.name
