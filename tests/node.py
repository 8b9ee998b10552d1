"""A real node under test: gunicorn on loopback over a database of its own."""

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests.patience import PATIENCE_SECONDS, wait_until

ROOT = Path(__file__).resolve().parent.parent
ADMIN_PASSWORD = "admin password of the node"


@dataclass
class Node:
    url: str
    env: dict[str, str]
    log: Path
    process: subprocess.Popen | None = None
    token: str = field(default="", repr=False)

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, dict[str, str]]:
        """Return status, decoded JSON (or text) and headers of one exchange."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(
            parts.hostname, parts.port, timeout=PATIENCE_SECONDS
        )
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        is_json = text and answer.headers.get_content_type() == "application/json"
        content = json.loads(text) if is_json else text
        return answer.status, content, {k.lower(): v for k, v in answer.getheaders()}

    def as_admin(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        if not self.token:
            self.token = sign_in(self, "admin", ADMIN_PASSWORD)
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.request(method, path, body, headers)[:2]

    def manage(self, *arguments: str) -> str:
        """Run a management command on the node's database; return what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "config.wsgi"],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        def is_ready_or_gone() -> bool:
            return self._is_ready() or self.process.poll() is not None

        wait_until(is_ready_or_gone, explain=self.log.read_text)
        assert self.process.poll() is None, self.log.read_text()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=PATIENCE_SECONDS)

    def _is_ready(self) -> bool:
        try:
            return self.request("GET", "/readyz")[0] == 200
        except OSError:
            return False


def sign_in(node: Node, username: str, password: str) -> str:
    """Return an access token."""
    credentials = {"username": username, "password": password}
    status, answer, _ = node.request("POST", "/api/token/", credentials)
    assert status == 200, answer
    return answer["access"]


@contextmanager
def running_node(
    directory: Path, *, prepared_by: Sequence[str] = ("create_first_admin",), **env: str
):
    """Serve a fresh database: SQLite below `directory`, or one of the PostgreSQL under test.

    The commands `prepared_by` run before the node starts.
    """
    port = free_port()
    with fresh_database(directory) as database_url:
        node = Node(
            url=f"http://127.0.0.1:{port}",
            log=directory / "gunicorn.log",
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(directory),
                "VAR_DIR": str(directory / "var"),
                "DATABASE_URL": database_url,
                "ADMIN_PASSWORD": ADMIN_PASSWORD,
                "NODE_NAME": "node-under-test",
                "PORT": str(port),
                "ENV_FILE": os.devnull,
                "DJANGO_SETTINGS_MODULE": "config.settings",
            }
            | env,
        )
        node.manage("migrate", "--verbosity", "0")
        for command in prepared_by:
            node.manage(*command.split())
        node.start()
        try:
            yield node
        finally:
            node.stop()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def fresh_database(directory: Path):
    server_url = os.environ.get("DATABASE_URL", "")
    if not server_url.startswith("postgres"):
        yield f"sqlite:///{directory / 'node.sqlite3'}"
        return
    import psycopg

    name = f"picket_node_{secrets.token_hex(6)}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
