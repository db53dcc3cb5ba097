"""Actions, taken by people or rules."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from seawall.apps.ids import uuid7
from seawall.apps.response.states import LIVE, STARTING, STATES


class Action(models.Model):
    """One action. `target` is an entity as events carry it (a surrogate where its key is sensitive), or none.

    `key` is the idempotency key. `actor`: a person, or a rule with the number of its decision. `expires_at`: the end of
    its time; `undo_until`: how long it can be undone, null where it cannot. `repeats`: how often the same rule asked
    for the same again while it was in effect.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(_("idempotency key"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=32)
    target_kind = models.CharField(max_length=64, blank=True)
    target = models.CharField(_("target"), max_length=256, blank=True)
    parameters = models.JSONField(_("parameters"), default=dict)
    ttl = models.DurationField(_("for"), null=True)
    reason = models.CharField(_("reason"), max_length=500)
    state = models.CharField(
        _("state"), max_length=10, choices=[(one.key, one.title) for one in STATES.values()], default=STARTING
    )
    actor = models.CharField(_("actor"), max_length=200)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    rule = models.CharField(_("rule"), max_length=130, blank=True)
    decision = models.BigIntegerField(_("decision"), null=True)
    case = models.UUIDField(_("case"), null=True)
    repeats = models.PositiveIntegerField(_("asked for again"), default=0)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    effective_at = models.DateTimeField(_("in effect since"), null=True)
    expires_at = models.DateTimeField(_("ends"), null=True)
    undo_until = models.DateTimeField(_("can be undone until"), null=True)
    undo_reason = models.CharField(_("why undone"), max_length=500, blank=True)
    undone_by = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    result = models.JSONField(default=dict)
    problem = models.CharField(_("problem"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("action")
        verbose_name_plural = _("actions")
        indexes: ClassVar = [
            models.Index(fields=["created_at", "id"], name="response_newest"),
            models.Index(fields=["state", "created_at", "id"], name="response_by_state"),
            models.Index(fields=["target_kind", "target", "created_at"], name="response_by_target"),
            models.Index(fields=["decision"], condition=Q(decision__isnull=False), name="response_by_decision"),
            models.Index(fields=["case"], condition=Q(case__isnull=False), name="response_by_case"),
            models.Index(fields=["rule", "target"], condition=Q(state__in=LIVE), name="response_live_of_rule"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="effective") | Q(effective_at__isnull=False), name="response_effective_since"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target}".strip()

    @property
    def live(self) -> bool:
        """Whether it is, or is about to be, in effect."""
        return self.state in LIVE
