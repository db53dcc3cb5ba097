"""The work in a case: notes, evidence, tasks; and what tells people about it."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from seawall.apps.cases.models.case import Case
from seawall.apps.ids import uuid7


class Note(models.Model):
    """What somebody wrote down. Notes are never changed; a further note corrects one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("note"), max_length=10_000)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        indexes: ClassVar = [models.Index(fields=["case", "id"], name="cases_note_case")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.pk}"


class Evidence(models.Model):
    """A file of the case: its bytes lie under HOME/evidence by their SHA-256, so that a changed byte shows."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="evidence")
    name = models.CharField(_("file"), max_length=200)
    kind = models.CharField(_("type"), max_length=10)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField("SHA-256", max_length=64)
    comment = models.CharField(_("what it shows"), max_length=500, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "sha256"], name="cases_evidence_once_a_case"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.sha256}"


class Task(models.Model):
    """One thing to be done in a case."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tasks")
    title = models.CharField(_("task"), max_length=200)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("assignee"),
    )  # fmt: skip
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(_("done"), null=True)

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        indexes: ClassVar = [models.Index(fields=["assignee", "done_at"], name="cases_task_assignee")]

    def __str__(self) -> str:
        return self.title


class Notification(models.Model):
    """Something a person should know about a case."""

    class Kind(StrEnum):
        MENTIONED = "mentioned"
        ASSIGNED = "assigned"
        TASK = "task"
        OVERDUE = "overdue"
        ESCALATED = "escalated"
        APPROVED = "approved"
        RETURNED = "returned"
        NEW_HIT = "new_hit"
        LABEL = "label"

    KIND_CHOICES: ClassVar = [
        ("mentioned", pgettext_lazy("notification", "You are mentioned")),
        ("assigned", pgettext_lazy("notification", "Assigned to you")),
        ("task", pgettext_lazy("notification", "A task for you")),
        ("overdue", pgettext_lazy("notification", "The time limit has passed")),
        ("escalated", pgettext_lazy("notification", "Escalated")),
        ("approved", pgettext_lazy("notification", "Closure approved")),
        ("returned", pgettext_lazy("notification", "Closure not approved")),
        ("new_hit", pgettext_lazy("notification", "More severe hit")),
        ("label", pgettext_lazy("notification", "A label was refused")),
    ]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(_("kind"), max_length=10, choices=KIND_CHOICES)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(_("time"), default=timezone.now, editable=False)
    read_at = models.DateTimeField(_("read"), null=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes: ClassVar = [models.Index(fields=["person", "read_at", "id"], name="cases_notification_person")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind}"
