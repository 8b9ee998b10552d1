"""Between gunicorn and Django: workers, connections, bodies, clients, the request log."""
