"""How many logs there were each day and each hour."""

from django.db import models
from django.db.models import Q

from fim.models.logs import Category
from fim.record.fields import LIMITS


class DayCount(models.Model):
    """How many logs of one category one host had on one day of the node's time zone.

    Kept in the same transaction as the logs themselves; `manage.py recount` rebuilds it.
    """

    day = models.DateField()
    host = models.CharField(max_length=LIMITS["host"])
    category = models.CharField(max_length=10, choices=Category)
    count = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = "day count"
        constraints = [
            # Serves the reports too: they ask for a day, or for a span of days.
            models.UniqueConstraint(
                fields=["day", "host", "category"], name="daycount_unique_day_host_category"
            ),
            models.CheckConstraint(
                condition=Q(category__in=Category.values), name="daycount_category_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.host} {self.category}: {self.count}"


class HourCount(models.Model):
    """How many logs of one category all hosts had in one hour of a day of the node's time zone.

    Kept and rebuilt with the day counts. Without the host, so that a day has at most 96 of them.
    """

    day = models.DateField()
    hour = models.PositiveSmallIntegerField()
    category = models.CharField(max_length=10, choices=Category)
    count = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = "hour count"
        constraints = [
            # Serves the overview too: it asks for two days.
            models.UniqueConstraint(
                fields=["day", "hour", "category"], name="hourcount_unique_day_hour_category"
            ),
            models.CheckConstraint(
                condition=Q(category__in=Category.values), name="hourcount_category_known"
            ),
            models.CheckConstraint(condition=Q(hour__lte=23), name="hourcount_hour_of_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.hour}:00 {self.category}: {self.count}"
