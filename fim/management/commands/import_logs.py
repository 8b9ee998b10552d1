"""`manage.py import_logs`: store the records of files, as if they had been posted."""

import io
import os
import stat
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from fim.ingest.file_import import FileImport
from fim.ingest.record import read_text
from fim.ingest.registry import FORMATS

BAR_CHARACTERS = 30


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
        shows_progress = self.stdout.isatty() and not options["quiet"]
        for name in options["files"]:
            try:
                with _opened(name) as stream:
                    bar = Bar(self.stdout, name, stream) if shows_progress else None
                    run.on_progress = bar.show if bar else lambda: None
                    run.take_file(name, stream)
                    if bar:
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


class Bar:
    """How much of a file was read, by its bytes as they lie on disk; on one line of a terminal."""

    def __init__(self, out: OutputWrapper, name: str, stream: io.BufferedReader) -> None:
        self.out, self.name, self.stream = out, name, stream
        status = os.fstat(stream.fileno())
        # A pipe has no length, and no place in it.
        self.size = status.st_size if stat.S_ISREG(status.st_mode) else 0

    def show(self) -> None:
        if not self.size:
            return
        share = min(1.0, self.stream.tell() / self.size)
        bar = "#" * round(share * BAR_CHARACTERS)
        self._write(f"[{bar:<{BAR_CHARACTERS}}] {share:4.0%} {self.name}")

    def clear(self) -> None:
        self._write("")

    def _write(self, text: str) -> None:
        # ECMA-48's "erase in line" takes away what stood there before.
        self.out.write(f"\r\x1b[K{text}", ending="")
        self.out.flush()
