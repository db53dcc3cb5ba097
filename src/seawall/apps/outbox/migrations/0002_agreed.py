"""Endpoints that a second person has not agreed to yet; those of before count as agreed."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("outbox", "0001_initial")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="endpoint", name="agreed", field=models.BooleanField(default=True, db_default=True)
        ),
    ]
