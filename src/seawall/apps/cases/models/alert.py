"""Alerts: one piece of work an entity, typology and window, however many decisions ask for it."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from seawall.apps.cases.models.queue import Queue
from seawall.apps.cases.naming import spoken, typology_title
from seawall.apps.cases.severity import severity_name
from seawall.apps.ids import uuid7


class Alert(models.Model):
    """`collecting`: a further hit before `joins_until` joins this alert; at most one an (entity, typology) collects."""

    class State(StrEnum):
        NEW = "new"
        SNOOZED = "snoozed"
        SUPPRESSED = "suppressed"
        IN_CASE = "in_case"
        CLOSED = "closed"

    STATE_CHOICES: ClassVar = [
        ("new", pgettext_lazy("alert", "New")),
        ("snoozed", pgettext_lazy("alert", "Snoozed")),
        ("suppressed", pgettext_lazy("alert", "Suppressed")),
        ("in_case", pgettext_lazy("alert", "In a case")),
        ("closed", pgettext_lazy("alert", "Closed")),
    ]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity_kind = models.CharField(_("kind of entity"), max_length=40)
    entity_value = models.CharField(_("entity"), max_length=300)
    typology = models.CharField(_("typology"), max_length=100)
    title = models.JSONField(_("title"), default=dict, blank=True)  # of the gravest rule, as the deciding policy has it
    severity = models.PositiveSmallIntegerField(_("severity"))
    state = models.CharField(_("state"), max_length=10, choices=STATE_CHOICES, default=State.NEW.value)
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, related_name="alerts", verbose_name=_("queue"))
    collecting = models.BooleanField(default=True)
    joins_until = models.DateTimeField()
    hits = models.PositiveIntegerField(_("hits"), default=0)
    score = models.IntegerField(_("highest score"), default=0)
    first_sequence = models.BigIntegerField()
    last_sequence = models.BigIntegerField()
    first_at = models.DateTimeField(_("first hit"))
    last_at = models.DateTimeField(_("last hit"))
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        indexes: ClassVar = [
            models.Index(fields=["state", "severity", "id"], name="cases_alert_severity"),
            models.Index(fields=["state", "id"], name="cases_alert_newest"),
            models.Index(fields=["state", "last_at", "id"], name="cases_alert_state"),
            models.Index(fields=["last_at", "id"], name="cases_alert_last"),
            models.Index(fields=["severity", "id"], name="cases_alert_all_severity"),
            models.Index(fields=["hits", "id"], name="cases_alert_hits"),
            models.Index(fields=["score", "id"], name="cases_alert_score"),
            models.Index(fields=["entity_value", "entity_kind", "typology"], name="cases_alert_entity"),
            models.Index(fields=["typology", "state", "severity", "queue"], name="cases_alert_typology"),
            models.Index(fields=["queue", "state", "severity"], name="cases_alert_queue"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["entity_kind", "entity_value", "typology"], condition=Q(collecting=True),
                name="cases_alert_one_collects",
            ),
            models.CheckConstraint(condition=Q(severity__gte=1, severity__lte=4), name="cases_alert_severity_known"),
            models.CheckConstraint(
                condition=Q(collecting=False) | ~Q(state="closed"), name="cases_alert_closed_collects_no_more"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.typology} {self.entity_kind}:{self.entity_value}"

    @property
    def severity_name(self) -> str:
        """`low` … `critical`."""
        return severity_name(self.severity)

    @property
    def headline(self) -> str:
        """What happened, in the language of the page."""
        return spoken(self.title, "") or typology_title(self.typology)

    @property
    def key(self) -> tuple[str, str, str]:
        """What further hits are compared by."""
        return self.entity_kind, self.entity_value, self.typology


class AlertHit(models.Model):
    """One decision that asked for the work."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="hit_rows")
    sequence = models.BigIntegerField(_("decision"))
    decision_id = models.CharField(max_length=64, blank=True)
    event_id = models.CharField(_("event"), max_length=200)
    event_type = models.CharField(_("event type"), max_length=100)
    at = models.DateTimeField(_("time"))
    outcome = models.CharField(_("outcome"), max_length=10)
    score = models.IntegerField(_("score"))
    severity = models.PositiveSmallIntegerField(_("severity"))
    rules = models.JSONField(_("rules"), default=list)
    entities = models.JSONField(default=list)

    class Meta:
        verbose_name = _("hit")
        verbose_name_plural = _("hits")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sequence", "alert"], name="cases_hit_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["alert", "sequence"], name="cases_hit_alert")]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.sequence}"

    @property
    def severity_name(self) -> str:
        """`low` … `critical`."""
        return severity_name(self.severity)


class Suppression(models.Model):
    """Hits up to `severity` of an entity, of a typology, or of one in the other, raise no work until `until`.

    "" in a field means any; they are still counted on a suppressed alert. A more severe hit always comes through.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity_kind = models.CharField(_("kind of entity"), max_length=40, blank=True)
    entity_value = models.CharField(_("entity"), max_length=300, blank=True)
    typology = models.CharField(_("typology"), max_length=100, blank=True)
    severity = models.PositiveSmallIntegerField(_("up to severity"))
    reason = models.CharField(_("reason"), max_length=500)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by")
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("approved by")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    until = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    held_back = models.PositiveIntegerField(_("hits held back"), default=0)

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        indexes: ClassVar = [models.Index(fields=["until", "id"], name="cases_suppression_until")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(entity_value="", typology=""), name="cases_suppression_names_something"
            ),
            models.CheckConstraint(
                condition=Q(entity_kind="", entity_value="") | (~Q(entity_kind="") & ~Q(entity_value="")),
                name="cases_suppression_whole_entity",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.entity_kind}:{self.entity_value} {self.typology}".strip()

    @property
    def severity_name(self) -> str:
        """`low` … `critical`."""
        return severity_name(self.severity)

    @property
    def open(self) -> bool:
        """Whether it holds now."""
        return self.ended_at is None and timezone.now() < self.until
