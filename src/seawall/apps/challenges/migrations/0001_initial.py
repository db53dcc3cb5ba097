from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar = [
        ("decisions", "0002_beside"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Challenge",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("method", models.CharField(max_length=64, verbose_name="method")),
                ("kind", models.CharField(max_length=20, verbose_name="kind")),
                ("provider", models.CharField(max_length=40, verbose_name="provider")),
                ("state", models.CharField(max_length=10, verbose_name="state")),
                ("reason", models.CharField(blank=True, max_length=20, verbose_name="reason")),
                ("opened_at", models.BigIntegerField(verbose_name="opened")),
                ("expires_at", models.BigIntegerField(verbose_name="expires")),
                ("ended_at", models.BigIntegerField(null=True, verbose_name="ended")),
                ("attempts_left", models.PositiveSmallIntegerField(verbose_name="attempts left")),
                ("sends_left", models.PositiveSmallIntegerField(verbose_name="codes left to send")),
                ("result_id", models.UUIDField(db_index=True, null=True, verbose_name="decision on the result")),
                ("stuck", models.BooleanField(default=False, verbose_name="result not decided")),
                (
                    "decision",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="decisions.decisionrow",
                        verbose_name="decision",
                    ),
                ),
            ],
            options={
                "verbose_name": "challenge",
                "verbose_name_plural": "challenges",
                "indexes": [
                    models.Index(fields=["opened_at", "id"], name="challenges_opened"),
                    models.Index(fields=["state", "opened_at"], name="challenges_by_state"),
                    models.Index(fields=["kind", "opened_at"], name="challenges_by_kind"),
                    models.Index(fields=["provider", "opened_at"], name="challenges_by_provider"),
                    models.Index(fields=["kind", "provider", "state", "opened_at"], name="challenges_rates"),
                    models.Index(fields=["reason", "opened_at"], name="challenges_by_reason"),
                    models.Index(condition=models.Q(("stuck", True)), fields=["opened_at"], name="challenges_stuck"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Position",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="challenges_one_position")],
            },
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.BigIntegerField(verbose_name="time")),
                ("what", models.CharField(max_length=10)),
                ("detail", models.CharField(blank=True, max_length=20)),
                (
                    "challenge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="challenges.challenge"
                    ),
                ),
            ],
        ),
    ]
