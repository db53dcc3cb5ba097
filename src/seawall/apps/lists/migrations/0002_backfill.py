from typing import Any, ClassVar

from django.db import migrations


def backfill(apps: Any, schema_editor: Any) -> None:
    """Entries that the follower has indexed before this room was there: the newest record of each counts."""
    row_model, entry_model = apps.get_model("decisions", "ListRow"), apps.get_model("lists", "Entry")
    waiting: dict[tuple[str, str], Any] = {}
    forever = 2**62

    def write() -> None:
        entry_model.objects.bulk_create(
            waiting.values(), batch_size=500, update_conflicts=True, unique_fields=["list", "entry_id"],
            update_fields=["key", "kind", "reason", "owner", "approved_by", "valid_from", "valid_until", "state",
                           "sequence"],
        )  # fmt: skip
        waiting.clear()

    for row in row_model.objects.order_by("sequence").iterator():
        is_action = row.entry_id.startswith("action-")
        waiting[row.list, row.entry_id] = entry_model(
            list=row.list, entry_id=row.entry_id, kind=row.kind, key=row.key, reason=row.reason, owner=row.owner,
            approved_by=row.approved_by, valid_from=row.valid_from, state="removed" if row.removed else "active",
            valid_until=forever if row.valid_until is None else row.valid_until, sequence=row.sequence,
            source="action" if is_action else "api",
            source_ref=row.entry_id.removeprefix("action-")[:80] if is_action else "",
        )  # fmt: skip
        if len(waiting) >= 5_000:
            write()
    write()


class Migration(migrations.Migration):
    dependencies: ClassVar = [("lists", "0001_initial"), ("decisions", "0001_initial")]

    operations: ClassVar = [migrations.RunPython(backfill, migrations.RunPython.noop)]
