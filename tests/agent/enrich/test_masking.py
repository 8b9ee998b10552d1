"""Secrets are masked before anything is kept of a text."""

import pytest

from fim.agent.enrich.masking import Masker

MASKER = Masker(b"key of one agent")
SHADOW = "root:$y$j9T$salt$longhash:19700:0:99999:7:::"


def masked(text, path="/etc/app.conf", *, is_secret=True):
    return MASKER.masked(text, path=path, is_secret=is_secret)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/shadow", SHADOW),
        ("/etc/shadow-", "ops:!$6$abc$SECRET:19700:0:99999:7:::"),
        ("/etc/gshadow", "wheel:SECRET::root"),
        ("/srv/.htpasswd", "ann:$apr1$SECRET"),
        ("/srv/.env", "export DB_PASSWORD='SECRET with blanks'"),
        ("/srv/.env", "# OLD=SECRET"),
        ("/srv/.env", "postgres://app:SECRET@db/app"),
        ("/root/.netrc", "machine db login app password SECRET"),
        ("/root/.pgpass", "db:5432:app:app:SECRET"),
        ("/root/.git-credentials", "https://ann:SECRET@example.org"),
        ("/etc/ssl/a.pem", "-----BEGIN PRIVATE KEY-----\nSECRET=\n-----END PRIVATE KEY-----"),
        ("/etc/app.conf", "a = 1\n-----BEGIN X-----\nSECRET=rest\n-----END X-----"),
        ("/etc/app.yml", "password:\n  - SECRET\ntoken: |\n  SECRET=="),
        ("/etc/app.json", '{"a": {"b": "SECRET"}}'),
        ("/etc/app.json", '  "key": "SECRET",'),
    ],
)
def test_no_secret_of_a_masked_file_is_left(path, text):
    found = masked(text, path)

    assert "SECRET" not in found
    assert "longhash" not in found
    assert "<masked " in found


@pytest.mark.parametrize(
    "line",
    [
        "password = SECRET word",
        "DB_PASSWORD=SECRET",
        '"api_key": "SECRET",',
        "$secret => 'SECRET'",
        "dsn = postgres://app:SECRET@db:5432/app",
        "auth_token: SECRET",
        "PrivateKey = SECRET=",
        'psk="SECRET"',
        "Authorization: Bearer SECRET",
        "<key>\n-----BEGIN RSA PRIVATE KEY-----\nSECRET=x\nSECRET\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nSECRET",
    ],
)
def test_what_names_itself_a_secret_is_masked_in_any_file(line):
    assert "SECRET" not in masked(line, is_secret=False)


@pytest.mark.parametrize(
    "line",
    [
        "PasswordAuthentication yes",
        "PermitEmptyPasswords no",
        "ops ALL=(ALL) NOPASSWD: ALL",
        "passwd: files systemd",
        "password requisite pam_pwquality.so retry=3",
        "proxy_pass http://127.0.0.1:8000;",
        "",
    ],
)
def test_settings_that_only_speak_of_secrets_stay(line):
    assert masked(line, is_secret=False) == line


def test_what_follows_a_private_key_is_shown():
    text = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\nport 1194"

    assert masked(text, is_secret=False).endswith("-----END PRIVATE KEY-----\nport 1194")


def test_a_certificate_is_no_secret():
    text = "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----"

    assert masked(text, is_secret=False) == text


def test_an_account_without_a_password_is_seen():
    before = "ops:!:19700:::::\nann::19700:::::\nwww:*:19700:::::"

    assert masked(before, "/etc/shadow") == before


def test_a_changed_secret_changes_its_mark_and_an_equal_one_does_not():
    one, again, other = (masked(f"KEY={value}", "/a/.env") for value in ("a", "a", "b"))

    assert one == again != other
    assert one.startswith("KEY=<masked ")


def test_marks_of_two_agents_differ():
    other = Masker(b"another").masked("KEY=a", path="/a/.env", is_secret=True)

    assert masked("KEY=a", "/a/.env") != other


def test_line_ends_stay():
    assert masked("A=1\r\nB=2", "/a/.env").count("\n") == 1
