"""What decides, since when: deployments of champion, challenger and shadows."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from seawall.apps.ids import uuid7
from seawall.apps.policies.models.policy import LONGEST_NOTE, Version

CHAMPION, CHALLENGER, SHADOW = "champion", "challenger", "shadow"
ROLES = (CHAMPION, CHALLENGER, SHADOW)
WAITING, SENT, ACTIVE, REFUSED = "waiting", "sent", "active", "refused"
PUBLISH, ROLLBACK, STOP, SEEN = "publish", "rollback", "stop", "seen"
MOST_SHARE = 5_000  # basis points
MOST_SHADOWS = 3


class Deployment(models.Model):
    """One switch of everything that decides. `sequence` is the journal record from which on it holds.

    waiting: its packs are on their way to the engine; sent: the switch is in the outbox; active: the engine has
    switched (the newest active one decides); refused: it never will, `problem` says why.
    """

    KINDS: ClassVar = [
        (PUBLISH, pgettext_lazy("deployment", "Published")),
        (ROLLBACK, pgettext_lazy("deployment", "Rolled back")),
        (STOP, pgettext_lazy("deployment", "Stopped")),
        (SEEN, pgettext_lazy("deployment", "Seen in the journal")),
    ]
    OUTCOMES: ClassVar = [
        (WAITING, pgettext_lazy("deployment", "Waiting")),
        (SENT, pgettext_lazy("deployment", "Sent")),
        (ACTIVE, pgettext_lazy("deployment", "Active")),
        (REFUSED, pgettext_lazy("deployment", "Refused")),
    ]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS)
    outcome = models.CharField(_("outcome"), max_length=10, choices=OUTCOMES, default=WAITING)
    sequence = models.BigIntegerField(_("journal record"), null=True, unique=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=LONGEST_NOTE, blank=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    made_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    since = models.DateTimeField(_("since"), null=True)

    class Meta:
        verbose_name = _("deployment")
        verbose_name_plural = _("deployments")
        indexes: ClassVar = [models.Index(fields=["outcome", "id"], name="policies_deployed")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(outcome="active") | Q(sequence__isnull=False), name="policies_active_has_a_record"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.id)


class Placement(models.Model):
    """A version's part in a deployment. `share` in basis points of the entities of the key field `entity`.

    Both are of challengers only, as are `limits`, which say when it is stopped (`analytics.challenger.Limits`).
    """

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="placements")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="placements")
    role = models.CharField(_("role"), max_length=10, choices=[(one, one) for one in ROLES])
    share = models.PositiveIntegerField(_("share"), default=0)
    entity = models.CharField(_("entity"), max_length=64, blank=True)
    limits = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["deployment", "version"], name="policies_one_role"),
            models.UniqueConstraint(
                fields=["deployment", "role"], condition=Q(role__in=["champion", "challenger"]),
                name="policies_one_champion",
            ),
            models.CheckConstraint(
                condition=Q(role="challenger", share__gte=1, share__lte=MOST_SHARE)
                | (~Q(role="challenger") & Q(share=0)),
                name="policies_share_of_challenger",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.role} {self.version_id}"


class Notice(models.Model):
    """Something the owner of a version must know; `text` is an English msgid with `values`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="policy_notices")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="+")
    text = models.CharField(max_length=300)
    values = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("time"), default=timezone.now, editable=False)
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person", "read_at", "id"], name="policies_notice_person")]

    def __str__(self) -> str:
        return self.text
