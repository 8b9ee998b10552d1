"""How gunicorn serves the node. docs/configuration.md lists the variables."""

import gc
import os
from typing import Any

from config.env import Env, read_env_file
from config.serving.client_socket import ClientSocket
from config.serving.worker import Worker
from config.serving.worker_slots import WorkerSlots


class ServingEnv(Env):
    # A copy: what .env said at start would win over a changed .env in the workers of a reload.
    ENVIRON = dict(os.environ)


# The databases are for the node's own user alone.
os.umask(0o077)

env = ServingEnv()
read_env_file(env)

bind = f"{env.str('HOST', default='127.0.0.1')}:{env.whole('PORT', default=8000, maximum=65_535)}"
worker_class = Worker
workers = env.whole("WEB_WORKERS", default=2, maximum=1_000)
threads = env.whole("WEB_THREADS", default=8, maximum=1_000)
ClientSocket.silence_seconds = env.whole("CLIENT_TIMEOUT_SECONDS", default=10, maximum=3_600)
ClientSocket.request_seconds = env.whole("REQUEST_TIMEOUT_SECONDS", default=60, maximum=86_400)
# The most that gunicorn takes: a search holds up to 4,096 characters, percent-encoded.
limit_request_line = 8_190
keepalive = 75
timeout = 60
graceful_timeout = 30
# The workers' heartbeat files: on a disk they wait for it.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
# Only these peers may say that a client came by HTTPS, and none may rewrite the path.
forwarded_allow_ips = ",".join(env.list("TRUSTED_PROXIES", default=[]))
forwarder_headers = ""
control_socket_disable = True
# Picket logs requests itself, without queries and secrets.
accesslog = None


# More than there are workers at once, with those that a TTIN signal adds.
worker_slots = WorkerSlots(workers + 1_000)


def pre_fork(server: Any, worker: Any) -> None:
    worker.slot = worker_slots.take()


def child_exit(server: Any, worker: Any) -> None:
    worker.slot.release()


def when_ready(server: Any) -> None:
    server.log.info("Picket serves %s; Ctrl-C ends it.", f"http://{bind}")


def keep_loaded_objects() -> None:
    """Let the collector pass over what is loaded by now: it stays.

    Else a batch's thousands of new objects have it all looked through again and again, which took
    an eighth of what a batch costs.
    """
    gc.collect()
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    keep_loaded_objects()

    from fim.hosts.silence import start_watching
    from fim.store.search_index import start_indexing

    start_watching()
    start_indexing()
