"""The fast path: the view's own answer to what it takes; what it does not take goes to the view.

Driven as gunicorn drives it, with Django's application behind it.
"""

import io
import json
import uuid

import pytest
from django.db import OperationalError
from django.test import override_settings

from config import wsgi
from fim.ingest import fast_path
from fim.ingest.fast_path import PATH, FastPath
from fim.models import FimLog
from tests.factories import log_json, make_key
from users.models import Scope

# As served: Django looks after its connections at the beginning of each request.
pytestmark = pytest.mark.django_db(transaction=True)
OWN = {"x-request-id", "content-length"}


class Counted:
    """Django's application, and how many requests it got."""

    def __init__(self):
        self.calls = 0

    def __call__(self, environ, start_response):
        self.calls += 1
        return wsgi.django_application(environ, start_response)


@pytest.fixture
def view():
    return Counted()


@pytest.fixture
def post(view):
    """Post where the headers of this host are learned; return status, headers, body."""
    application = FastPath(view)

    def post(body, **environ):
        return _call(application, body, environ)

    assert post(json.dumps(log_json(path="/first")))[0] == 201
    view.calls = 0
    return post


def _call(application, body, environ):
    body = body.encode() if isinstance(body, str) else body
    got = []
    made = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": PATH,
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
    } | environ
    answer = application(made, lambda status, headers, exc=None: got.append((status, headers)))
    content = b"".join(answer)
    status, headers = got[0]
    return int(status[:3]), {name.lower(): value for name, value in headers}, content


def test_stores_a_log_without_the_view(post, view):
    status, _, body = post(json.dumps(log_json(path="/srv/a")))

    assert (status, view.calls) == (201, 0)
    assert FimLog.objects.get(pk=json.loads(body)["id"]).path == "/srv/a"


def test_answers_as_the_view_does(post, view):
    log = log_json(event_id=str(uuid.uuid4()), user="renée", attributes={"pid": 7})

    by_fast_path = post(json.dumps(log))
    by_view = _call(view, json.dumps(log), {})

    assert (by_fast_path[0], by_view[0]) == (201, 200)
    assert by_fast_path[2] == by_view[2]
    assert by_fast_path[1].keys() == by_view[1].keys()
    assert {**by_fast_path[1], "x-request-id": ""} == {**by_view[1], "x-request-id": ""}


def test_answers_a_repeat_with_200(post, view):
    log = json.dumps(log_json(event_id=str(uuid.uuid4())))

    first, second = post(log), post(log)

    assert (first[0], second[0], view.calls) == (201, 200, 0)
    assert first[2] == second[2]


def test_takes_a_key_and_its_host(post, view):
    _, text = make_key(scopes=(Scope.POST_LOGS,), host="web-7")

    log = {"path": "/srv/a", "action": "created"}
    far = {"REMOTE_ADDR": "192.0.2.1", "HTTP_AUTHORIZATION": f"Api-Key {text}"}
    status, _, body = post(json.dumps(log), **far)

    assert (status, json.loads(body)["host"], view.calls) == (201, "web-7", 0)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"REMOTE_ADDR": "192.0.2.1"}, 401),
        ({"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 401),
        ({"HTTP_AUTHORIZATION": "Api-Key nonsense"}, 401),
        ({"HTTP_HOST": "evil.example"}, 400),
        ({"CONTENT_TYPE": "text/plain"}, 415),
        ({"HTTP_ACCEPT": "text/html"}, 406),
        ({"HTTP_CONTENT_ENCODING": "br"}, 415),
        ({"QUERY_STRING": "host=a%00b"}, 400),
        ({"CONTENT_LENGTH": ""}, 400),
        ({"REQUEST_METHOD": "PUT"}, 405),
    ],
)
def test_refuses_nothing_by_itself(post, view, environ, expected):
    status, _, body = post(json.dumps(log_json()), **environ)

    assert (status, view.calls) == (expected, 1)
    assert json.loads(body)["code"]


def test_a_key_without_the_scope_is_refused_by_the_view(post, view):
    _, text = make_key(scopes=(Scope.POST_EVENTS,))

    status, _, _ = post(json.dumps(log_json()), HTTP_AUTHORIZATION=f"Api-Key {text}")

    assert (status, view.calls) == (403, 1)


@pytest.mark.parametrize("body", ['{"path": 7}', "[]", "{", '{"path": "/a", "action": "x"}'])
def test_a_bad_body_is_told_by_the_view(post, view, body):
    status, _, answer = post(body)

    assert (status, view.calls) == (400, 1)
    assert json.loads(answer)["detail"]


def test_what_holds_many_logs_goes_to_the_view(post, view):
    status, _, body = post(json.dumps([log_json(), log_json()]))

    assert (status, json.loads(body)["accepted"], view.calls) == (201, 2, 1)


def test_another_host_is_for_the_view_to_judge(post, view):
    post(json.dumps(log_json()), HTTP_HOST="127.0.0.1")
    post(json.dumps(log_json()), HTTP_HOST="127.0.0.1")

    assert view.calls == 1


@override_settings(SECURE_SSL_REDIRECT=True)
def test_learns_nothing_from_a_redirect():
    application = FastPath(wsgi.get_wsgi_application())

    statuses = {_call(application, json.dumps(log_json()), {})[0] for _ in range(2)}

    assert statuses == {301}


def test_over_the_limit_the_view_says_so(post, view, settings):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"ingest": "2/hour"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}

    statuses = [post(json.dumps(log_json()))[0] for _ in range(3)]

    assert statuses[-1] == 429


def test_over_its_keys_limit_the_view_says_so(post, settings):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"key": "2/hour"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}
    _, text = make_key(scopes=(Scope.POST_LOGS,))

    by_key = {"HTTP_AUTHORIZATION": f"Api-Key {text}"}
    statuses = [post(json.dumps(log_json()), **by_key)[0] for _ in range(3)]

    assert statuses == [201, 201, 429]


def test_says_when_the_database_cannot_take_it(post, monkeypatch):
    def fail(log):
        raise OperationalError("database is locked")

    monkeypatch.setattr(fast_path, "commit_log", fail)
    status, headers, body = post(json.dumps(log_json()))

    assert (status, headers["retry-after"]) == (503, "5")
    assert json.loads(body)["code"] == "storage_unavailable"


def test_what_fails_otherwise_is_for_the_view_to_tell(post, view, monkeypatch):
    def fail(*args):
        raise ValueError("a bug")

    monkeypatch.setattr(fast_path, "commit_log", fail)
    monkeypatch.setattr("fim.ingest.views.commit_log", fail)
    status, _, body = post(json.dumps(log_json()))

    assert (status, json.loads(body)["code"], view.calls) == (500, "server_error", 1)


def test_a_body_that_breaks_off_is_for_the_view(post, view):
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise ConnectionResetError

    status, _, _ = post("{}", **{"wsgi.input": Broken()})

    assert (status, view.calls) == (400, 1)


def test_logs_each_request(post, caplog):
    caplog.set_level("INFO", "picket.request")

    post(json.dumps(log_json()), HTTP_X_REQUEST_ID="r-1")

    line = caplog.records[-1]
    assert (line.request_id, line.status, line.path) == ("r-1", 201, PATH)
