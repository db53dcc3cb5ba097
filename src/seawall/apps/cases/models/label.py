"""What was found, and the labels that carry it to the journal."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from seawall.apps.cases.models.case import Case
from seawall.apps.ids import uuid7


class Disposition(models.Model):
    """A finding of a closed case: proposed by one person, approved by another. A reopened case gets a further one."""

    class Kind(StrEnum):
        FRAUD = "fraud"
        LAUNDERING = "laundering"
        LEGITIMATE = "legitimate"
        INCONCLUSIVE = "inconclusive"
        DUPLICATE = "duplicate"

    KIND_CHOICES: ClassVar = [
        ("fraud", pgettext_lazy("disposition", "Fraud")),
        ("laundering", pgettext_lazy("disposition", "Suspicion of money laundering")),
        ("legitimate", pgettext_lazy("disposition", "Legitimate")),
        ("inconclusive", pgettext_lazy("disposition", "Inconclusive")),
        ("duplicate", pgettext_lazy("disposition", "Duplicate")),
    ]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="dispositions")
    kind = models.CharField(_("disposition"), max_length=12, choices=KIND_CHOICES)
    reason = models.CharField(_("reason"), max_length=500)
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("time"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("disposition")
        verbose_name_plural = _("dispositions")

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"


class LabelDelivery(models.Model):
    """A label on its way to the journal by the outbox. What is sent never changes, so the journal knows a second try
    for the first."""

    class State(StrEnum):
        WAITING = "waiting"
        DELIVERED = "delivered"
        REFUSED = "refused"

    STATE_CHOICES: ClassVar = [
        ("waiting", pgettext_lazy("label", "Waiting")),
        ("delivered", pgettext_lazy("label", "In the journal")),
        ("refused", pgettext_lazy("label", "Refused")),
    ]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    disposition = models.ForeignKey(Disposition, on_delete=models.PROTECT, related_name="labels")
    label = models.CharField(_("label"), max_length=40)
    event_id = models.CharField(_("event"), max_length=200)
    decision_sequence = models.BigIntegerField(_("decision"))
    label_time = models.CharField(max_length=40)  # as sent: RFC 3339, so that every try is the same
    state = models.CharField(_("state"), max_length=10, choices=STATE_CHOICES, default=State.WAITING.value)
    sequence = models.BigIntegerField(_("label in the journal"), null=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("label delivery")
        verbose_name_plural = _("label deliveries")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["label", "event_id"], name="cases_label_once_an_event"),
            models.CheckConstraint(
                condition=(Q(state="delivered") & Q(sequence__isnull=False))
                | (~Q(state="delivered") & Q(sequence__isnull=True)),
                name="cases_label_delivered_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.event_id}"
