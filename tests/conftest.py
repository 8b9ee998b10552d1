"""The cast, one person per role, and their clients."""

from ipaddress import ip_network

import pytest
from django.conf import settings
from django.db import connection
from rest_framework.test import APIClient

from tests.clients import console_of
from tests.factories import make_key, make_user
from users.models import Scope
from users.sign_in.tokens import RefreshToken


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Let tests with transactions of their own empty SQLite's tables, the audit list too."""
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            connection.cursor().execute("DROP TRIGGER users_auditentry_no_delete")


@pytest.fixture(autouse=True)
def _fresh_throttles(tmp_path):
    """Counters of their own for each test."""
    before, settings.THROTTLE_PATH = settings.THROTTLE_PATH, tmp_path / "throttle.sqlite3"
    yield
    settings.THROTTLE_PATH = before


@pytest.fixture
def admin(db):
    return make_user("alma", role="admin")


@pytest.fixture
def analyst(db):
    return make_user("amira", role="analyst")


def _client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def admin_client(admin):
    """Overrides pytest-django's: a REST client of an admin, not a console session."""
    return _client_of(admin)


@pytest.fixture
def analyst_client(analyst):
    return _client_of(analyst)


@pytest.fixture
def anonymous_client(db):
    return APIClient()


def _key_client(*scopes, **fields):
    _, text = make_key(scopes=scopes, **fields)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {text}")
    return client


@pytest.fixture
def sensor_client(db):
    """A machine that may post events."""
    return _key_client(Scope.POST_EVENTS)


@pytest.fixture
def agent_client(db):
    """A machine that may post logs; its key is for host web-7."""
    return _key_client(Scope.POST_LOGS, host="web-7")


@pytest.fixture
def bearer(db):
    """Return a client that sends a token: of a user, or a text as it is."""

    def make(token, **defaults):
        if hasattr(token, "is_person"):
            token = RefreshToken.for_user(token).access_token
        return APIClient(HTTP_AUTHORIZATION=f"Bearer {token}", **defaults)

    return make


@pytest.fixture
def console(db):
    """Return what gives a browser that is signed in to the console."""
    return console_of


@pytest.fixture
def trust_loopback(settings):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]
