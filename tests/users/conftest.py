from ipaddress import ip_network

import pytest
from django.test import Client
from rest_framework.test import APIClient

from users.sign_in.tokens import RefreshToken


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
    """Return a browser that is signed in to the console, following redirects by hand."""

    def make(user):
        browser = Client()
        browser.force_login(user)
        return browser

    return make


@pytest.fixture
def trust_loopback(settings):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]
