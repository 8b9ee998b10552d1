"""Print the released Pythons of this machine that are newer than the one that runs this.

`python -m tests.newest_python` prints one path a line, the newest first. It looks at PATH and at
pyenv's versions: pyenv's own programs on PATH answer for the chosen version alone.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

NAME = re.compile(r"python3\.(\d+)")
# Debian's has no ensurepip without python3-venv.
IS_USABLE = "import ensurepip, sys, venv; sys.exit(sys.version_info.releaselevel != 'final')"
ANSWER_SECONDS = 60


def newer_pythons(directories: Iterable[Path], minor: int) -> list[Path]:
    """Return one usable program for each minor version above this one, the newest first."""
    found: dict[int, Path] = {}
    for directory in filter(Path.is_dir, directories):
        for program in directory.iterdir():
            name = NAME.fullmatch(program.name)
            version = int(name[1]) if name else 0
            if version > minor and version not in found and is_usable(program):
                found[version] = program
    return [found[version] for version in sorted(found, reverse=True)]


def is_usable(program: Path) -> bool:
    command = [program, "-c", IS_USABLE]
    return subprocess.run(command, capture_output=True, timeout=ANSWER_SECONDS).returncode == 0


if __name__ == "__main__":
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    places = [*map(Path, os.get_exec_path()), *pyenv.glob("versions/*/bin")]
    print(*newer_pythons(places, sys.version_info.minor), sep="\n")
