"""Entries of lists, the changes people asked for, files that were imported, and how often entries were met."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from seawall.apps.ids import uuid7
from seawall.apps.lists.states import (
    ACTIONS,
    ACTIVE,
    CHANGE_STATES,
    DRAFT,
    IMPORT_STATES,
    NEW,
    SOURCES,
    STATES,
    WAITING,
)
from seawall.engine.lists import FOREVER

LONGEST_NAME, LONGEST_KEY, LONGEST_REASON = 80, 256, 500
WHOLE_LIST = 0  # the `entry` of HitHour rows that count a whole list


def _choices(table: Any) -> list[tuple[str, Any]]:
    return [(key, one.title) for key, one in table.items()]


class Import(models.Model):
    """A file of entries: checked first, then put on the list. Its lines lie sealed in the home until it is over."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    list = models.CharField(_("list"), max_length=LONGEST_NAME)
    name = models.CharField(_("file"), max_length=200)
    format = models.CharField(_("format"), max_length=8)  # csv, ndjson
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON)
    valid_until = models.DateTimeField(_("valid until"), null=True)  # of lines that state none
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    request = models.ForeignKey("approvals.Request", on_delete=models.PROTECT, null=True, related_name="+")
    run = models.UUIDField(null=True)  # the newest run of a job on it
    state = models.CharField(_("state"), max_length=10, choices=_choices(IMPORT_STATES), default=NEW)
    lines = models.PositiveIntegerField(_("lines"), default=0)
    fresh = models.PositiveIntegerField(_("new"), default=0)
    duplicates = models.PositiveIntegerField(_("duplicates"), default=0)
    present = models.PositiveIntegerField(_("already there"), default=0)
    bad = models.PositiveIntegerField(_("bad lines"), default=0)
    added = models.PositiveIntegerField(_("added"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("import of a list")
        verbose_name_plural = _("imports of lists")
        indexes: ClassVar = [models.Index(fields=["list", "created_at", "id"], name="lists_import_of_list")]

    def __str__(self) -> str:
        return self.name


class Entry(models.Model):
    """An entry of a list. `key` is what the journal has (a stand-in where the key is sensitive, "" until it is known),
    `shown` the mask of a sensitive one. Times of validity in ms, as the engine's.

    `sealed` holds the value only from the asking to the sending. `last_hit_at` 0: none yet. `told_at`: its author was
    told that it ends soon.
    """

    list = models.CharField(_("list"), max_length=LONGEST_NAME)
    entry_id = models.CharField(_("entry"), max_length=LONGEST_KEY)
    kind = models.CharField(max_length=LONGEST_NAME, blank=True)
    key = models.CharField(_("value"), max_length=LONGEST_KEY, blank=True)
    shown = models.CharField(max_length=LONGEST_KEY, blank=True)
    sealed = models.TextField(blank=True)
    reason = models.TextField(_("reason"))
    source = models.CharField(_("source"), max_length=8, choices=_choices(SOURCES))
    source_ref = models.CharField(max_length=80, blank=True)
    valid_from = models.BigIntegerField(_("valid from"))
    valid_until = models.BigIntegerField(_("valid until"), default=FOREVER)
    state = models.CharField(_("state"), max_length=8, choices=_choices(STATES), default=DRAFT)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    owner = models.CharField(_("owner"), max_length=LONGEST_KEY, blank=True)  # as the journal has it
    approved_by = models.CharField(_("checker"), max_length=LONGEST_KEY, blank=True)
    batch = models.ForeignKey(Import, on_delete=models.PROTECT, null=True, related_name="entries", db_index=False)
    sequence = models.BigIntegerField(_("record"), null=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    hits = models.BigIntegerField(_("hits"), default=0)
    last_hit_at = models.BigIntegerField(_("last hit"), default=0)
    quiet_since = models.BigIntegerField(_("not met since"), default=0, db_default=0)  # last hit, before one: the start
    told_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("entry of a list")
        verbose_name_plural = _("entries of lists")
        constraints: ClassVar = [models.UniqueConstraint(fields=["list", "entry_id"], name="lists_entry_once")]
        indexes: ClassVar = [
            models.Index(fields=["list", "state", "id"], name="lists_entry_state"),
            models.Index(fields=["list", "id"], name="lists_entry_list"),
            models.Index(fields=["list", "source", "state"], name="lists_entry_from"),  # for the facets' counts, too
            models.Index(fields=["list", "valid_until", "id"], name="lists_entry_until"),
            models.Index(fields=["list", "last_hit_at", "id"], name="lists_entry_hit"),
            models.Index(fields=["list", "state", "quiet_since", "id"], name="lists_entry_quiet"),
            models.Index(fields=["list", "key"], name="lists_entry_key"),
            models.Index(fields=["kind", "key"], name="lists_entry_entity"),
            models.Index(fields=["valid_until"], condition=Q(state=ACTIVE), name="lists_entry_ends"),
            models.Index(fields=["author", "valid_until"], condition=Q(told_at__isnull=False), name="lists_entry_told"),
        ]

    def __str__(self) -> str:
        return f"{self.list}/{self.entry_id}"

    @property
    def begins(self) -> datetime:
        """When it begins."""
        return datetime.fromtimestamp(self.valid_from / 1000, UTC)

    @property
    def ends(self) -> datetime | None:
        """When it ends; None: never."""
        return None if self.valid_until >= FOREVER else datetime.fromtimestamp(self.valid_until / 1000, UTC)


class Change(models.Model):
    """A change of one entry that somebody asked for: who, why, who agreed, and how far it has come."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="changes", verbose_name=_("entry"))
    action = models.CharField(_("change"), max_length=8, choices=_choices(ACTIONS))
    valid_until = models.BigIntegerField(_("valid until"), default=FOREVER)
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON)
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    request = models.ForeignKey("approvals.Request", on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=8, choices=_choices(CHANGE_STATES), default=WAITING)
    sequence = models.BigIntegerField(_("record"), null=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("change of a list")
        verbose_name_plural = _("changes of lists")

    def __str__(self) -> str:
        return f"{self.action} {self.entry_id}"


class Hit(models.Model):
    """That a decision met an entry."""

    pk = models.CompositePrimaryKey("entry", "sequence")
    entry = models.BigIntegerField()
    sequence = models.BigIntegerField()
    outcome = models.CharField(max_length=10)

    def __str__(self) -> str:
        return f"{self.entry} {self.sequence}"


class HitHour(models.Model):
    """Hits of one hour by outcome: of an entry, or of the whole list (entry WHOLE_LIST)."""

    pk = models.CompositePrimaryKey("list", "entry", "hour", "outcome")
    list = models.CharField(max_length=LONGEST_NAME)
    entry = models.BigIntegerField()
    hour = models.BigIntegerField()  # its start, ms
    outcome = models.CharField(max_length=10)
    hits = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.list} {self.entry} {self.hour}"
