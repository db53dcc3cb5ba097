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
            name="Action",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("key", models.CharField(max_length=200, unique=True, verbose_name="idempotency key")),
                ("kind", models.CharField(max_length=32, verbose_name="kind")),
                ("target_kind", models.CharField(blank=True, max_length=64)),
                ("target", models.CharField(blank=True, max_length=256, verbose_name="target")),
                ("parameters", models.JSONField(default=dict, verbose_name="parameters")),
                ("ttl", models.DurationField(null=True, verbose_name="for")),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "To be approved"),
                            ("starting", "On its way"),
                            ("effective", "In effect"),
                            ("failed", "Failed"),
                            ("rejected", "Rejected"),
                            ("undoing", "Being undone"),
                            ("undone", "Undone"),
                            ("expired", "Over"),
                            ("withdrawn", "Taken back before it began"),
                        ],
                        default="starting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("actor", models.CharField(max_length=200, verbose_name="actor")),
                ("rule", models.CharField(blank=True, max_length=130, verbose_name="rule")),
                ("decision", models.BigIntegerField(null=True, verbose_name="decision")),
                ("case", models.UUIDField(null=True, verbose_name="case")),
                ("repeats", models.PositiveIntegerField(default=0, verbose_name="asked for again")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                ("effective_at", models.DateTimeField(null=True, verbose_name="in effect since")),
                ("expires_at", models.DateTimeField(null=True, verbose_name="ends")),
                ("undo_until", models.DateTimeField(null=True, verbose_name="can be undone until")),
                ("undo_reason", models.CharField(blank=True, max_length=500, verbose_name="why undone")),
                ("undone_by", models.CharField(blank=True, max_length=200)),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                ("result", models.JSONField(default=dict)),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="problem")),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "action",
                "verbose_name_plural": "actions",
                "indexes": [
                    models.Index(fields=["created_at", "id"], name="response_newest"),
                    models.Index(fields=["state", "created_at", "id"], name="response_by_state"),
                    models.Index(fields=["target_kind", "target", "created_at"], name="response_by_target"),
                    models.Index(
                        condition=models.Q(("decision__isnull", False)),
                        fields=["decision"],
                        name="response_by_decision",
                    ),
                    models.Index(condition=models.Q(("case__isnull", False)), fields=["case"], name="response_by_case"),
                    models.Index(
                        condition=models.Q(("state__in", ("starting", "effective", "undoing"))),
                        fields=["rule", "target"],
                        name="response_live_of_rule",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "effective"), _negated=True),
                            ("effective_at__isnull", False),
                            _connector="OR",
                        ),
                        name="response_effective_since",
                    )
                ],
            },
        ),
    ]
