"""Hosts, what their agents last said, and when they were last looked through for silent ones."""

from django.db import migrations, models
from django.db.models import F, Q

from fim.models.fields import CompactDateTimeField


class Migration(migrations.Migration):
    dependencies = [("fim", "0003_planner_statistics")]
    operations = [
        migrations.CreateModel(
            name="Host",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                ("last_seen_at", CompactDateTimeField(null=True)),
                ("late_at", CompactDateTimeField(null=True)),
                ("silent_at", CompactDateTimeField(null=True)),
                ("every_seconds", models.PositiveIntegerField(default=60)),
                ("is_silence_told", models.BooleanField(default=False, editable=False)),
                ("source", models.CharField(blank=True, max_length=64)),
                ("version", models.CharField(blank=True, max_length=64)),
                ("started_at", CompactDateTimeField(null=True)),
                ("seq", models.BigIntegerField(null=True)),
                ("watches", models.BigIntegerField(null=True)),
                ("unwatched", models.JSONField(default=list)),
                ("spool_depth", models.BigIntegerField(null=True)),
                ("spool_bytes", models.BigIntegerField(null=True)),
                ("last_scan_at", CompactDateTimeField(null=True)),
                ("last_scan_seconds", models.FloatField(null=True)),
                ("lag_seconds", models.FloatField(null=True)),
                ("overflows", models.BigIntegerField(null=True)),
                ("ignored", models.BigIntegerField(null=True)),
                ("blind_since", CompactDateTimeField(null=True)),
                ("blind_roots", models.JSONField(default=list)),
                ("dropped_count", models.PositiveBigIntegerField(default=0)),
                ("dropped_ranges", models.JSONField(default=list)),
            ],
            options={
                "ordering": ["name"],
                "indexes": [
                    # Each round of the watch: whose silence is not told yet?
                    models.Index(fields=["silent_at"], name="host_silent_at"),
                ],
                "constraints": [
                    # Serves the list too, which is by name.
                    models.UniqueConstraint(fields=["name"], name="host_unique_name"),
                    models.CheckConstraint(
                        condition=Q(last_seen_at=None, late_at=None, silent_at=None)
                        | Q(
                            last_seen_at__isnull=False,
                            late_at__isnull=False,
                            silent_at__isnull=False,
                            last_seen_at__lte=F("late_at"),
                            late_at__lte=F("silent_at"),
                        ),
                        name="host_moments_in_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HostCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("checked_at", CompactDateTimeField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=Q(pk=1), name="host_check_one_row")],
            },
        ),
    ]
