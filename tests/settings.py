"""The product's settings over a directory of their own, with a password hash made for speed."""

import atexit
import os
import shutil
import tempfile

VAR_DIR = tempfile.mkdtemp(prefix="picket-tests-")
atexit.register(shutil.rmtree, VAR_DIR, ignore_errors=True)
os.environ["VAR_DIR"] = VAR_DIR
# Not the developer's own .env.
os.environ["ENV_FILE"] = os.devnull
os.environ.setdefault("NODE_NAME", "node-under-test")

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, LOGGING, STORAGES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in production: an in-memory database knows no second connection.
    DATABASES["default"]["TEST"] = {"NAME": f"{VAR_DIR}/test.sqlite3"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING = {**LOGGING, "root": {"handlers": [], "level": "INFO"}}
WHITENOISE_AUTOREFRESH = True
