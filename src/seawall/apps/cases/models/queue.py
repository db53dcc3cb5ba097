"""Where work waits: what comes in, who takes it, how soon it must be done."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from seawall.apps.cases.severity import severity_name
from seawall.apps.ids import uuid7
from seawall.apps.timers.calendars import ALWAYS

DEFAULT_HOURS = {"low": 72, "medium": 24, "high": 8, "critical": 2}


def default_hours() -> dict[str, int]:
    """Working hours until a case is due, by severity."""
    return dict(DEFAULT_HOURS)


class Queue(models.Model):
    """The first queue by rank whose filter an alert passes takes it; an empty list in a filter lets everything pass.

    A queue with members is theirs (and of those who assign cases); one without is open to everybody who sees cases.
    """

    class Assignment(StrEnum):
        MANUAL = "manual"
        ROUND_ROBIN = "round_robin"
        LOAD = "load"

    ASSIGNMENT_CHOICES: ClassVar = [
        ("manual", _("By hand")),
        ("round_robin", _("In turn")),
        ("load", _("Fewest open cases")),
    ]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.SlugField(_("key"), max_length=40, unique=True)
    title_zh = models.CharField(_("title in Chinese"), max_length=80)
    title_en = models.CharField(_("title in English"), max_length=80)
    rank = models.PositiveSmallIntegerField(_("rank"), default=50)
    severities = models.JSONField(_("severities"), default=list, blank=True)
    reasons = models.JSONField(_("reason codes"), default=list, blank=True)
    event_types = models.JSONField(_("event types"), default=list, blank=True)
    assignment = models.CharField(
        _("assignment"), max_length=12, choices=ASSIGNMENT_CHOICES, default=Assignment.MANUAL.value
    )
    hours = models.JSONField(_("hours until due"), default=default_hours)
    calendar = models.CharField(_("calendar"), max_length=40, default=ALWAYS.key)
    active = models.BooleanField(_("takes new work"), default=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="queues", verbose_name=_("members")
    )
    last_assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering: ClassVar = ["rank", "key"]

    def __str__(self) -> str:
        return self.title_en if (get_language() or "").startswith("en") else self.title_zh

    def takes(self, severity: int, reason: str, event_type: str) -> bool:
        """Whether an alert passes the filter."""
        wanted = ((self.severities, severity_name(severity)), (self.reasons, reason), (self.event_types, event_type))
        return self.active and all(not allowed or value in allowed for allowed, value in wanted)

    def time_for(self, severity: int) -> timedelta:
        """Working time that a case of this severity has."""
        name = severity_name(severity)
        return timedelta(hours=float(self.hours.get(name, DEFAULT_HOURS[name])))
