"""What waits for the ledger and what has reached it, in the database of the commands themselves."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from seawall.apps.ids import uuid7


class Outbox(models.Model):
    """One entry: written in the command's transaction, sent to the ledger afterwards, then kept as its index."""

    key = models.UUIDField(unique=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(_("time"), default=timezone.now, editable=False)
    actor = models.CharField(_("actor"), max_length=200)
    action = models.CharField(_("action"), max_length=64)
    object_type = models.CharField(_("kind of object"), max_length=64)
    object_id = models.CharField(_("object"), max_length=200)
    data = models.JSONField(default=dict)
    commitments = models.JSONField(default=dict)
    ledger_index = models.BigIntegerField(_("entry"), null=True, unique=True)

    class Meta:
        db_table = "audit_outbox"
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        indexes: ClassVar = [
            models.Index(fields=["action", "id"], name="audit_outbox_action"),
            models.Index(fields=["actor", "id"], name="audit_outbox_actor"),
            models.Index(fields=["object_type", "object_id", "id"], name="audit_outbox_object"),
            models.Index(fields=["id"], condition=models.Q(ledger_index=None), name="audit_outbox_pending"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"


class Salt(models.Model):
    """What opens a commitment of an entry. Erasing the row makes the ledger's commitment meaningless for good."""

    entry = models.ForeignKey(Outbox, on_delete=models.PROTECT, related_name="salts")
    name = models.CharField(max_length=64)
    salt = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["entry", "name"], name="audit_salt_once")]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.name}"
