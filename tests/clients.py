"""Clients that are signed in."""

from django.test import Client


def console_of(user):
    """Return a browser that is signed in to the console, following redirects by hand."""
    browser = Client()
    browser.force_login(user, backend="users.sign_in.backends.RoleBackend")
    return browser
