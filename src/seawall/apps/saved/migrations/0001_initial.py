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
            name="SavedView",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("page", models.CharField(max_length=64)),
                ("path", models.CharField(max_length=300)),
                ("query", models.CharField(max_length=1000)),
                ("title", models.CharField(max_length=60, verbose_name="name")),
                ("role", models.CharField(blank=True, default="", max_length=40, verbose_name="role")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved view",
                "verbose_name_plural": "saved views",
                "ordering": ["position", "id"],
                "indexes": [models.Index(fields=["page", "role"], name="saved_shared")],
                "constraints": [models.UniqueConstraint(fields=("owner", "page", "title"), name="saved_one_of_a_name")],
            },
        ),
    ]
