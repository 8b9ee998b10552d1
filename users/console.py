"""Pages of the console that are no list of a model."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from users.audit import who_of
from users.models import User
from users.services import audited_password


def change_own_password(request: HttpRequest) -> HttpResponse:
    """The console's own page, and a line in the audit list where it set a password."""
    user = User.objects.get_by_natural_key(request.user.get_username())
    with audited_password(user, by=who_of(request)):
        return admin.site.password_change(request)
