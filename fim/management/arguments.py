"""Options of the commands that deal with old logs."""

from argparse import ArgumentParser, ArgumentTypeError

MAX_DAYS = 36_500


def add_older_than_days(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--older-than-days",
        type=_days,
        required=True,
        metavar="DAYS",
        help="logs whose timestamp is older than so many days of 24 hours",
    )


def whole_number(text: str, *, maximum: int) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 19 and 1 <= int(text) <= maximum:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is no whole number from 1 to {maximum}.")


def _days(text: str) -> int:
    return whole_number(text, maximum=MAX_DAYS)


def megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:,.1f} MB"
