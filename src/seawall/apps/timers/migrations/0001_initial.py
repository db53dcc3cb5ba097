from typing import ClassVar

import django.utils.timezone
from django.db import migrations, models

import seawall.apps.ids


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar = []

    operations: ClassVar = [
        migrations.CreateModel(
            name="Timer",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(max_length=64, verbose_name="kind")),
                ("object_type", models.CharField(max_length=64, verbose_name="kind of object")),
                ("object_id", models.CharField(max_length=200, verbose_name="object")),
                ("calendar", models.CharField(max_length=40, verbose_name="calendar")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                ("counted_from", models.DateTimeField()),
                ("remaining", models.DurationField()),
                ("due_at", models.DateTimeField(verbose_name="due")),
                ("provisional", models.BooleanField(default=False, verbose_name="provisional")),
                ("paused_at", models.DateTimeField(null=True, verbose_name="paused")),
                ("fired_at", models.DateTimeField(null=True, verbose_name="fired")),
                ("cancelled_at", models.DateTimeField(null=True, verbose_name="cancelled")),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                ("retry_at", models.DateTimeField(null=True)),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="problem")),
            ],
            options={
                "verbose_name": "timer",
                "verbose_name_plural": "timers",
                "indexes": [
                    models.Index(
                        condition=models.Q(("cancelled_at", None), ("fired_at", None), ("paused_at", None)),
                        fields=["due_at"],
                        name="timers_running",
                    ),
                    models.Index(fields=["object_type", "object_id"], name="timers_by_object"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("cancelled_at", None), ("fired_at", None)),
                        fields=("kind", "object_type", "object_id"),
                        name="timers_one_open_an_object",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fired_at__isnull", True), ("cancelled_at__isnull", True), _connector="OR"),
                        name="timers_end_once",
                    ),
                ],
            },
        ),
    ]
