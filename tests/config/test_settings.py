"""Settings from the environment: a bad value is an error that names its variable."""

import json
import os
import subprocess
import sys

import pytest

from tests.node import ROOT

# One process reads the settings again for each environment: starting Python costs the most.
SCRIPT = """
import importlib, json, os, sys
from django.core.exceptions import ImproperlyConfigured
answers = []
for change in json.load(sys.stdin):
    os.environ.update(change)
    try:
        settings = importlib.import_module("config.settings")
        names = ("NODE_NAME", "JWT_SIGNING_KEY", "DEBUG", "SESSION_COOKIE_SECURE",
                 "ALLOWED_HOSTS", "TRUSTED_PROXIES", "FIM_INGEST_ALLOWED_NETWORKS")
        values = {name: getattr(settings, name) for name in names}
        answers.append(json.loads(json.dumps(values, default=str)))
    except ImproperlyConfigured as exc:
        answers.append(str(exc))
    except Exception as exc:
        answers.append(f"not ImproperlyConfigured: {exc!r}")
    sys.modules.pop("config.settings", None)
    for name in change:
        del os.environ[name]
json.dump(answers, sys.stdout)
"""
BAD = [
    ("THROTTLE_USER", "100"),
    ("THROTTLE_USER", "100/fortnight"),
    ("THROTTLE_USER", "0/day"),
    ("THROTTLE_USER", "-1/day"),
    ("THROTTLE_USER", ""),
    ("THROTTLE_READ", "many/day"),
    ("THROTTLE_KEY", "1/d"),
    ("THROTTLE_INGEST", "1.5/day"),
    ("THROTTLE_SIGN_IN", "1/day/day"),
    ("DEBUG", "maybe"),
    ("SECURE_SSL_REDIRECT", "ja"),
    ("TIME_ZONE", "Mars/Olympus"),
    ("TIME_ZONE", "../etc/passwd"),
    ("TRUSTED_PROXIES", "proxy.example.org"),
    ("TRUSTED_PROXIES", "10.0.0.1/8"),
    ("FIM_INGEST_ALLOWED_NETWORKS", "10.0.0.0/33"),
    ("COOKIE_SECURE", "yes"),
    ("COOKIE_SAMESITE", "lax"),
    ("ACCESS_TOKEN_MINUTES", "0"),
    ("ACCESS_TOKEN_MINUTES", "-5"),
    ("ACCESS_TOKEN_MINUTES", "an hour"),
    ("ACCESS_TOKEN_MINUTES", "9" * 30),
    ("REFRESH_TOKEN_DAYS", "0"),
    ("SIGN_IN_FAILURE_LIMIT", "0"),
    ("SIGN_IN_LOCKOUT_MINUTES", "0"),
    ("FIM_MAX_BODY_BYTES", "8MB"),
    ("FIM_MAX_BODY_BYTES", "-1"),
    ("INCRON_STATUS_MAX_AGE_SECONDS", "never"),
    ("SQLITE_BUSY_TIMEOUT_SECONDS", "x"),
    ("DATABASE_URL", "picket.sqlite3"),
    ("DATABASE_URL", "nosql://localhost/picket"),
]
GOOD = [
    {"NODE_NAME": "", "SECRET_KEY": ""},
    {"JWT_SIGNING_KEY": "$tarts with a dollar"},
    {"DEBUG": "TRUE", "COOKIE_SECURE": "true"},
    {"DEBUG": ""},
    {"ALLOWED_HOSTS": " a, b ,, ", "TRUSTED_PROXIES": "127.0.0.0/8, 10.0.0.1"},
    {"FIM_INGEST_ALLOWED_NETWORKS": ""},
]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    asked = [{name: value} for name, value in BAD] + GOOD
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "VAR_DIR": str(tmp_path_factory.mktemp("var")),
            "ENV_FILE": os.devnull,
        },
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return {
        json.dumps(change): answer
        for change, answer in zip(asked, json.loads(done.stdout), strict=True)
    }


@pytest.mark.parametrize(("name", "value"), BAD)
def test_refuses_a_bad_value_by_its_name(answers, name, value):
    answer = answers[json.dumps({name: value})]

    assert isinstance(answer, str)
    assert answer.startswith(name)


def test_an_empty_name_is_the_machines(answers):
    assert answers[json.dumps(GOOD[0])]["NODE_NAME"]


def test_a_secret_may_begin_with_a_dollar_sign(answers):
    assert answers[json.dumps(GOOD[1])]["JWT_SIGNING_KEY"] == "$tarts with a dollar"


def test_reads_true_and_false(answers):
    yes, no = (answers[json.dumps(change)] for change in GOOD[2:4])

    assert (yes["DEBUG"], yes["SESSION_COOKIE_SECURE"]) == (True, True)
    assert (no["DEBUG"], no["SESSION_COOKIE_SECURE"]) == (False, False)


def test_reads_lists_with_spaces_and_empty_parts(answers):
    answer = answers[json.dumps(GOOD[4])]

    assert answer["ALLOWED_HOSTS"] == ["a", "b"]
    assert answer["TRUSTED_PROXIES"] == ["127.0.0.0/8", "10.0.0.1/32"]


def test_an_empty_list_of_networks_is_none_at_all(answers):
    assert answers[json.dumps(GOOD[5])]["FIM_INGEST_ALLOWED_NETWORKS"] == []
