"""Cases: alerts and entities that somebody investigates until they can say what happened."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from seawall.apps.cases.models.alert import Alert
from seawall.apps.cases.models.queue import Queue
from seawall.apps.cases.naming import spoken
from seawall.apps.cases.severity import severity_name
from seawall.apps.ids import uuid7


class Case(models.Model):
    """`due_at` is where the SLA clock stands (timers count it); `waiting_since` while it is paused.

    A restricted case is seen only by its assignee, the people added to it, and those who may see restricted cases.
    """

    class State(StrEnum):
        NEW = "new"
        ASSIGNED = "assigned"
        IN_PROGRESS = "in_progress"
        WAITING = "waiting"
        CLOSING = "closing"
        CLOSED = "closed"

    STATE_CHOICES: ClassVar = [
        ("new", pgettext_lazy("case", "New")),
        ("assigned", pgettext_lazy("case", "Assigned")),
        ("in_progress", pgettext_lazy("case", "In progress")),
        ("waiting", pgettext_lazy("case", "Waiting for the customer")),
        ("closing", pgettext_lazy("case", "Closure to be approved")),
        ("closed", pgettext_lazy("case", "Closed")),
    ]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    serial = models.PositiveIntegerField(_("number"), unique=True)
    title = models.CharField(_("title"), max_length=200)
    titles = models.JSONField(default=dict, blank=True)  # zh and en, where no person wrote the title
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, related_name="cases", verbose_name=_("queue"))
    severity = models.PositiveSmallIntegerField(_("severity"))
    state = models.CharField(_("state"), max_length=12, choices=STATE_CHOICES, default=State.NEW.value)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="cases",
        verbose_name=_("assignee"),
    )  # fmt: skip
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+", verbose_name=_("people"))
    restricted = models.BooleanField(_("restricted"), default=False)
    due_at = models.DateTimeField(_("due"))
    waiting_since = models.DateTimeField(_("waiting since"), null=True)
    breached_at = models.DateTimeField(_("overdue since"), null=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField(_("opened"), default=timezone.now, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        indexes: ClassVar = [
            models.Index(fields=["state", "due_at", "id"], name="cases_case_due"),
            models.Index(fields=["due_at", "id"], name="cases_case_all_due"),
            models.Index(fields=["opened_at", "id"], name="cases_case_opened"),
            models.Index(fields=["severity", "id"], name="cases_case_severity"),
            models.Index(fields=["assignee", "state", "due_at"], name="cases_case_assignee"),
            models.Index(fields=["queue", "state", "due_at"], name="cases_case_queue"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(severity__gte=1, severity__lte=4), name="cases_case_severity_known"),
            models.CheckConstraint(
                condition=(Q(state="closed") & Q(closed_at__isnull=False))
                | (~Q(state="closed") & Q(closed_at__isnull=True)),
                name="cases_case_closed_at_some_time",
            ),
            models.CheckConstraint(
                condition=Q(state="new", assignee__isnull=True) | (~Q(state="new") & Q(assignee__isnull=False)),
                name="cases_case_somebody_has_it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.headline}"

    @property
    def number(self) -> str:
        """As people and scopes name it: `C-1042`."""
        return f"C-{self.serial}"

    @property
    def headline(self) -> str:
        """The title, in the language of the page where no person wrote it."""
        return spoken(self.titles, self.title)

    @property
    def severity_name(self) -> str:
        """`low` … `critical`."""
        return severity_name(self.severity)

    @property
    def open(self) -> bool:
        """Whether anything is left to do."""
        return self.state != self.State.CLOSED


class CaseAlert(models.Model):
    """An alert in a case; `removed_at` once it was taken out again."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="alert_links")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="case_links")
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["alert"], condition=Q(removed_at=None), name="cases_alert_in_one_case"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.case_id} {self.alert_id}"


class CaseEntity(models.Model):
    """An entity that the case is about."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="entities")
    kind = models.CharField(_("kind of entity"), max_length=40)
    value = models.CharField(_("entity"), max_length=300)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "value"], name="cases_entity_value")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "kind", "value"], name="cases_entity_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"
