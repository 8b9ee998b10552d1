"""A progress bar for commands, on one line of a terminal."""

from django.core.management.base import OutputWrapper

BAR_CHARACTERS = 30


class Bar:
    """Writes to a terminal alone."""

    def __init__(self, out: OutputWrapper, *, is_shown: bool = True) -> None:
        self.out = out
        self.is_shown = is_shown and out.isatty()

    def show(self, label: str, done: int, total: int) -> None:
        share = min(1.0, done / total) if total else 1.0
        bar = "#" * round(share * BAR_CHARACTERS)
        self._write(f"[{bar:<{BAR_CHARACTERS}}] {share:4.0%} {label}")

    def clear(self) -> None:
        self._write("")

    def _write(self, text: str) -> None:
        if self.is_shown:
            # ECMA-48's "erase in line" removes what stood there before.
            self.out.write(f"\r\x1b[K{text}", ending="")
            self.out.flush()
