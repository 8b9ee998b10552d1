"""What is stored of file changes and of the hosts that they happen on."""

from fim.models.counts import DayCount, HourCount
from fim.models.hosts import BlindReason, DroppedRange, Host, HostCheck, HostQuerySet, State
from fim.models.logs import Action, Category, FimLog, FimLogQuerySet, RawRecord, Subject

__all__ = [
    "Action",
    "BlindReason",
    "Category",
    "DayCount",
    "DroppedRange",
    "FimLog",
    "FimLogQuerySet",
    "Host",
    "HostCheck",
    "HostQuerySet",
    "HourCount",
    "RawRecord",
    "State",
    "Subject",
]
