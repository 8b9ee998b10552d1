"""`manage.py import_logs`: store the records of files, as if they had been posted."""

import io
import os
import stat
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.progress_bar import Bar
from fim.formats.registry import FORMATS
from fim.ingest.file_import import FileImport
from fim.record.fields import read_text


class Command(BaseCommand):
    help = (
        "Store the records of files: of any format that a node takes, Picket's own exports and"
        " DHIMP's text log. Plain or gzip; a record a line, JSON documents, or a text report."
        " Safe to repeat, and to run again after it was stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="- reads standard input")
        parser.add_argument(
            "--format",
            choices=sorted(FORMATS),
            help="of all the records (default: each is known by its shape)",
        )
        parser.add_argument(
            "--host",
            default=settings.NODE_NAME,
            help="host of the records that name none (default: the name of this node)",
        )
        parser.add_argument("--quiet", action="store_true", help="print failures alone")

    def handle(self, *args: Any, **options: Any) -> None:
        run = FileImport(_host(options["host"]), options["format"])
        bar = Bar(self.stdout, is_shown=not options["quiet"])
        for name in options["files"]:
            try:
                with _opened(name) as stream:
                    if bar.is_shown:
                        run.on_progress = partial(_show, bar, name, stream, _size_of(stream))
                    run.import_file(name, stream)
                    bar.clear()
            except OSError as exc:
                run.failures.append(f"{name}: {exc.strerror or exc}.")
        if not options["quiet"]:
            self.stdout.write("\n".join(run.summary()))
        if run.failures:
            raise CommandError("\n".join(run.failures))


def _host(name: str) -> str:
    try:
        return read_text("host", name.strip()) or settings.NODE_NAME
    except ValueError as exc:
        raise CommandError(f"--host: {exc}") from exc


@contextmanager
def _opened(name: str) -> Iterator[io.BufferedReader]:
    if name == "-":
        yield sys.stdin.buffer  # type: ignore[misc]
        return
    with open(name, "rb") as stream:
        yield stream


def _size_of(stream: io.BufferedReader) -> int:
    """Return the size of a file on disk; 0 for a pipe, whose end is not known."""
    status = os.fstat(stream.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _show(bar: Bar, name: str, stream: io.BufferedReader, size: int) -> None:
    if size:
        bar.show(name, stream.tell(), size)
