"""Django's settings, all of them made from `packamal.server.config`: there is no other place and no DEBUG switch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from packamal import config as scanner
from packamal.lists import use_lists
from packamal.render.html import STYLES
from packamal.server import config
from packamal.server.local_secret import kept_secret
from packamal.server.operations.logs import LOGGING as JSON_LOGS

HERE = Path(__file__).resolve().parent
YEAR_S = 365 * 24 * 3600
MAX_BODY_BYTES = 1_000_000
"""Of a request that is no upload: a batch of purls."""
SESSION_S = 12 * 3600
"""From signing in, whatever is done meanwhile: a day's work, after which roles are asked for anew."""
CONNECTIONS = 8
"""PostgreSQL connections of one process; more threads wait for one."""
SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
BUSY_TIMEOUT_S = 20
CONNECTION_WAIT_S = 5
"""While PostgreSQL is away; whoever waits is told soon."""

PACKAMAL = config.load(scanner.environment())
if PACKAMAL.feeds.lists:
    use_lists(PACKAMAL.lists_dir, is_followed=True)

DEBUG = False
SECRET_KEY = PACKAMAL.secret_key or kept_secret(PACKAMAL.data_dir)
ALLOWED_HOSTS = list(PACKAMAL.allowed_hosts)
ROOT_URLCONF = "packamal.server.urls"
WSGI_APPLICATION = "packamal.server.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
LOGGING = {} if PACKAMAL.is_embedded else JSON_LOGS

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "packamal.server.accounts",
    "packamal.server.analyses",
    "packamal.server.operations",
    "packamal.server.feeds",
    "packamal.server.review",
    "packamal.server.webhooks",
    "packamal.server.watches",
    "packamal.server.pages",
]
MIDDLEWARE = [
    "packamal.server.forwarded.Forwarded",
    "packamal.server.request_id.RequestId",
    "packamal.server.tracing.Traced",
    "packamal.server.operations.counting.Counted",
    "packamal.server.draining.Drained",
    "packamal.server.api.middleware.Problems",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "packamal.server.accounts.local.LocalUser"
    if PACKAMAL.is_embedded
    else "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request", "packamal.server.pages.shell.shell"]
        },
    }
]


def _database(database: config.Database | None) -> dict[str, Any]:
    if database is None:
        options = {"transaction_mode": "IMMEDIATE", "init_command": SQLITE_PRAGMAS, "timeout": BUSY_TIMEOUT_S}
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": PACKAMAL.data_dir / "packamal.sqlite3",
            "OPTIONS": options,
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database.name,
        "USER": database.user,
        "PASSWORD": database.password,
        "HOST": database.host,
        "PORT": database.port,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": CONNECTION_WAIT_S,
            **dict(database.options),
            "pool": {"min_size": 0, "max_size": CONNECTIONS, "timeout": CONNECTION_WAIT_S},
        },
    }


DATABASES = {"default": _database(PACKAMAL.database)}

STATIC_URL = "/static/"
STATIC_ROOT = None if PACKAMAL.is_embedded else PACKAMAL.data_dir / "static"
STATICFILES_DIRS = [("report", STYLES)]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = (
    "same-origin"  # "no-referrer" makes browsers send forms with `Origin: null`, which CSRF refuses
)
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = YEAR_S if PACKAMAL.is_secure else 0
SECURE_SSL_REDIRECT = PACKAMAL.is_secure
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by whoever runs it, beside the proxy
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PACKAMAL.is_secure else None
_HOST_ONLY = "__Host-" if PACKAMAL.is_secure else ""
"""Browsers take such a cookie over TLS alone, and from no other host of the same domain."""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_HOST_ONLY}sessionid", f"{_HOST_ONLY}csrftoken"
SESSION_COOKIE_AGE = SESSION_S
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PACKAMAL.is_secure
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [PACKAMAL.public_url] if PACKAMAL.public_url else []
CSRF_FAILURE_VIEW = "packamal.server.pages.errors.expired"
LOGIN_URL = "/sign-in"
