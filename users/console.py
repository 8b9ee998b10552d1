"""Pages of the console that are no list of a model."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from users.audit.actors import actor_of
from users.models import User
from users.services import audited_password
from users.sign_in.lockouts import unlock


def change_own_password(request: HttpRequest) -> HttpResponse:
    """The console's own page, and a line in the audit list where it set a password."""
    user = User.objects.get_by_natural_key(request.user.get_username())
    with audited_password(user, by=actor_of(request)):
        return admin.site.password_change(request)


class UnlockForm(forms.Form):
    """A name as it was tried, blanks too, and the address that it was tried from."""

    username = forms.CharField(max_length=255, strip=False)
    address = forms.GenericIPAddressField()


def unlock_person(request: HttpRequest) -> HttpResponse:
    """Let someone sign in again who failed too often, and lead back to the users."""
    if request.method != "POST" or not request.user.has_perm("users.change_user"):
        raise PermissionDenied
    form = UnlockForm(request.POST)
    if not form.is_valid():
        raise BadRequest(f"Not valid: {', '.join(form.errors)}.")
    username = form.cleaned_data["username"]
    if unlock(**form.cleaned_data, by=actor_of(request)):
        messages.success(request, f"User name {username} may sign in again.")
    else:
        messages.info(request, f"User name {username} was not locked out any more.")
    return HttpResponseRedirect(reverse("admin:users_user_changelist"))
