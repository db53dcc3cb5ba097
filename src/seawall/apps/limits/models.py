"""Entries of limits and switches as the journal has them, and the changes that people asked for here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from seawall.apps.ids import uuid7

LONGEST_NAME, LONGEST_KEY, LONGEST_REASON = 80, 256, 500
SCOPES = [
    ("entity", pgettext_lazy("scope of a limit", "One entity")),
    ("segment", pgettext_lazy("scope of a limit", "One segment")),
    ("all", pgettext_lazy("scope of a limit", "All")),
]


class Entry(models.Model):
    """A journal record on a limit or switch. `current`: it is neither replaced nor removed; times in ms.

    `kind` is the kind of entity that `key` is, "" for segments. valid_from 0: from its own record on.
    """

    sequence = models.BigAutoField(_("record"), primary_key=True)
    setting = models.CharField(_("limit"), max_length=LONGEST_NAME)
    entry_id = models.CharField(_("entry"), max_length=LONGEST_KEY)
    scope = models.CharField(_("scope"), max_length=8, choices=SCOPES)
    field = models.CharField(_("field"), max_length=LONGEST_NAME, blank=True)
    kind = models.CharField(max_length=LONGEST_NAME, blank=True)
    key = models.CharField(_("for"), max_length=LONGEST_KEY, blank=True)
    type = models.CharField(_("kind of value"), max_length=8)
    value = models.JSONField(_("value"))
    valid_from = models.BigIntegerField(_("valid from"))
    valid_until = models.BigIntegerField(_("valid until"), null=True)  # None: no end
    reason = models.TextField(_("reason"))
    source = models.CharField(_("source"), max_length=LONGEST_KEY)
    removed = models.BooleanField(_("removed"), default=False)
    current = models.BooleanField(_("current"), default=True)

    class Meta:
        verbose_name = _("entry of a limit")
        verbose_name_plural = _("entries of limits")
        indexes: ClassVar = [
            models.Index(fields=["setting", "entry_id", "sequence"], name="limits_entry_by_id"),
            models.Index(fields=["current", "setting", "scope", "sequence"], name="limits_entry_current"),
            models.Index(fields=["kind", "key", "sequence"], name="limits_entry_by_key"),
        ]

    def __str__(self) -> str:
        return f"{self.setting}/{self.entry_id}"

    def holds(self, at_ms: int) -> bool:
        """Whether it is valid at a time."""
        return self.valid_from <= at_ms and (self.valid_until is None or at_ms < self.valid_until)

    @property
    def begins(self) -> datetime | None:
        """When it begins; None: with its record."""
        return datetime.fromtimestamp(self.valid_from / 1000, UTC) if self.valid_from else None

    @property
    def ends(self) -> datetime | None:
        """When it ends; None: never."""
        return None if self.valid_until is None else datetime.fromtimestamp(self.valid_until / 1000, UTC)


class Change(models.Model):
    """A change somebody asked for: what it sets, who, why, and how far it has come. Its id is the entry's, unless it
    removes or replaces one."""

    class State(models.TextChoices):
        """How far a change has come."""

        WAITING = "waiting", pgettext_lazy("change of a limit", "Waits for approval")
        SENDING = "sending", pgettext_lazy("change of a limit", "On its way")
        DONE = "done", pgettext_lazy("change of a limit", "In the journal")
        REFUSED = "refused", pgettext_lazy("change of a limit", "Refused by the engine")
        DROPPED = "dropped", pgettext_lazy("change of a limit", "Not approved")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    setting = models.CharField(_("limit"), max_length=LONGEST_NAME)
    entry_id = models.CharField(_("entry"), max_length=LONGEST_KEY)
    scope = models.CharField(_("scope"), max_length=8, choices=SCOPES)
    key = models.CharField(_("for"), max_length=LONGEST_KEY, blank=True)
    value = models.JSONField(_("value"))
    valid_from = models.DateTimeField(_("valid from"), null=True)
    valid_until = models.DateTimeField(_("valid until"), null=True)
    removed = models.BooleanField(_("removes the entry"), default=False)
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON)
    maker = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("maker"))
    checker = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("checker")
    )
    request = models.ForeignKey(
        "approvals.Request", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("request")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    sequence = models.BigIntegerField(_("record"), null=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("change of a limit")
        verbose_name_plural = _("changes of limits")
        indexes: ClassVar = [models.Index(fields=["setting", "created_at", "id"], name="limits_change_by_setting")]

    def __str__(self) -> str:
        return f"{self.setting} {self.pk}"

    @property
    def source(self) -> str:
        """What the journal says of where it came from."""
        return f"console:{self.pk}"
