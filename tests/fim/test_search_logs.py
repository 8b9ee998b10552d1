"""GET /api/logs/?search=: literal text, in any case, in path, user or process."""

import pytest

from tests.factories import make_log

pytestmark = pytest.mark.django_db


@pytest.fixture
def found(analyst_client):
    def found(text):
        answer = analyst_client.get("/api/logs/", {"search": text})
        return [log["path"] for log in answer.json()["results"]]

    return found


@pytest.mark.parametrize("field", ["path", "user", "process"])
def test_finds_a_part_of_a_text_in_any_case(found, field):
    log = make_log(**{field: "/srv/Shell.PHP"})
    make_log(path="/other")

    assert found("shell.p") == found("SHELL.P") == [log.path]


@pytest.mark.parametrize("field", ["host", "full_log", "rule", "owner", "executable"])
def test_looks_in_no_other_field(found, field):
    make_log(**{field: "needle"})

    assert found("needle") == []


@pytest.mark.parametrize("sign", ["%", "_", "\\", "'", '"', "[", "*", "?", ";--"])
def test_takes_a_sign_for_itself(found, sign):
    make_log(path=f"/srv/a{sign}b")
    make_log(path="/srv/axb")

    assert found(f"a{sign}b") == [f"/srv/a{sign}b"]


def test_finds_text_beyond_ascii(found):
    make_log(path="/srv/données \U0001f600")

    assert found("ées \U0001f600") == ["/srv/données \U0001f600"]


def test_answers_a_text_that_is_no_utf8(analyst_client):
    assert analyst_client.get("/api/logs/?search=%ED%A0%80%FF").status_code == 200


def test_finds_nothing(found):
    make_log()

    assert found("nowhere") == []
