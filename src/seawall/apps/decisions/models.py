"""What the control plane keeps of the journal: an index row a decision, its rules and entities, roll-ups.

Bodies stay in the journal. Times are the engine's: milliseconds since 1970, UTC; effective time never goes back from
one sequence number to the next, so a stretch of time is a stretch of numbers.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from seawall.apps.ids import uuid7

LONGEST_KEY = 256
LONGEST_NAME = 64
LONGEST_TYPE = 260
LONGEST_POLICY = 100


class Position(models.Model):
    """How far the journal has been followed: one row, moved in the transaction that applies the records."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=-1)
    chain = models.CharField(max_length=64, blank=True)  # after that record, hexadecimal; "" before the first

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="decisions_one_position")]

    def __str__(self) -> str:
        return str(self.sequence)


class DecisionRow(models.Model):
    """One decision. `base_amount` is in minor units of `currency`, the base currency: 0 and "" without an amount."""

    # An auto field, though its values are the journal's: only so is it the table's own key in SQLite.
    sequence = models.BigAutoField(_("sequence"), primary_key=True)
    decision_id = models.UUIDField(_("decision"), unique=True)
    event_id = models.CharField(_("event"), max_length=LONGEST_KEY, db_index=True)
    event_type = models.CharField(_("event type"), max_length=LONGEST_TYPE)
    outcome = models.CharField(_("outcome"), max_length=10)
    score = models.IntegerField(_("score"))
    severity = models.CharField(_("severity"), max_length=10, blank=True)  # the worst of the fired rules'
    policy = models.CharField(_("policy"), max_length=LONGEST_POLICY)
    effective_at = models.BigIntegerField(_("time"), db_index=True)
    received_at = models.BigIntegerField(_("received"))
    base_amount = models.BigIntegerField(_("amount"), default=0)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    subject_kind = models.CharField(max_length=LONGEST_NAME, blank=True)
    subject = models.CharField(_("subject"), max_length=LONGEST_KEY, blank=True)
    rules = models.JSONField(_("rules"), default=list)
    degraded = models.BooleanField(_("degraded"), default=False)
    late_by_ms = models.BigIntegerField(_("late by"), default=0)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        indexes: ClassVar = [
            models.Index(fields=["outcome", "sequence"], name="decisions_by_outcome"),
            models.Index(fields=["event_type", "sequence"], name="decisions_by_type"),
            models.Index(fields=["score", "sequence"], name="decisions_by_score"),
            models.Index(fields=["base_amount", "sequence"], name="decisions_by_amount"),
            models.Index(fields=["sequence"], condition=Q(degraded=True), name="decisions_degraded"),
        ]

    def __str__(self) -> str:
        return str(self.decision_id)


class RuleHit(models.Model):
    """That a rule fired in a decision."""

    pk = models.CompositePrimaryKey("rule", "sequence")
    rule = models.CharField(max_length=2 * LONGEST_NAME + 1)
    sequence = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.rule} {self.sequence}"


class Entity(models.Model):
    """One customer, card, device …, as events carry it: a surrogate where the key is sensitive."""

    kind = models.CharField(_("kind"), max_length=LONGEST_NAME)
    value = models.CharField(_("entity"), max_length=LONGEST_KEY)
    decisions = models.PositiveBigIntegerField(_("decisions"), default=0)
    flagged = models.PositiveBigIntegerField(_("not approved"), default=0)
    first_sequence = models.BigIntegerField()
    last_sequence = models.BigIntegerField()
    first_at = models.BigIntegerField(_("first seen"))
    last_at = models.BigIntegerField(_("last seen"))
    erased_at = models.BigIntegerField(_("erased"), null=True)

    class Meta:
        verbose_name = _("entity")
        verbose_name_plural = _("entities")
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "value"], name="decisions_entity_once")]
        indexes: ClassVar = [
            models.Index(fields=["value"], name="decisions_entity_value"),
            models.Index(fields=["last_sequence", "id"], name="decisions_entity_last"),
            models.Index(fields=["flagged", "id"], name="decisions_entity_flagged"),
            models.Index(fields=["kind", "last_sequence", "id"], name="decisions_entity_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class EntityLink(models.Model):
    """That an entity takes part in a decision."""

    pk = models.CompositePrimaryKey("entity", "sequence")
    # Only the follower writes here, entity before link, so no key is checked a second time a row.
    entity = models.ForeignKey(
        Entity, on_delete=models.PROTECT, related_name="links", db_constraint=False, db_index=False
    )
    sequence = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.entity_id} {self.sequence}"


class HourCount(models.Model):
    """Decisions of one hour by event type and outcome, and their amounts in minor units of the base currency."""

    pk = models.CompositePrimaryKey("hour", "event_type", "outcome")
    hour = models.BigIntegerField()  # its start, ms
    event_type = models.CharField(max_length=LONGEST_TYPE)
    outcome = models.CharField(max_length=10)
    decisions = models.BigIntegerField()
    amount = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.hour} {self.event_type} {self.outcome}"


class HourRule(models.Model):
    """How often a rule fired in one hour."""

    pk = models.CompositePrimaryKey("hour", "rule")
    hour = models.BigIntegerField()
    rule = models.CharField(max_length=2 * LONGEST_NAME + 1)
    decisions = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.hour} {self.rule}"


class Total(models.Model):
    """Decisions of all time by one facet of the explorer: `outcome`, `event_type` or `rule`."""

    pk = models.CompositePrimaryKey("facet", "name")
    facet = models.CharField(max_length=10)
    name = models.CharField(max_length=LONGEST_TYPE)
    decisions = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.facet} {self.name}"


class LabelRow(models.Model):
    """A label record."""

    sequence = models.BigAutoField(primary_key=True)
    label = models.CharField(_("label"), max_length=LONGEST_NAME)
    event_id = models.CharField(_("event"), max_length=LONGEST_KEY, db_index=True)
    label_time = models.BigIntegerField(_("time"))
    received_at = models.BigIntegerField(_("received"))

    def __str__(self) -> str:
        return f"{self.label} {self.event_id}"


class ListRow(models.Model):
    """A record on a list: added, replaced (same entry_id) or removed. The newest of an entry_id counts."""

    sequence = models.BigAutoField(primary_key=True)
    list = models.CharField(_("list"), max_length=LONGEST_NAME)
    entry_id = models.CharField(_("entry"), max_length=LONGEST_KEY)
    kind = models.CharField(max_length=LONGEST_NAME, blank=True)
    key = models.CharField(max_length=LONGEST_KEY)
    reason = models.TextField(_("reason"), blank=True)
    owner = models.CharField(_("owner"), max_length=LONGEST_KEY)
    approved_by = models.CharField(_("checker"), max_length=LONGEST_KEY, blank=True)
    valid_from = models.BigIntegerField(_("valid from"))
    valid_until = models.BigIntegerField(_("valid until"), null=True)  # None: no end
    removed = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["list", "entry_id", "sequence"], name="decisions_list_entry"),
            models.Index(fields=["kind", "key", "sequence"], name="decisions_list_key"),
        ]

    def __str__(self) -> str:
        return f"{self.list}/{self.entry_id}"


class ActivationRow(models.Model):
    """From this record on the policy decided; its pack is filed in the journal under `digest`.

    `beside`: policy -> digest of the challenger and the shadows that ran with it.
    """

    sequence = models.BigAutoField(primary_key=True)
    policy = models.CharField(_("policy"), max_length=LONGEST_POLICY, db_index=True)
    digest = models.CharField(max_length=64)
    at = models.BigIntegerField(_("time"))
    beside = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.policy


class ErasureRow(models.Model):
    """A subject's data keys and links were destroyed, so many of each."""

    sequence = models.BigAutoField(primary_key=True)
    subject = models.CharField(max_length=4 * LONGEST_KEY, db_index=True)
    at = models.BigIntegerField(_("time"))
    keys = models.PositiveIntegerField()
    links = models.PositiveIntegerField()

    def __str__(self) -> str:
        return str(self.sequence)


class Reveal(models.Model):
    """Somebody looked at a sealed value, or tried to after it was erased. The value itself is kept nowhere."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("person"))
    sequence = models.BigIntegerField(_("decision"), db_index=True)
    field = models.CharField(_("field"), max_length=LONGEST_NAME)
    purpose = models.CharField(_("purpose"), max_length=40)
    reason = models.CharField(_("reason"), max_length=2_000)
    whole = models.BooleanField(_("whole value"))
    erased = models.BooleanField(_("erased"))
    at = models.DateTimeField(_("time"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("reveal")
        verbose_name_plural = _("reveals")

    def __str__(self) -> str:
        return f"{self.sequence} {self.field}"
