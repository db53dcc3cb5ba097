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
            name="Blob",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("data", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Bundle",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("size", models.PositiveBigIntegerField()),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Crossing",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "epoch",
                        "policy",
                        "other",
                        "outcome",
                        "others_outcome",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("epoch", models.BigIntegerField()),
                ("policy", models.CharField(max_length=100)),
                ("other", models.CharField(max_length=100)),
                ("outcome", models.CharField(max_length=10)),
                ("others_outcome", models.CharField(max_length=10)),
                ("decisions", models.BigIntegerField()),
                ("amount", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Cursor",
            fields=[
                ("name", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("sequence", models.BigIntegerField(default=-1)),
            ],
        ),
        migrations.CreateModel(
            name="Labelled",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "epoch",
                        "policy",
                        "served",
                        "label",
                        "outcome",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("epoch", models.BigIntegerField()),
                ("policy", models.CharField(max_length=100)),
                ("served", models.BooleanField()),
                ("label", models.CharField(max_length=64)),
                ("outcome", models.CharField(max_length=10)),
                ("decisions", models.BigIntegerField()),
                ("amount", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "epoch",
                        "policy",
                        "served",
                        "outcome",
                        "band",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("epoch", models.BigIntegerField()),
                ("policy", models.CharField(max_length=100)),
                ("served", models.BooleanField()),
                ("outcome", models.CharField(max_length=10)),
                ("band", models.IntegerField()),
                ("decisions", models.BigIntegerField()),
                ("amount", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Deployment",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("publish", "Published"),
                            ("rollback", "Rolled back"),
                            ("stop", "Stopped"),
                            ("seen", "Seen in the journal"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("active", "Active"),
                            ("refused", "Refused"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="outcome",
                    ),
                ),
                ("sequence", models.BigIntegerField(null=True, unique=True, verbose_name="journal record")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="problem")),
                (
                    "made_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="made"),
                ),
                ("since", models.DateTimeField(null=True, verbose_name="since")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
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
            ],
            options={
                "verbose_name": "deployment",
                "verbose_name_plural": "deployments",
            },
        ),
        migrations.CreateModel(
            name="GateReport",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("digest", models.CharField(max_length=64)),
                ("against", models.CharField(blank=True, max_length=64)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("cases", "Unit cases"),
                            ("backtest", "Backtest"),
                            ("shadow", "Shadow comparison"),
                            ("cost", "Cost"),
                        ],
                        max_length=10,
                        verbose_name="check",
                    ),
                ),
                ("passed", models.BooleanField(verbose_name="passed")),
                ("summary", models.JSONField(default=dict)),
                ("url", models.CharField(blank=True, max_length=300)),
                ("run", models.UUIDField(null=True)),
                (
                    "made_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="time"),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "gate report",
                "verbose_name_plural": "gate reports",
            },
        ),
        migrations.CreateModel(
            name="Policy",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=64, unique=True, verbose_name="name")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "policy",
                "verbose_name_plural": "policies",
            },
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("revision", models.PositiveIntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="changed")),
                ("discarded_at", models.DateTimeField(null=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "bundle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="policies.bundle"
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="drafts", to="policies.policy"
                    ),
                ),
            ],
            options={
                "verbose_name": "draft",
                "verbose_name_plural": "drafts",
            },
        ),
        migrations.CreateModel(
            name="Save",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("revision", models.PositiveIntegerField()),
                ("file", models.CharField(max_length=255)),
                ("edit", models.CharField(blank=True, max_length=40)),
                ("changes", models.JSONField(default=list)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="time")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="saves", to="policies.draft"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("content_hash", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("tested", "Tested"),
                            ("backtested", "Backtested"),
                            ("in_review", "In review"),
                            ("shadow", "Shadow"),
                            ("challenger", "Challenger"),
                            ("champion", "Champion"),
                            ("retired", "Retired"),
                            ("rejected", "Rejected"),
                        ],
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("source", models.CharField(max_length=10)),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="what changed")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="changed")),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "bundle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="policies.bundle"
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="policies.version",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="policies.policy"
                    ),
                ),
            ],
            options={
                "verbose_name": "policy version",
                "verbose_name_plural": "policy versions",
            },
        ),
        migrations.CreateModel(
            name="Placement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[("champion", "champion"), ("challenger", "challenger"), ("shadow", "shadow")],
                        max_length=10,
                        verbose_name="role",
                    ),
                ),
                ("share", models.PositiveIntegerField(default=0, verbose_name="share")),
                ("entity", models.CharField(blank=True, max_length=64, verbose_name="entity")),
                ("limits", models.JSONField(default=dict)),
                (
                    "deployment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="placements", to="policies.deployment"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="placements", to="policies.version"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("text", models.CharField(max_length=300)),
                ("values", models.JSONField(default=dict)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="time"),
                ),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="policy_notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="policies.version"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="draft",
            name="base",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="drafts", to="policies.version"
            ),
        ),
        migrations.AddField(
            model_name="draft",
            name="version",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="draft", to="policies.version"
            ),
        ),
        migrations.CreateModel(
            name="BundleFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                (
                    "blob",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="policies.blob"
                    ),
                ),
                (
                    "bundle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="files", to="policies.bundle"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("bundle", "name"), name="policies_file_once")],
            },
        ),
        migrations.AddIndex(
            model_name="deployment",
            index=models.Index(fields=["outcome", "id"], name="policies_deployed"),
        ),
        migrations.AddConstraint(
            model_name="deployment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", "active"), _negated=True), ("sequence__isnull", False), _connector="OR"
                ),
                name="policies_active_has_a_record",
            ),
        ),
        migrations.AddIndex(
            model_name="gatereport",
            index=models.Index(fields=["digest", "kind", "id"], name="policies_gate"),
        ),
        migrations.AddConstraint(
            model_name="save",
            constraint=models.UniqueConstraint(fields=("draft", "revision"), name="policies_save_once"),
        ),
        migrations.AddIndex(
            model_name="version",
            index=models.Index(fields=["state", "id"], name="policies_by_state"),
        ),
        migrations.AddIndex(
            model_name="version",
            index=models.Index(fields=["bundle"], name="policies_by_bundle"),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.UniqueConstraint(fields=("policy", "number"), name="policies_number_once"),
        ),
        migrations.AddConstraint(
            model_name="placement",
            constraint=models.UniqueConstraint(fields=("deployment", "version"), name="policies_one_role"),
        ),
        migrations.AddConstraint(
            model_name="placement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("role__in", ["champion", "challenger"])),
                fields=("deployment", "role"),
                name="policies_one_champion",
            ),
        ),
        migrations.AddConstraint(
            model_name="placement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("role", "challenger"), ("share__gte", 1), ("share__lte", 5000)),
                    models.Q(models.Q(("role", "challenger"), _negated=True), ("share", 0)),
                    _connector="OR",
                ),
                name="policies_share_of_challenger",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["person", "read_at", "id"], name="policies_notice_person"),
        ),
        migrations.AddIndex(
            model_name="draft",
            index=models.Index(fields=["policy", "changed_at"], name="policies_drafts"),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(("version", None), ("discarded_at", None), _connector="OR"),
                name="policies_draft_ends_once",
            ),
        ),
    ]
