"""How gunicorn serves the node. docs/configuration.md lists the variables."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
keepalive = 75
timeout = 60
graceful_timeout = 30
# The workers' heartbeat files: on a disk they wait for it.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
# Only these peers may say that a client came by HTTPS, and none may rewrite the path.
forwarded_allow_ips = os.environ.get("TRUSTED_PROXIES", "")
forwarder_headers = ""
control_socket_disable = True
# Picket logs requests itself, without queries and secrets.
accesslog = None
