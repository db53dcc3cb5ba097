"""What a version has to show before it may decide."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from seawall.apps.ids import uuid7
from seawall.apps.policies.models.content import HEX

CASES, BACKTEST, SHADOW, COST = "cases", "backtest", "shadow", "cost"


class GateReport(models.Model):
    """One check of one content: it holds for the digest, whatever version or draft bears it. The newest counts.

    `summary` is plain data by kind; `url` leads to the whole report where there is one.
    """

    KINDS: ClassVar = [
        (CASES, pgettext_lazy("gate", "Unit cases")),
        (BACKTEST, pgettext_lazy("gate", "Backtest")),
        (SHADOW, pgettext_lazy("gate", "Shadow comparison")),
        (COST, pgettext_lazy("gate", "Cost")),
    ]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    digest = models.CharField(max_length=HEX)
    against = models.CharField(max_length=HEX, blank=True)  # the digest it was compared with
    kind = models.CharField(_("check"), max_length=10, choices=KINDS)
    passed = models.BooleanField(_("passed"))
    summary = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    run = models.UUIDField(null=True)  # of the job
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(_("time"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("gate report")
        verbose_name_plural = _("gate reports")
        indexes: ClassVar = [models.Index(fields=["digest", "kind", "id"], name="policies_gate")]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:12]}"
