"""Each answer says what a page may load and run, and the console's pages keep to it."""

from html.parser import HTMLParser

import pytest
from django.test import Client

from config.content_security import API_POLICY, CONSOLE_POLICY, DOCS_POLICY
from tests.factories import ALMA, make_alert, make_host, make_key, make_log
from users.audit.services import write_audit
from users.models import AuditAction, AuditEntry, Kind

pytestmark = pytest.mark.django_db


class Refused(HTMLParser):
    """Collects what the policy of a page keeps from running: inline scripts, handlers, styles."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        if tag == "style" or (tag == "script" and "src" not in names and not is_data(names)):
            self.found.append(f"<{tag}>")
        self.found += [f"{tag} {name}" for name in names if name == "style" or name[:2] == "on"]
        for name in ("src", "href", "action"):
            if (names.get(name) or "").startswith(
                ("http:", "https:", "//", "javascript:", "data:")
            ):
                self.found.append(f"{tag} {name}={names[name]}")


def is_data(names):
    return names.get("type") == "application/json"


def refused_in(page):
    parser = Refused()
    parser.feed(page)
    return parser.found


@pytest.fixture
def pages(admin):
    """Return the path of every page that the console links to, from the first page on."""
    write_audit(ALMA, AuditAction.CHANGED, Kind.USER, after={"role": "admin"})
    log, alert, (key, _) = make_log(category="malware"), make_alert(), make_key()
    return [
        "/admin/",
        "/admin/password_change/",
        "/admin/users/user/add/",
        f"/admin/users/user/{admin.pk}/password/",
        *with_pages_of("users/user", admin.pk),
        *with_pages_of("users/key", key.prefix),
        *with_pages_of("threats/alert", alert.pk),
        *with_pages_of("threats/event", alert.event.pk),
        *with_pages_of("fim/fimlog", log.pk),
        *with_pages_of("fim/host", make_host().pk),
        "/admin/users/auditentry/",
        f"/admin/users/auditentry/{AuditEntry.objects.first().pk}/change/",
        "/admin/fim/daycount/",
        "/admin/nothing/",
    ]


def with_pages_of(model, pk):
    return [f"/admin/{model}/", *(f"/admin/{model}/{pk}/{name}/" for name in ("change", "delete"))]


def test_the_console_has_nothing_inline(client, admin, pages):
    client.force_login(admin)

    answers = {path: client.get(path) for path in pages}

    found = {path: refused_in(answer.content.decode()) for path, answer in answers.items()}
    assert {path: what for path, what in found.items() if what} == {}
    assert {answer["Content-Security-Policy"] for answer in answers.values()} == {CONSOLE_POLICY}


@pytest.mark.parametrize("step", ["made", "revoke"])
def test_the_pages_around_a_key_have_nothing_inline(client, admin, step):
    client.force_login(admin)
    key, _ = make_key()
    new = {"name": "sensor-2", "can_post_events": "on", "expiry_date_0": "", "expiry_date_1": ""}
    path, form = {
        "made": ("add/", new),
        "revoke": ("", {"action": "revoke", "_selected_action": [key.pk]}),
    }[step]

    answer = client.post(f"/admin/users/key/{path}", form)

    assert answer.status_code == 200
    assert refused_in(answer.content.decode()) == []


def test_the_sign_in_page_has_nothing_inline(client):
    assert refused_in(client.get("/admin/login/").content.decode()) == []


def test_a_refused_form_is_answered_in_words_and_has_nothing_inline():
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {})

    page = answer.content.decode()
    assert answer.status_code == 403
    assert "load the page again" in page
    assert refused_in(page) == []


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/api/alerts/", API_POLICY),
        ("/dhimp/api/logs/", API_POLICY),
        ("/elastic/", API_POLICY),
        ("/admin/login/", CONSOLE_POLICY),
        ("/nothing/", CONSOLE_POLICY),
        ("/swagger/", DOCS_POLICY),
        ("/redoc/", DOCS_POLICY),
    ],
)
def test_each_answer_has_the_policy_of_its_kind(client, path, policy):
    assert client.get(path)["Content-Security-Policy"] == policy


@pytest.mark.parametrize("policy", [API_POLICY, CONSOLE_POLICY, DOCS_POLICY])
def test_no_policy_lets_a_page_run_foreign_or_inline_scripts(policy):
    directives = dict(
        part.strip().split(" ", 1) for part in policy.split(";") if " " in part.strip()
    )

    assert directives["default-src"] == "'none'"
    assert directives.get("script-src", "'self'") == "'self'"
    assert directives["frame-ancestors"] == directives["base-uri"] == "'none'"
