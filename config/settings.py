"""Picket's settings. Every value comes from the environment; docs/configuration.md lists them."""

import importlib.util
import ipaddress
import re
import socket
import sys
import zoneinfo
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from pythonjsonlogger.core import RESERVED_ATTRS

from config.env import Env, read_env_file
from config.secret_key import read_or_make_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()
read_env_file(env)


def _networks(name: str, default: list[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(text) for text in env.list(name, default=default)]
    except ValueError as exc:
        raise ImproperlyConfigured(f"{name}: {exc}.") from exc


def _rate(name: str, default: str) -> str:
    rate = env.str(name, default=default)
    if not re.fullmatch(r"[1-9]\d*/(second|minute|hour|day)", rate):
        raise ImproperlyConfigured(
            f"{name} is {rate!r}; it takes NUMBER/PERIOD with a period of second, minute, hour"
            " or day, such as 100/day."
        )
    return rate


def _choice(name: str, default: str, choices: set[str]) -> str:
    value = env.str(name, default=default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes one of {sorted(choices)}.")
    return value


# The node
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
NODE_NAME = env.str("NODE_NAME", default="") or socket.gethostname()
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or read_or_make_secret_key(VAR_DIR / "secret_key")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", socket.gethostname()]
)
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
if TIME_ZONE not in zoneinfo.available_timezones():
    raise ImproperlyConfigured(f"TIME_ZONE is {TIME_ZONE!r}; it takes a name such as Europe/Rome.")
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = ["config.formats"]
LANGUAGE_CODE = "en-us"

INSTALLED_APPS = [
    "config.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "axes",
    "django_filters",
    "rest_framework",
    "rest_framework_api_key",
    "rest_framework_simplejwt.token_blacklist",
    "drf_yasg",
    "users",
    "threats",
    "fim",
    "fim.demo",
]

MIDDLEWARE = [
    "config.serving.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.content_security.ContentSecurityPolicyMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "users.sign_in.cookies.SecureCookiesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# Wraps the application, as a middleware does, but outside of Django.
FAST_PATH = "fim.ingest.fast_path.FastPath"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before the apps': the console's frame takes the place of Django's.
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {
                "moments": "config.console.moments",
                "links": "fim.console.overview.links",
            },
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "fim.demo.banner.context",
            ],
        },
    }
]

# Database. A connection lives as long as its thread: opening SQLite costs as much as storing a log.
DATABASES = {
    "default": {
        **env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'picket.sqlite3'}"),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
}
if "ENGINE" not in DATABASES["default"]:
    raise ImproperlyConfigured("DATABASE_URL takes sqlite:///PATH or postgres://USER@HOST/NAME.")
if DATABASES["default"]["ENGINE"] not in (
    "django.db.backends.sqlite3",
    "django.db.backends.postgresql",
):
    raise ImproperlyConfigured("DATABASE_URL takes sqlite:///PATH or postgres://... alone.")
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": env.whole("SQLITE_BUSY_TIMEOUT_SECONDS", default=30, maximum=600),
        # auto_vacuum counts where it comes before the first table: see docs/operations.md. A log of
        # 16 MB, four times SQLite's own: the same pages are written back that much more seldom.
        "init_command": (
            "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "PRAGMA wal_autocheckpoint=4000;"
        ),
    }
    # DRF imports Django's PostgreSQL fields where it can, and psycopg with them: 10 MB a process.
    sys.modules.setdefault("django.contrib.postgres.fields", None)  # type: ignore[arg-type]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Accounts
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "users.sign_in.backends.RoleBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
CSRF_FAILURE_VIEW = "config.console.site.refuse_forged_form"

# Failed sign-ins, counted for a user name from an address, over REST and in the console
# alike (django-axes).
AXES_FAILURE_LIMIT = env.whole("SIGN_IN_FAILURE_LIMIT", default=5, maximum=1_000)
AXES_COOLOFF_TIME = timedelta(
    minutes=env.whole("SIGN_IN_LOCKOUT_MINUTES", default=15, maximum=10_080)
)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
# Attempts while locked out are not stored: they would let anyone fill the database.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "config.serving.client_address.lockout_address"
AXES_USERNAME_CALLABLE = "users.sign_in.services.lockout_username"
AXES_LOCKOUT_CALLABLE = "users.sign_in.services.lockout_response"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True

# Tokens and cookies
JWT_SIGNING_KEY = env.str("JWT_SIGNING_KEY", default="")
SIMPLE_JWT = {
    "SIGNING_KEY": JWT_SIGNING_KEY or SECRET_KEY,
    "ACCESS_TOKEN_LIFETIME": timedelta(
        minutes=env.whole("ACCESS_TOKEN_MINUTES", default=60, maximum=10_080)
    ),
    "REFRESH_TOKEN_LIFETIME": timedelta(
        days=env.whole("REFRESH_TOKEN_DAYS", default=7, maximum=366)
    ),
    "AUTH_TOKEN_CLASSES": ["users.sign_in.tokens.AccessToken"],
    "USER_ID_FIELD": "username",
    "USER_ID_CLAIM": "username",
    # The clocks of a fleet's nodes differ.
    "LEEWAY": timedelta(seconds=30),
}
COOKIE_SAMESITE = _choice("COOKIE_SAMESITE", "Lax", {"Strict", "Lax", "None"})
COOKIE_SECURE = _choice("COOKIE_SECURE", "auto", {"auto", "true", "false"})
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = COOKIE_SECURE == "true"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = COOKIE_SAMESITE

# Origins, proxies, HTTPS
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_ALLOW_CREDENTIALS = True
CORS_URLS_REGEX = r"^/(dhimp/)?api/"
CSRF_TRUSTED_ORIGINS = [
    *CORS_ALLOWED_ORIGINS,
    *env.list("CSRF_TRUSTED_ORIGINS", default=[]),
]
TRUSTED_PROXIES = _networks("TRUSTED_PROXIES", default=[])
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=False)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.whole("SECURE_HSTS_SECONDS", default=0, minimum=0, maximum=10**9)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
X_FRAME_OPTIONS = "DENY"

# REST
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "users.authentication.BearerAuthentication",
        "users.authentication.KeyAuthentication",
        "users.authentication.CookieAuthentication",
        "users.authentication.ConsoleAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["users.permissions.IsPerson"],
    "DEFAULT_THROTTLE_CLASSES": ["users.throttles.ReadThrottle", "users.throttles.KeyThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "user": _rate("THROTTLE_USER", "100/day"),
        "read": _rate("THROTTLE_READ", "1200/minute"),
        "key": _rate("THROTTLE_KEY", "600000/minute"),
        "ingest": _rate("THROTTLE_INGEST", "600000/minute"),
        "sign_in": _rate("THROTTLE_SIGN_IN", "120/minute"),
    },
    "DEFAULT_RENDERER_CLASSES": ["config.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.api.parsers.BoundedJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "config.api.pagination.PageNumberPagination",
    "EXCEPTION_HANDLER": "config.api.errors.exception_handler",
    # What msgspec cannot write, a message that repeats a lone surrogate, is written in ASCII.
    "UNICODE_JSON": False,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
THROTTLE_PATH = VAR_DIR / "throttle.sqlite3"
SWAGGER_USE_COMPAT_RENDERERS = False
SWAGGER_SETTINGS = {
    "DEFAULT_AUTO_SCHEMA_CLASS": "config.api.schema.AutoSchema",
    "DEFAULT_PAGINATOR_INSPECTORS": [
        "config.api.schema.PaginatorInspector",
        "drf_yasg.inspectors.DrfAPICompatInspector",
    ],
    "SECURITY_DEFINITIONS": {
        "Bearer": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Bearer ACCESS_TOKEN` from `/api/token/`.",
        },
        "Api-Key": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key KEY`, for machines: they may only post.",
        },
    },
    "USE_SESSION_AUTH": False,
}

# File-integrity logs
FIM_MAX_BODY_BYTES = env.whole("FIM_MAX_BODY_BYTES", default=8 * 1024 * 1024, maximum=2**30)
FIM_MAX_UNPACKED_BYTES = env.whole(
    "FIM_MAX_UNPACKED_BYTES", default=8 * FIM_MAX_BODY_BYTES, maximum=2**33
)
FIM_INGEST_ALLOWED_NETWORKS = _networks(
    "FIM_INGEST_ALLOWED_NETWORKS",
    default=[
        "127.0.0.0/8",
        "::1/128",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "fc00::/7",
        "fe80::/10",
    ],
)
OSQUERY_ENROLL_SECRET = env.str("OSQUERY_ENROLL_SECRET", default="")
OSQUERY_CONFIG_PATH = env.str("OSQUERY_CONFIG_PATH", default="")
INCRON_STATUS_PATH = env.str("INCRON_STATUS_PATH", default="/var/run/picket/incron.status")
INCRON_STATUS_MAX_AGE_SECONDS = env.whole(
    "INCRON_STATUS_MAX_AGE_SECONDS", default=120, maximum=86_400
)

# Hosts
HOST_CHECK_SECONDS = env.whole("HOST_CHECK_SECONDS", default=15, maximum=3_600)
HOST_LATE_HEARTBEATS = env.whole("HOST_LATE_HEARTBEATS", default=2, maximum=1_000)
HOST_SILENT_HEARTBEATS = env.whole(
    "HOST_SILENT_HEARTBEATS",
    default=max(5, HOST_LATE_HEARTBEATS),
    minimum=HOST_LATE_HEARTBEATS,
    maximum=1_000,
)
HOST_SLACK_SECONDS = env.whole("HOST_SLACK_SECONDS", default=15, minimum=0, maximum=3_600)

# Static files. Of django-unfold the console takes the build of Chart.js alone; its pages need
# 'unsafe-eval', see docs/architecture.md.
UNFOLD = importlib.util.find_spec("unfold")
if UNFOLD is None or UNFOLD.origin is None:
    raise ImproperlyConfigured("django-unfold is missing: install requirements.txt.")
STATICFILES_DIRS = [
    BASE_DIR / "config" / "static",
    ("chart", Path(UNFOLD.origin).parent / "static" / "unfold" / "js" / "chart"),
]
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = False

# Logs: one JSON object a line, on standard output.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
            # A request's text contains its query.
            "reserved_attrs": [*RESERVED_ATTRS, "request"],
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
        }
    },
    "filters": {
        name: {
            "()": "django.utils.log.CallbackFilter",
            "callback": f"ext://config.log_filters.{name}",
        }
        for name in ("has_cause", "reduce_to_warning")
    },
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "stream": "ext://sys.stdout",
        }
    },
    "root": {"handlers": ["stdout"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # A 4xx is an answer, and the request log has its line; only faults are logged twice.
        # A view's 503 is logged by the code that could not reach something.
        "django.request": {"level": "ERROR", "filters": ["has_cause"]},
        # A forged Host is no fault; the line helps whoever left a name out of ALLOWED_HOSTS.
        "django.security.DisallowedHost": {"filters": ["reduce_to_warning"]},
        "axes": {"level": "WARNING"},
    },
}
