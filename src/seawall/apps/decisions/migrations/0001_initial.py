from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import seawall.apps.ids


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="ActivationRow",
            fields=[
                ("sequence", models.BigAutoField(primary_key=True, serialize=False)),
                ("policy", models.CharField(db_index=True, max_length=100, verbose_name="policy")),
                ("digest", models.CharField(max_length=64)),
                ("at", models.BigIntegerField(verbose_name="time")),
            ],
        ),
        migrations.CreateModel(
            name="ErasureRow",
            fields=[
                ("sequence", models.BigAutoField(primary_key=True, serialize=False)),
                ("subject", models.CharField(db_index=True, max_length=1024)),
                ("at", models.BigIntegerField(verbose_name="time")),
                ("keys", models.PositiveIntegerField()),
                ("links", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="HourCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "hour", "event_type", "outcome", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("hour", models.BigIntegerField()),
                ("event_type", models.CharField(max_length=260)),
                ("outcome", models.CharField(max_length=10)),
                ("decisions", models.BigIntegerField()),
                ("amount", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="HourRule",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "hour", "rule", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("hour", models.BigIntegerField()),
                ("rule", models.CharField(max_length=129)),
                ("decisions", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="LabelRow",
            fields=[
                ("sequence", models.BigAutoField(primary_key=True, serialize=False)),
                ("label", models.CharField(max_length=64, verbose_name="label")),
                ("event_id", models.CharField(db_index=True, max_length=256, verbose_name="event")),
                ("label_time", models.BigIntegerField(verbose_name="time")),
                ("received_at", models.BigIntegerField(verbose_name="received")),
            ],
        ),
        migrations.CreateModel(
            name="RuleHit",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "rule", "sequence", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("rule", models.CharField(max_length=129)),
                ("sequence", models.BigIntegerField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Total",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "facet", "name", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("facet", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=260)),
                ("decisions", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="DecisionRow",
            fields=[
                ("sequence", models.BigAutoField(primary_key=True, serialize=False, verbose_name="sequence")),
                ("decision_id", models.UUIDField(unique=True, verbose_name="decision")),
                ("event_id", models.CharField(db_index=True, max_length=256, verbose_name="event")),
                ("event_type", models.CharField(max_length=260, verbose_name="event type")),
                ("outcome", models.CharField(max_length=10, verbose_name="outcome")),
                ("score", models.IntegerField(verbose_name="score")),
                ("severity", models.CharField(blank=True, max_length=10, verbose_name="severity")),
                ("policy", models.CharField(max_length=100, verbose_name="policy")),
                ("effective_at", models.BigIntegerField(db_index=True, verbose_name="time")),
                ("received_at", models.BigIntegerField(verbose_name="received")),
                ("base_amount", models.BigIntegerField(default=0, verbose_name="amount")),
                ("currency", models.CharField(blank=True, max_length=3, verbose_name="currency")),
                ("subject_kind", models.CharField(blank=True, max_length=64)),
                ("subject", models.CharField(blank=True, max_length=256, verbose_name="subject")),
                ("rules", models.JSONField(default=list, verbose_name="rules")),
                ("degraded", models.BooleanField(default=False, verbose_name="degraded")),
                ("late_by_ms", models.BigIntegerField(default=0, verbose_name="late by")),
            ],
            options={
                "verbose_name": "decision",
                "verbose_name_plural": "decisions",
                "indexes": [
                    models.Index(fields=["outcome", "sequence"], name="decisions_by_outcome"),
                    models.Index(fields=["event_type", "sequence"], name="decisions_by_type"),
                    models.Index(fields=["score", "sequence"], name="decisions_by_score"),
                    models.Index(fields=["base_amount", "sequence"], name="decisions_by_amount"),
                    models.Index(
                        condition=models.Q(("degraded", True)), fields=["sequence"], name="decisions_degraded"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Entity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=64, verbose_name="kind")),
                ("value", models.CharField(max_length=256, verbose_name="entity")),
                ("decisions", models.PositiveBigIntegerField(default=0, verbose_name="decisions")),
                ("flagged", models.PositiveBigIntegerField(default=0, verbose_name="not approved")),
                ("first_sequence", models.BigIntegerField()),
                ("last_sequence", models.BigIntegerField()),
                ("first_at", models.BigIntegerField(verbose_name="first seen")),
                ("last_at", models.BigIntegerField(verbose_name="last seen")),
                ("erased_at", models.BigIntegerField(null=True, verbose_name="erased")),
            ],
            options={
                "verbose_name": "entity",
                "verbose_name_plural": "entities",
                "indexes": [
                    models.Index(fields=["value"], name="decisions_entity_value"),
                    models.Index(fields=["last_sequence", "id"], name="decisions_entity_last"),
                    models.Index(fields=["flagged", "id"], name="decisions_entity_flagged"),
                    models.Index(fields=["kind", "last_sequence", "id"], name="decisions_entity_kind"),
                ],
                "constraints": [models.UniqueConstraint(fields=("kind", "value"), name="decisions_entity_once")],
            },
        ),
        migrations.CreateModel(
            name="EntityLink",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "entity", "sequence", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sequence", models.BigIntegerField(db_index=True)),
                (
                    "entity",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="decisions.entity",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ListRow",
            fields=[
                ("sequence", models.BigAutoField(primary_key=True, serialize=False)),
                ("list", models.CharField(max_length=64, verbose_name="list")),
                ("entry_id", models.CharField(max_length=256, verbose_name="entry")),
                ("kind", models.CharField(blank=True, max_length=64)),
                ("key", models.CharField(max_length=256)),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("owner", models.CharField(max_length=256, verbose_name="owner")),
                ("approved_by", models.CharField(blank=True, max_length=256, verbose_name="checker")),
                ("valid_from", models.BigIntegerField(verbose_name="valid from")),
                ("valid_until", models.BigIntegerField(null=True, verbose_name="valid until")),
                ("removed", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["list", "entry_id", "sequence"], name="decisions_list_entry"),
                    models.Index(fields=["kind", "key", "sequence"], name="decisions_list_key"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Position",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("sequence", models.BigIntegerField(default=-1)),
                ("chain", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="decisions_one_position")],
            },
        ),
        migrations.CreateModel(
            name="Reveal",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("sequence", models.BigIntegerField(db_index=True, verbose_name="decision")),
                ("field", models.CharField(max_length=64, verbose_name="field")),
                ("purpose", models.CharField(max_length=40, verbose_name="purpose")),
                ("reason", models.CharField(max_length=2000, verbose_name="reason")),
                ("whole", models.BooleanField(verbose_name="whole value")),
                ("erased", models.BooleanField(verbose_name="erased")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="time")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "reveal",
                "verbose_name_plural": "reveals",
            },
        ),
    ]
