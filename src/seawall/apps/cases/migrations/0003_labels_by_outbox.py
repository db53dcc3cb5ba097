"""Labels go out by the outbox: those that still wait are put into it."""

from typing import Any, ClassVar

from django.db import migrations


def put_waiting(apps: Any, schema_editor: Any) -> None:
    """What waited for the old way goes the new one; its body is the same, so the journal knows what it has."""
    import json

    delivery = apps.get_model("outbox", "Delivery")
    last = delivery.objects.order_by("-position").values_list("position", flat=True).first() or 0
    waiting = apps.get_model("cases", "LabelDelivery").objects.filter(state="waiting").order_by("id")
    for position, row in enumerate(waiting.iterator(), start=last + 1):
        body = {"event_id": row.event_id, "label": row.label, "label_time": row.label_time}
        delivery.objects.create(
            position=position, channel="engine", target="/v1/labels", key=f"label:{row.pk}",
            content=json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
            order=f"label/{row.event_id}", about_type="label", about_id=str(row.pk), actor="system",
            ready=not delivery.objects.filter(order=f"label/{row.event_id}").exists(),
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies: ClassVar = [("cases", "0002_titles"), ("outbox", "0001_initial")]

    operations: ClassVar = [
        migrations.RunPython(put_waiting, migrations.RunPython.noop),
        migrations.RemoveIndex(model_name="labeldelivery", name="cases_label_waiting"),
        migrations.RemoveField(model_name="labeldelivery", name="attempts"),
        migrations.RemoveField(model_name="labeldelivery", name="next_try"),
    ]
