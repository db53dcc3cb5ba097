from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import seawall.apps.ids


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar = [
        ("approvals", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("sequence", models.BigAutoField(primary_key=True, serialize=False, verbose_name="record")),
                ("setting", models.CharField(max_length=80, verbose_name="limit")),
                ("entry_id", models.CharField(max_length=256, verbose_name="entry")),
                (
                    "scope",
                    models.CharField(
                        choices=[("entity", "One entity"), ("segment", "One segment"), ("all", "All")],
                        max_length=8,
                        verbose_name="scope",
                    ),
                ),
                ("field", models.CharField(blank=True, max_length=80, verbose_name="field")),
                ("kind", models.CharField(blank=True, max_length=80)),
                ("key", models.CharField(blank=True, max_length=256, verbose_name="for")),
                ("type", models.CharField(max_length=8, verbose_name="kind of value")),
                ("value", models.JSONField(verbose_name="value")),
                ("valid_from", models.BigIntegerField(verbose_name="valid from")),
                ("valid_until", models.BigIntegerField(null=True, verbose_name="valid until")),
                ("reason", models.TextField(verbose_name="reason")),
                ("source", models.CharField(max_length=256, verbose_name="source")),
                ("removed", models.BooleanField(default=False, verbose_name="removed")),
                ("current", models.BooleanField(default=True, verbose_name="current")),
            ],
            options={
                "verbose_name": "entry of a limit",
                "verbose_name_plural": "entries of limits",
                "indexes": [
                    models.Index(fields=["setting", "entry_id", "sequence"], name="limits_entry_by_id"),
                    models.Index(fields=["current", "setting", "scope", "sequence"], name="limits_entry_current"),
                    models.Index(fields=["kind", "key", "sequence"], name="limits_entry_by_key"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("setting", models.CharField(max_length=80, verbose_name="limit")),
                ("entry_id", models.CharField(max_length=256, verbose_name="entry")),
                (
                    "scope",
                    models.CharField(
                        choices=[("entity", "One entity"), ("segment", "One segment"), ("all", "All")],
                        max_length=8,
                        verbose_name="scope",
                    ),
                ),
                ("key", models.CharField(blank=True, max_length=256, verbose_name="for")),
                ("value", models.JSONField(verbose_name="value")),
                ("valid_from", models.DateTimeField(null=True, verbose_name="valid from")),
                ("valid_until", models.DateTimeField(null=True, verbose_name="valid until")),
                ("removed", models.BooleanField(default=False, verbose_name="removes the entry")),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits for approval"),
                            ("sending", "On its way"),
                            ("done", "In the journal"),
                            ("refused", "Refused by the engine"),
                            ("dropped", "Not approved"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("sequence", models.BigIntegerField(null=True, verbose_name="record")),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="problem")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="asked"),
                ),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "checker",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="checker",
                    ),
                ),
                (
                    "maker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="maker",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="approvals.request",
                        verbose_name="request",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a limit",
                "verbose_name_plural": "changes of limits",
                "indexes": [models.Index(fields=["setting", "created_at", "id"], name="limits_change_by_setting")],
            },
        ),
    ]
