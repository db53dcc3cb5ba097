"""Backtests that people asked for, and what came of them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from seawall.apps.ids import uuid7
from seawall.apps.policies.models.content import HEX
from seawall.apps.policies.models.policy import LONGEST_LABEL


class Backtest(models.Model):
    """One policy content, or two to compare, over a period of the home's own journal.

    `base` is what `candidate` is compared with ("": nothing); both are digests of bundles. Times are effective times;
    None leaves an end open. `run` is the job's; `result` comes with `done_at`: {summary, samples, figures} as
    `backtesting.process` writes them. The rows are kept: a gate report names them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    candidate = models.CharField(max_length=HEX)
    candidate_label = models.CharField(_("policy"), max_length=LONGEST_LABEL)
    draft = models.UUIDField(null=True)
    base = models.CharField(max_length=HEX, blank=True)
    base_label = models.CharField(_("compared with"), max_length=LONGEST_LABEL, blank=True)
    from_at = models.DateTimeField(_("from"), null=True)
    until_at = models.DateTimeField(_("until"), null=True)
    warm_up_days = models.PositiveIntegerField(null=True)  # None: as far as the features look back
    labels = models.JSONField(_("labels"), default=list)
    label_delay_days = models.PositiveIntegerField(null=True)  # None: the longest seen
    run = models.UUIDField(null=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    asked_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    done_at = models.DateTimeField(_("done"), null=True)
    events = models.PositiveBigIntegerField(_("events"), null=True)
    seconds = models.FloatField(_("seconds"), null=True)
    result: Any = models.JSONField(null=True)

    class Meta:
        verbose_name = _("backtest")
        verbose_name_plural = _("backtests")
        indexes: ClassVar = [
            models.Index(fields=["asked_at", "id"], name="policies_backtest_asked"),
            models.Index(fields=["candidate", "done_at"], name="policies_backtest_of"),
        ]

    def __str__(self) -> str:
        return f"{self.candidate_label} {self.asked_at:%Y-%m-%d}"
