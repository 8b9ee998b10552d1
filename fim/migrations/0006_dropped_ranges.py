"""The ranges of logs that agents lost, as rows: what was counted before must be found again."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fim", "0005_hour_counts")]
    operations = [
        migrations.RemoveField(model_name="host", name="dropped_ranges"),
        migrations.CreateModel(
            name="DroppedRange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_seq", models.BigIntegerField()),
                ("last_seq", models.BigIntegerField()),
                ("count", models.PositiveBigIntegerField()),
                ("host", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="dropped_ranges", to="fim.host")),
            ],
            options={
                "constraints": [
                    # Serves the look for what was counted before, too.
                    models.UniqueConstraint(
                        fields=["host", "first_seq"], name="dropped_range_unique_first_seq"
                    ),
                ],
            },
        ),
    ]
