"""The mark of a database whose data is made up."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Demo(models.Model):
    """Stands, once, in a database that `manage.py demo` filled; nothing else writes it."""

    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="demo_once")]

    def __str__(self) -> str:
        return f"Demo of {self.made_at:%Y-%m-%d}"
