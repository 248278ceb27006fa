"""The service in tests: Django over a real database, SQLite or with PACKAMAL_TEST_DATABASE=postgresql PostgreSQL."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import django
import pytest
from services import Postgres

KIND = os.environ.get("PACKAMAL_TEST_DATABASE", "sqlite")
DATA = Path(tempfile.mkdtemp(prefix="packamal-tests-"))
atexit.register(shutil.rmtree, DATA, ignore_errors=True)


def _environment() -> dict[str, str]:
    if KIND == "sqlite":
        return {}
    postgres = Postgres()
    atexit.register(postgres.stop)
    return {
        "PACKAMAL_SERVER_SHAPE": "full",
        "PACKAMAL_SERVER_SECRET_KEY": "only-for-tests-" + "x" * 32,
        "PACKAMAL_SERVER_DATABASE_URL": postgres.url,
        "PACKAMAL_SERVER_REDIS_URL": f"unix://{DATA}/no-redis.sock",
        "PACKAMAL_SERVER_ALLOWED_HOSTS": "testserver,127.0.0.1",
    }


for name in [name for name in os.environ if name.startswith("PACKAMAL_SERVER_")]:
    del os.environ[name]
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "packamal.server.settings",
    "PACKAMAL_SERVER_DATA_DIR": str(DATA),
    **_environment(),
}
django.setup()  # the test modules import models


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A file, not memory: threads share it as they do in life."""
    from django.conf import settings

    if KIND == "sqlite":
        settings.DATABASES["default"]["TEST"]["NAME"] = DATA / "tests.sqlite3"
