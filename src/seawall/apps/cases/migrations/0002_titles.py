from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("cases", "0001_initial")]

    operations: ClassVar = [
        migrations.AddField("alert", "title", models.JSONField(blank=True, default=dict, verbose_name="title")),
        migrations.AddField("case", "titles", models.JSONField(blank=True, default=dict)),
    ]
