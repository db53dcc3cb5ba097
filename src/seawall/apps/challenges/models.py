"""What the console keeps of challenges: one row each, and its story. No contact, no code, no proof.

Times are the decision API's: milliseconds since 1970, UTC.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from seawall.apps.decisions.models import DecisionRow


class Position(models.Model):
    """How far the steps have been followed: one row, moved in the transaction that applies them."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="challenges_one_position")]

    def __str__(self) -> str:
        return str(self.number)


class Challenge(models.Model):
    """One challenge of a decision's subject."""

    id = models.UUIDField(primary_key=True)
    # Only the follower writes here, and only about decisions that are indexed.
    decision = models.ForeignKey(
        DecisionRow, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=_("decision")
    )
    method = models.CharField(_("method"), max_length=64)
    kind = models.CharField(_("kind"), max_length=20)
    provider = models.CharField(_("provider"), max_length=40)
    state = models.CharField(_("state"), max_length=10)
    reason = models.CharField(_("reason"), max_length=20, blank=True)
    opened_at = models.BigIntegerField(_("opened"))
    expires_at = models.BigIntegerField(_("expires"))
    ended_at = models.BigIntegerField(_("ended"), null=True)
    attempts_left = models.PositiveSmallIntegerField(_("attempts left"))
    sends_left = models.PositiveSmallIntegerField(_("codes left to send"))
    result_id = models.UUIDField(_("decision on the result"), null=True, db_index=True)
    stuck = models.BooleanField(_("result not decided"), default=False)

    class Meta:
        verbose_name = _("challenge")
        verbose_name_plural = _("challenges")
        indexes: ClassVar = [
            models.Index(fields=["opened_at", "id"], name="challenges_opened"),
            models.Index(fields=["state", "opened_at"], name="challenges_by_state"),
            models.Index(fields=["kind", "opened_at"], name="challenges_by_kind"),
            models.Index(fields=["provider", "opened_at"], name="challenges_by_provider"),
            models.Index(fields=["kind", "provider", "state", "opened_at"], name="challenges_rates"),
            models.Index(fields=["reason", "opened_at"], name="challenges_by_reason"),
            models.Index(fields=["opened_at"], condition=Q(stuck=True), name="challenges_stuck"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Step(models.Model):
    """Something that happened to a challenge."""

    number = models.BigAutoField(primary_key=True)  # the decision API's
    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="steps")
    at = models.BigIntegerField(_("time"))
    what = models.CharField(max_length=10)
    detail = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return f"{self.challenge_id} {self.what}"
