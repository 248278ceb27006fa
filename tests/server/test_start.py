"""Each program of the service loads by itself, from whichever module it begins with."""

from __future__ import annotations

import subprocess
import sys

import pytest

FULL = {
    "PACKAMAL_SERVER_SHAPE": "full",
    "PACKAMAL_SERVER_SECRET_KEY": "k" * 40,
    "PACKAMAL_SERVER_DATABASE_URL": "postgresql://db.example/packamal",
    "PACKAMAL_SERVER_REDIS_URL": "redis://cache.example",
    "PACKAMAL_SERVER_ALLOWED_HOSTS": "packamal.example",
}
BEGINNINGS = (
    "import packamal.server.pipeline.celery_app",  # Celery's own programs, Flower
    "import packamal.server.wsgi",
    "from packamal.server.start import set_up; set_up(); import packamal.server.operations.workers",
    "from packamal.server.start import set_up; set_up(); import packamal.server.operations.beat",
    "from packamal.server.start import *; set_up(INTERNAL); import packamal.server.operations.internal_urls",
)


@pytest.mark.parametrize("words", BEGINNINGS)
def test_it_loads(words, tmp_path):
    environment = {**FULL, "PACKAMAL_SERVER_DATA_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", words], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
