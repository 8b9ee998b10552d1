"""Agents that post one log after the other, as many agents do at once."""

import http.client
import json
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from tests.patience import PATIENCE_SECONDS

SEVERITIES = ["Normal"] * 80 + ["[KEGIATAN MENCURIGAKAN]"] * 12 + ["[BAHAYA]"] * 6
SEVERITIES += ["[MALWARE] PHP_Webshell_Payload"] * 2


def post_in_parallel(url, *, clients, seconds):
    """Let so many clients post for so long, each on a kept connection; count the statuses."""
    deadline = time.monotonic() + seconds
    with ThreadPoolExecutor(clients) as pool:
        counts = pool.map(lambda n: _post_until(url, n, deadline), range(clients))
        return sum(counts, Counter())


def _post_until(url, number, deadline):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_SECONDS)
    statuses = Counter()
    for n in range(100_000):
        if time.monotonic() > deadline:
            break
        statuses[_post(connection, log(number, n))] += 1
    connection.close()
    return statuses


def log(number, n):
    return {
        "event_id": str(uuid.uuid4()),
        "host": f"web-{number % 5}",
        "path": f"/var/www/{n % 50}.php",
        "action": "modified",
        "severity": SEVERITIES[n % 100],
    }


def _post(connection, record):
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/api/ingest/fim/", json.dumps(record), headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


class PatientAgents:
    """Agents that repeat each log until it is acknowledged, whatever happens to the node."""

    def __init__(self, url, *, clients):
        self.acknowledged = []
        self._url = url
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info):
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=PATIENCE_SECONDS)

    def _run(self, number):
        parts = urlsplit(self._url)
        for n in range(100_000):
            if self._stopping.is_set():
                return
            record = log(number, n)
            while not self._stopping.is_set():
                connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
                try:
                    if _post(connection, record) in (200, 201):
                        self.acknowledged.append(record["event_id"])
                        break
                except (OSError, http.client.HTTPException):
                    time.sleep(0.05)
                finally:
                    connection.close()
