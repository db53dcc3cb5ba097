from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import seawall.apps.ids


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar = []

    operations: ClassVar = [
        migrations.CreateModel(
            name="Outbox",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="time"),
                ),
                ("actor", models.CharField(max_length=200, verbose_name="actor")),
                ("action", models.CharField(max_length=64, verbose_name="action")),
                ("object_type", models.CharField(max_length=64, verbose_name="kind of object")),
                ("object_id", models.CharField(max_length=200, verbose_name="object")),
                ("data", models.JSONField(default=dict)),
                ("commitments", models.JSONField(default=dict)),
                ("ledger_index", models.BigIntegerField(null=True, unique=True, verbose_name="entry")),
            ],
            options={
                "verbose_name": "ledger entry",
                "verbose_name_plural": "ledger entries",
                "db_table": "audit_outbox",
                "indexes": [
                    models.Index(fields=["action", "id"], name="audit_outbox_action"),
                    models.Index(fields=["actor", "id"], name="audit_outbox_actor"),
                    models.Index(fields=["object_type", "object_id", "id"], name="audit_outbox_object"),
                    models.Index(
                        condition=models.Q(("ledger_index", None)), fields=["id"], name="audit_outbox_pending"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Salt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=64)),
                ("salt", models.BinaryField(max_length=32)),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="salts", to="audit.outbox"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("entry", "name"), name="audit_salt_once")],
            },
        ),
    ]
