"""A small real HTTP server on loopback that answers as a node does."""

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FakeNode(ThreadingHTTPServer):
    """Keep each body of logs that is posted; answer with the next of `answers`, else take all logs.

    An answer is (status, document, headers); None closes the connection without one.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = deque()
        self.heartbeat_answers = deque()
        self.batches = []
        self.requests = []
        self.heartbeats = []
        self.connection_count = 0
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *exc_info):
        self.shutdown()
        self.server_close()

    @property
    def logs(self):
        return [log for batch in list(self.batches) for log in batch]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.connection_count += 1

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "heartbeat" in self.path:
            self.server.heartbeats.append(json.loads(body) | {"headers": dict(self.headers)})
            taken = (200, {"host": "web-1", "state": "alive"}, {})
            answers = self.server.heartbeat_answers
            self.reply(answers.popleft() if answers else taken)
            return
        logs = [json.loads(line) for line in body.splitlines()]
        self.server.requests.append((self.path, dict(self.headers)))
        self.server.batches.append(logs)
        taken = (201, {"accepted": len(logs), "duplicates": 0, "rejected": 0, "errors": []}, {})
        self.reply(self.server.answers.popleft() if self.server.answers else taken)

    def reply(self, answer):
        if answer is None:
            self.close_connection = True
        else:
            self.answer(*answer)

    def answer(self, status, document, headers):
        content = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass
