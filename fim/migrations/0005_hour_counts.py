"""Hour counts, filled from the logs that are stored."""

from django.db import migrations, models

from fim.models.days import HOURS, bounds_of_day, bounds_of_hour, day_of

CATEGORIES = ["malware", "danger", "suspicious", "normal"]


def fill(apps, schema_editor):
    """Count the logs of each hour: one look into an index of logs for each category of it."""
    logs = apps.get_model("fim", "FimLog").objects.order_by()
    hour_count = apps.get_model("fim", "HourCount")
    for day in _days(logs):
        found = [
            hour_count(day=day, hour=hour, category=category, count=count)
            for hour in HOURS
            for category in CATEGORIES
            if (count := _count(logs, category, *bounds_of_hour(day, hour)))
        ]
        hour_count.objects.bulk_create(found)


def _count(logs, category, start, end):
    return logs.filter(category=category, timestamp__gte=start, timestamp__lt=end).count()


def _days(logs):
    moments = logs.order_by("timestamp").values_list("timestamp", flat=True)
    moment = moments.first()
    while moment is not None:
        day = day_of(moment)
        yield day
        moment = moments.filter(timestamp__gte=bounds_of_day(day)[1]).first()


class Migration(migrations.Migration):
    dependencies = [("fim", "0004_hosts")]
    operations = [
        migrations.CreateModel(
            name="HourCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("hour", models.PositiveSmallIntegerField()),
                ("category", models.CharField(choices=[("malware", "Malware"), ("danger", "Danger"), ("suspicious", "Suspicious"), ("normal", "Normal")], max_length=10)),
                ("count", models.PositiveBigIntegerField()),
            ],
            options={
                "verbose_name": "hour count",
                "constraints": [
                    models.UniqueConstraint(fields=["day", "hour", "category"], name="hourcount_unique_day_hour_category"),
                    models.CheckConstraint(condition=models.Q(("category__in", CATEGORIES)), name="hourcount_category_known"),
                    models.CheckConstraint(condition=models.Q(("hour__lte", 23)), name="hourcount_hour_of_a_day"),
                ],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
