"""The last part of a path, of POSIX and of Windows."""

import pytest

from fim.models import FimLog


@pytest.mark.parametrize(
    ("path", "file_name"),
    [
        ("/etc/passwd", "passwd"),
        ("/var/www/", "www"),
        ("/", "/"),
        ("///", "///"),
        ("passwd", "passwd"),
        ("/srv/a\\b.txt", "a\\b.txt"),
        ("/srv/odd\\", "odd\\"),
        ("/srv/ shell.php ", " shell.php "),
        (r"C:\Windows\System32\drivers\etc\hosts", "hosts"),
        ("C:\\Windows\\", "Windows"),
        ("C:\\", "C:\\"),
        (r"d:\a/b.txt", "b.txt"),
        (r"\\files\share\pay.xlsx", "pay.xlsx"),
        (r"\\?\C:\long\path.txt", "path.txt"),
    ],
)
def test_is_the_last_part(path, file_name):
    assert FimLog(path=path).file_name == file_name
