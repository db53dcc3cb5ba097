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
            name="Endpoint",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.SlugField(max_length=64, unique=True, verbose_name="name")),
                ("url", models.CharField(max_length=500, verbose_name="URL")),
                ("kinds", models.JSONField(default=list, verbose_name="events")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook endpoint",
                "verbose_name_plural": "webhook endpoints",
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("group", models.SlugField(max_length=64, verbose_name="group")),
                ("name", models.CharField(max_length=64, verbose_name="name")),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "E-mail"), ("sms", "Text message")], max_length=8, verbose_name="channel"
                    ),
                ),
                ("sealed", models.TextField()),
                ("shown", models.CharField(max_length=120, verbose_name="address")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "contact",
                "verbose_name_plural": "contacts",
                "indexes": [models.Index(fields=["group", "id"], name="outbox_contact_group")],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(default=seawall.apps.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("position", models.BigIntegerField(unique=True, verbose_name="number")),
                ("channel", models.CharField(max_length=32, verbose_name="channel")),
                ("target", models.CharField(max_length=500, verbose_name="target")),
                ("content", models.TextField()),
                ("sealed", models.BooleanField(default=False)),
                ("key", models.CharField(max_length=200, unique=True, verbose_name="idempotency key")),
                ("order", models.CharField(blank=True, max_length=200, verbose_name="order")),
                ("ready", models.BooleanField(default=True)),
                ("about_type", models.CharField(blank=True, max_length=64, verbose_name="kind of object")),
                ("about_id", models.CharField(blank=True, max_length=200, verbose_name="object")),
                ("actor", models.CharField(max_length=200, verbose_name="actor")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Being sent"),
                            ("retrying", "Will be tried again"),
                            ("stuck", "Stuck"),
                            ("delivered", "Delivered"),
                            ("refused", "Refused"),
                            ("cancelled", "Cancelled"),
                            ("undone", "Undone"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                ("next_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="next try")),
                ("claim", models.UUIDField(null=True)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                ("sequence", models.BigIntegerField(null=True, verbose_name="journal record")),
                ("answer", models.JSONField(default=dict)),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="problem")),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "undo_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="outbox.delivery",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ready", True), ("state__in", ("waiting", "retrying", "sending"))),
                        fields=["channel", "next_at"],
                        name="outbox_due",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ("waiting", "sending", "retrying", "stuck"))),
                        fields=["order", "position"],
                        name="outbox_in_order",
                    ),
                    models.Index(fields=["state", "position"], name="outbox_by_state"),
                    models.Index(fields=["channel", "position"], name="outbox_by_channel"),
                    models.Index(fields=["about_type", "about_id", "position"], name="outbox_by_object"),
                    models.Index(fields=["target", "position"], name="outbox_by_target"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("claim", None), ("state", "sending"), _connector="OR"),
                        name="outbox_claimed_while_sending",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("state__in", ("waiting", "sending", "retrying", "stuck"))),
                            models.Q(
                                models.Q(("state__in", ("waiting", "sending", "retrying", "stuck")), _negated=True),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="outbox_ends_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("undo_of", models.F("id")), _negated=True), name="outbox_undoes_another"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Secret",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key_id", models.CharField(max_length=16, unique=True, verbose_name="key id")),
                ("sealed", models.TextField()),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                ("ends_at", models.DateTimeField(null=True, verbose_name="ends")),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="secrets", to="outbox.endpoint"
                    ),
                ),
            ],
            options={
                "verbose_name": "signing secret",
                "verbose_name_plural": "signing secrets",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ends_at", None)), fields=("endpoint",), name="outbox_one_lasting_secret"
                    )
                ],
            },
        ),
    ]
