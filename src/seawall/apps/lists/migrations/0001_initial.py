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
            name="Hit",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "entry", "sequence", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("entry", models.BigIntegerField()),
                ("sequence", models.BigIntegerField()),
                ("outcome", models.CharField(max_length=10)),
            ],
        ),
        migrations.CreateModel(
            name="HitHour",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "list",
                        "entry",
                        "hour",
                        "outcome",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("list", models.CharField(max_length=80)),
                ("entry", models.BigIntegerField()),
                ("hour", models.BigIntegerField()),
                ("outcome", models.CharField(max_length=10)),
                ("hits", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("list", models.CharField(max_length=80, verbose_name="list")),
                ("entry_id", models.CharField(max_length=256, verbose_name="entry")),
                ("kind", models.CharField(blank=True, max_length=80)),
                ("key", models.CharField(blank=True, max_length=256, verbose_name="value")),
                ("shown", models.CharField(blank=True, max_length=256)),
                ("sealed", models.TextField(blank=True)),
                ("reason", models.TextField(verbose_name="reason")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("person", "Person"),
                            ("case", "Case"),
                            ("import", "Import"),
                            ("action", "Action"),
                            ("api", "Decision API"),
                        ],
                        max_length=8,
                        verbose_name="source",
                    ),
                ),
                ("source_ref", models.CharField(blank=True, max_length=80)),
                ("valid_from", models.BigIntegerField(verbose_name="valid from")),
                ("valid_until", models.BigIntegerField(default=4611686018427387904, verbose_name="valid until")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("waiting", "Waits for approval"),
                            ("sending", "On its way"),
                            ("active", "Active"),
                            ("expired", "Expired"),
                            ("removed", "Removed"),
                            ("refused", "Refused"),
                        ],
                        default="draft",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("owner", models.CharField(blank=True, max_length=256, verbose_name="owner")),
                ("approved_by", models.CharField(blank=True, max_length=256, verbose_name="checker")),
                ("sequence", models.BigIntegerField(null=True, verbose_name="record")),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="problem")),
                ("hits", models.BigIntegerField(default=0, verbose_name="hits")),
                ("last_hit_at", models.BigIntegerField(default=0, verbose_name="last hit")),
                ("told_at", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "author",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "entry of a list",
                "verbose_name_plural": "entries of lists",
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[("add", "Add"), ("extend", "Extend"), ("shorten", "Shorten"), ("remove", "Remove")],
                        max_length=8,
                        verbose_name="change",
                    ),
                ),
                ("valid_until", models.BigIntegerField(default=4611686018427387904, verbose_name="valid until")),
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
                    ),
                ),
                (
                    "maker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="approvals.request"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="lists.entry",
                        verbose_name="entry",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a list",
                "verbose_name_plural": "changes of lists",
            },
        ),
        migrations.CreateModel(
            name="Import",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("list", models.CharField(max_length=80, verbose_name="list")),
                ("name", models.CharField(max_length=200, verbose_name="file")),
                ("format", models.CharField(max_length=8, verbose_name="format")),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                ("valid_until", models.DateTimeField(null=True, verbose_name="valid until")),
                ("run", models.UUIDField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "Being checked"),
                            ("checked", "Checked, nothing done yet"),
                            ("waiting", "Waits for approval"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("cancelled", "Cancelled"),
                            ("refused", "Not approved"),
                            ("failed", "Stopped"),
                        ],
                        default="new",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("lines", models.PositiveIntegerField(default=0, verbose_name="lines")),
                ("fresh", models.PositiveIntegerField(default=0, verbose_name="new")),
                ("duplicates", models.PositiveIntegerField(default=0, verbose_name="duplicates")),
                ("present", models.PositiveIntegerField(default=0, verbose_name="already there")),
                ("bad", models.PositiveIntegerField(default=0, verbose_name="bad lines")),
                ("added", models.PositiveIntegerField(default=0, verbose_name="added")),
                ("refused", models.PositiveIntegerField(default=0, verbose_name="refused")),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="problem")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "checker",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="approvals.request"
                    ),
                ),
            ],
            options={
                "verbose_name": "import of a list",
                "verbose_name_plural": "imports of lists",
            },
        ),
        migrations.AddField(
            model_name="entry",
            name="batch",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="lists.import",
            ),
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(fields=["list", "created_at", "id"], name="lists_import_of_list"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["list", "state", "id"], name="lists_entry_state"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["list", "source", "id"], name="lists_entry_source"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["list", "valid_until", "id"], name="lists_entry_until"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["list", "last_hit_at", "id"], name="lists_entry_hit"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["list", "key"], name="lists_entry_key"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["kind", "key"], name="lists_entry_entity"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("state", "active")), fields=["valid_until"], name="lists_entry_ends"
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("told_at__isnull", False)),
                fields=["author", "valid_until"],
                name="lists_entry_told",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(fields=("list", "entry_id"), name="lists_entry_once"),
        ),
    ]
