"""Backtests that people asked for."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import seawall.apps.ids


class Migration(migrations.Migration):
    """One table."""

    dependencies: ClassVar = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("policies", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Backtest",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("candidate", models.CharField(max_length=64)),
                ("candidate_label", models.CharField(max_length=100, verbose_name="policy")),
                ("draft", models.UUIDField(null=True)),
                ("base", models.CharField(blank=True, max_length=64)),
                ("base_label", models.CharField(blank=True, max_length=100, verbose_name="compared with")),
                ("from_at", models.DateTimeField(null=True, verbose_name="from")),
                ("until_at", models.DateTimeField(null=True, verbose_name="until")),
                ("warm_up_days", models.PositiveIntegerField(null=True)),
                ("labels", models.JSONField(default=list, verbose_name="labels")),
                ("label_delay_days", models.PositiveIntegerField(null=True)),
                ("run", models.UUIDField(null=True)),
                (
                    "asked_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="asked"),
                ),
                ("done_at", models.DateTimeField(null=True, verbose_name="done")),
                ("events", models.PositiveBigIntegerField(null=True, verbose_name="events")),
                ("seconds", models.FloatField(null=True, verbose_name="seconds")),
                ("result", models.JSONField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "backtest",
                "verbose_name_plural": "backtests",
                "indexes": [
                    models.Index(fields=["asked_at", "id"], name="policies_backtest_asked"),
                    models.Index(fields=["candidate", "done_at"], name="policies_backtest_of"),
                ],
            },
        ),
    ]
