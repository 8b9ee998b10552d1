"""Accounts in the console.

Nobody changes the role or the state of the own account, nor deletes it: whoever removes or demotes
others stays an admin, so a node does not lose its last one. Superusers are touched by superusers
alone, and made by `manage.py createsuperuser` alone.
"""

import pytest
from rest_framework.test import APIClient

from tests.factories import PASSWORD, make_user
from users.models import User
from users.sign_in.tokens import RefreshToken

LIST = "/admin/users/user/"
NEW_PASSWORD = "a password nobody has used"


def page(user, name="change"):
    return f"{LIST}{user.pk}/{name}/"


def form(**fields):
    return {"username": "amira", "role": "analyst", "is_active": "on"} | fields


def can_refresh(token):
    answer = APIClient().post("/api/token/refresh/", {"refresh": str(token)})
    return answer.status_code == 200


@pytest.fixture
def root(db):
    return User.objects.create_superuser("root", password=PASSWORD)


@pytest.mark.parametrize("who", ["admin", "root"])
def test_admins_see_every_page(request, console, analyst, who):
    browser = console(request.getfixturevalue(who))

    for path in ("/admin/", LIST, LIST + "?q=amira", LIST + "add/", page(analyst)):
        assert browser.get(path).status_code == 200
    for name in ("history", "password", "delete"):
        assert browser.get(page(analyst, name)).status_code == 200


def test_the_first_page_shows_what_the_role_allows(console, analyst):
    text = console(analyst).get("/admin/").content.decode()

    assert "/admin/threats/alert/" in text
    assert "/admin/users/" not in text
    assert "/admin/auth/" not in text


@pytest.mark.parametrize("path", ["", "add/", "{pk}/change/", "{pk}/password/", "{pk}/delete/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_analysts_do_not_reach_accounts(console, analyst, path, method):
    answer = getattr(console(analyst), method)(LIST + path.format(pk=analyst.pk))

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        *("auth/group/", "auth/user/", "rest_framework_api_key/apikey/", "axes/accessattempt/"),
        *("token_blacklist/outstandingtoken/", "token_blacklist/blacklistedtoken/"),
    ],
)
def test_what_libraries_bring_is_not_shown(console, root, path):
    assert console(root).get(f"/admin/{path}").status_code == 404


def test_adds_an_account(console, admin):
    fields = {"usable_password": "true", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}

    answer = console(admin).post(LIST + "add/", {"username": "ben", "role": "admin"} | fields)

    assert answer.status_code == 302
    ben = User.objects.get(username="ben")
    assert ben.check_password(NEW_PASSWORD)
    assert (ben.role, ben.is_superuser) == ("admin", False)


@pytest.mark.parametrize(
    "fields",
    [
        {"password1": "password", "password2": "password"},
        {"password2": "another one entirely"},
        {"username": "amira"},
        {"username": "AMIRA"},
        {"username": "a b"},
        {"username": "a\x00b"},
        {"role": "root"},
        {"role": ""},
    ],
    ids=str,
)
def test_refuses_an_account_that_is_not_valid(console, admin, analyst, fields):
    valid = {"username": "ben", "role": "analyst", "usable_password": "true"}
    valid |= {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}

    answer = console(admin).post(LIST + "add/", valid | fields)

    assert answer.status_code == 200
    assert User.objects.count() == 2


def test_changes_a_role(console, admin, analyst):
    console(admin).post(page(analyst), form(role="admin"))

    analyst.refresh_from_db()
    assert analyst.role == "admin"


def test_admins_do_not_make_superusers(console, admin, analyst):
    console(admin).post(page(analyst), form(is_superuser="on", is_staff="on", password="x"))

    analyst.refresh_from_db()
    assert not analyst.is_superuser
    assert analyst.check_password(PASSWORD)


def test_admins_do_not_touch_superusers(console, admin, root):
    browser = console(admin)

    assert browser.post(page(root), form(username="root", role="analyst")).status_code == 403
    assert browser.post(page(root, "password"), {"password1": "x"}).status_code == 403
    assert browser.get(page(root, "password")).status_code == 403
    assert browser.post(page(root, "delete"), {"post": "yes"}).status_code == 403


def test_admins_see_superusers_without_their_password(console, admin, root):
    answer = console(admin).get(page(root))

    assert answer.status_code == 200
    assert root.password not in answer.content.decode()


def test_superusers_may_touch_superusers(console, root):
    other = User.objects.create_superuser("other", password=PASSWORD)

    assert console(root).post(page(other, "delete"), {"post": "yes"}).status_code == 302


def test_nobody_demotes_or_deactivates_the_own_account(console, admin):
    console(admin).post(page(admin), {"username": "alma", "role": "analyst", "email": ""})

    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == ("admin", True)


def test_nobody_deletes_the_own_account(console, root):
    answer = console(root).post(page(root, "delete"), {"post": "yes"})

    assert answer.status_code == 403


def test_no_accounts_are_deleted_in_bulk(console, admin, root):
    data = {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"}

    console(admin).post(LIST, data)

    assert User.objects.filter(pk=root.pk).exists()


def test_deletes_an_account(console, admin, analyst):
    token = RefreshToken.for_user(analyst)

    answer = console(admin).post(page(analyst, "delete"), {"post": "yes"})

    assert answer.status_code == 302
    assert not can_refresh(token)


def test_deactivation_ends_refresh_tokens_for_good(console, admin, analyst):
    token = RefreshToken.for_user(analyst)
    fields = form()
    fields.pop("is_active")
    browser = console(admin)
    browser.post(page(analyst), fields)

    browser.post(page(analyst), form())

    analyst.refresh_from_db()
    assert analyst.is_active
    assert not can_refresh(token)


def test_a_password_set_by_an_admin_ends_refresh_tokens(console, admin, analyst):
    token = RefreshToken.for_user(analyst)
    fields = {"usable_password": "true", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}

    answer = console(admin).post(page(analyst, "password"), fields)

    assert answer.status_code == 302
    assert not can_refresh(token)


def test_an_own_new_password_ends_refresh_tokens(console, analyst):
    token = RefreshToken.for_user(analyst)
    fields = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}

    answer = console(analyst).post("/admin/password_change/", {"old_password": PASSWORD} | fields)

    assert answer.status_code == 302
    assert not can_refresh(token)


def test_other_changes_leave_refresh_tokens(console, admin, analyst):
    token = RefreshToken.for_user(analyst)

    console(admin).post(page(analyst), form(email="amira@example.org"))

    assert can_refresh(token)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?password__startswith=argon2", 400),
        ("?is_superuser__exact=x", 302),
        ("?p=9", 200),
        ("?q=%00", 200),
        ("?q=" + "x" * 3_000, 200),
        ("?o=99.-99.x", 200),
        ("?nonsense=1", 302),
    ],
)
def test_the_list_tells_no_password_and_breaks_on_no_query(console, admin, query, status):
    assert console(admin).get(LIST + query).status_code == status


@pytest.mark.parametrize(
    "path", ["user/?role__exact=%00", "user/%00/change/", "key/%00/change/", "key/?host=%00"]
)
def test_nul_is_refused_or_finds_nothing(console, admin, path):
    assert console(admin).get(f"/admin/users/{path}").status_code in (200, 302, 400)


def test_an_unknown_account_leads_back(console, admin):
    assert console(admin).get(f"{LIST}999999/change/").status_code == 302


def test_the_list_costs_the_same_for_any_number(console, admin, django_assert_max_num_queries):
    for number in range(20):
        make_user(f"user-{number}")
    browser = console(admin)

    with django_assert_max_num_queries(8):
        browser.get(LIST)
