"""A WSGI app that reads the body and answers 201: what gunicorn alone costs."""

ANSWER = b'{"status": "created"}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(ANSWER)))]


def application(environ, start_response):
    environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response("201 Created", HEADERS)
    return [ANSWER]
