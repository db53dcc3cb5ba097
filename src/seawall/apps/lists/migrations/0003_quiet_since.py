"""Since when an entry was not met: the view of those that no decision meets any more; indexes for a million entries."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Greatest


def backfill(apps: Any, schema_editor: Any) -> None:
    """The last hit, or the beginning of an entry without one."""
    apps.get_model("lists", "Entry").objects.update(quiet_since=Greatest(F("last_hit_at"), F("valid_from")))


class Migration(migrations.Migration):
    dependencies: ClassVar = [("lists", "0002_backfill")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="entry",
            name="quiet_since",
            field=models.BigIntegerField(db_default=0, default=0, verbose_name="not met since"),
        ),
        migrations.RunPython(backfill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["list", "state", "quiet_since", "id"], name="lists_entry_quiet"),
        ),
        migrations.RemoveIndex(model_name="entry", name="lists_entry_source"),
        migrations.AddIndex(
            model_name="entry", index=models.Index(fields=["list", "source", "state"], name="lists_entry_from")
        ),
        migrations.AddIndex(model_name="entry", index=models.Index(fields=["list", "id"], name="lists_entry_list")),
    ]
