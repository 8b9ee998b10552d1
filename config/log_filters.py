"""Filters of Django's own log records: shorter, at a lower level, or left out."""

import logging


def reduce_to_warning(record: logging.LogRecord) -> bool:
    """Make the record a warning without its traceback."""
    record.levelno, record.levelname = logging.WARNING, "WARNING"
    record.exc_info = record.exc_text = None
    return True


def has_cause(record: logging.LogRecord) -> bool:
    """Keep what an exception caused: Django logs each answer from 500 up, a chosen 503 too."""
    return bool(record.exc_info)
