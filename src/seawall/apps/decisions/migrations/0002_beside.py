from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("decisions", "0001_initial")]

    operations: ClassVar = [
        migrations.AddField("activationrow", "beside", models.JSONField(default=dict)),
    ]
