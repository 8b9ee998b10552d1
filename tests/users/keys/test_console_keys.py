"""Keys in the console."""

import re
import shlex

import pytest
from django.test import Client
from rest_framework.test import APIClient

from fim.models import FimLog
from tests.factories import event_json, make_key
from users.models import Key

LIST = "/admin/users/key/"
KEY = re.compile(r"Api-Key (\w{8}\.\w{32})")


def form(**fields):
    blank = {"host": "", "expiry_date_0": "", "expiry_date_1": ""}
    return {"name": "sensor-1", "can_post_events": "on"} | blank | fields


def change_page(key):
    return f"{LIST}{key.prefix}/change/"


def post_event(text):
    return APIClient(HTTP_AUTHORIZATION=f"Api-Key {text}").post("/api/events/", event_json())


def post_as_told(command):
    """Do what a curl command says, as far as these go."""
    parts = shlex.split(command)
    headers = dict(parts[at + 1].split(": ", 1) for at, part in enumerate(parts) if part == "-H")
    body, url = parts[parts.index("-d") + 1], parts[-1].removeprefix("http://testserver")
    return (
        Client()
        .post(
            url,
            body,
            content_type=headers["Content-Type"],
            headers={"Authorization": headers["Authorization"]},
        )
        .status_code
    )


@pytest.fixture
def browser(console, admin):
    return console(admin)


def test_every_page_renders(browser):
    key, _ = make_key()

    for path in (LIST, LIST + "?q=sensor", LIST + "?revoked__exact=0", LIST + "add/"):
        assert browser.get(path).status_code == 200
    assert browser.get(change_page(key)).status_code == 200


def test_a_made_key_is_shown_once(browser):
    first = browser.post(LIST + "add/", form(), follow=True)
    second = browser.get(LIST)

    text = KEY.search(first.content.decode()).group(1)
    assert post_event(text).status_code == 201
    assert text not in second.content.decode()


def test_a_made_key_is_not_kept_in_the_session(browser):
    answer = browser.post(LIST + "add/", form(), follow=True)

    text = KEY.search(answer.content.decode()).group(1)
    assert text not in str(dict(browser.session))
    assert text not in str(browser.cookies)
    assert "no-store" in answer["Cache-Control"]


def test_the_commands_shown_with_a_key_work(browser):
    answer = browser.post(LIST + "add/", form(can_post_logs="on"))

    commands = answer.context["commands"]
    assert [post_as_told(command) for command in commands] == [201, 201]
    assert FimLog.objects.get().path == "/tmp/trial"


def test_no_address_holds_the_hash_of_a_key(browser):
    key, _ = make_key()
    pages = [browser.get(path).content.decode() for path in (LIST, change_page(key))]

    assert f'href="{change_page(key)}"' in pages[0]
    for page in pages:
        assert not re.search(r'(href|action)="[^"]*' + re.escape(key.hashed_key[-40:]), page)


def test_tells_who_made_it(browser):
    browser.post(LIST + "add/", form(host="web-1"))

    key = Key.objects.get()
    assert (key.created_by, key.host, key.name) == ("alma", "web-1", "sensor-1")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"can_post_events": ""}, "A key needs at least one scope."),
        ({"expiry_date_0": "2020-01-01", "expiry_date_1": "00:00"}, "expired already"),
        ({"expiry_date_0": "0001-01-01", "expiry_date_1": "00:00"}, "expired already"),
        ({"expiry_date_0": "soon", "expiry_date_1": "x"}, "Enter a valid date"),
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 51}, "at most 50 characters"),
        ({"name": "a\x00b"}, "Null characters are not allowed."),
        ({"host": "x" * 256}, "at most 255 characters"),
    ],
)
def test_refuses_a_key_that_is_not_valid_in_the_form(browser, fields, message):
    sent = {name: value for name, value in form(**fields).items() if value or name in ("name",)}

    answer = browser.post(LIST + "add/", sent)

    assert answer.status_code == 200
    assert message in answer.content.decode()
    assert not Key.objects.exists()


def test_a_key_may_expire_at_the_end_of_the_calendar(browser):
    fields = form(expiry_date_0="9999-12-31", expiry_date_1="23:59:59")

    browser.post(LIST + "add/", fields, follow=True)

    assert browser.get(LIST).status_code == 200


def test_the_action_revokes(browser):
    key, text = make_key()

    form = {"action": "revoke", "_selected_action": [key.pk]}

    question = browser.post(LIST, form)
    before = post_event(text).status_code
    browser.post(LIST, form | {"confirm": "yes"})

    assert (question.status_code, before) == (200, 201)
    assert post_event(text).status_code == 401


def test_the_form_revokes_and_changes_nothing_else(browser):
    key, text = make_key()

    browser.post(change_page(key), form(name="other", can_post_logs="on", revoked="on"))

    key.refresh_from_db()
    assert (key.name, key.can_post_logs, key.revoked) == ("sensor-1", False, True)
    assert post_event(text).status_code == 401


def test_a_revoked_key_stays_revoked(browser):
    key, text = make_key()
    Key.objects.filter(pk=key.pk).update(revoked=True)

    answer = browser.post(change_page(key), form())

    assert answer.status_code in (200, 302)
    assert post_event(text).status_code == 401


def test_a_key_is_never_deleted(browser):
    key, _ = make_key()

    browser.post(LIST, {"action": "delete_selected", "_selected_action": [key.pk], "post": "yes"})
    answer = browser.post(change_page(key).replace("/change/", "/delete/"), {"post": "yes"})

    assert answer.status_code == 403
    assert Key.objects.exists()


@pytest.mark.parametrize("path", ["", "add/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_analysts_do_not_reach_keys(console, analyst, path, method):
    answer = getattr(console(analyst), method)(LIST + path, form())

    assert answer.status_code == 403
    assert not Key.objects.exists()


def test_analysts_do_not_revoke(console, analyst):
    key, text = make_key()

    form = {"action": "revoke", "_selected_action": [key.pk], "confirm": "yes"}
    console(analyst).post(LIST, form)

    assert post_event(text).status_code == 201
