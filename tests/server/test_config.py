"""The service starts with what it was told, or says in one line what is missing."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from packamal.errors import SettingsError
from packamal.server.config import Database, Shape, load
from packamal.server.local_secret import keep_secret, kept_secret

FULL = {
    "PACKAMAL_SERVER_SHAPE": "full",
    "PACKAMAL_SERVER_SECRET_KEY": "k" * 40,
    "PACKAMAL_SERVER_DATABASE_URL": "postgresql://fred:p%40ss@db.example:5433/packamal?sslmode=require",
    "PACKAMAL_SERVER_REDIS_URL": "redis://cache.example:6379/0",
    "PACKAMAL_SERVER_ALLOWED_HOSTS": "packamal.example, www.packamal.example",
}


def test_the_embedded_shape_needs_nothing():
    settings = load({})
    assert settings.shape is Shape.EMBEDDED
    assert settings.database is None
    assert settings.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")


def test_the_full_shape_is_read_whole():
    settings = load(FULL)
    expected = Database("packamal", "fred", "p@ss", "db.example", "5433", (("sslmode", "require"),))
    assert settings.database == expected
    assert settings.allowed_hosts == ("packamal.example", "www.packamal.example")


@pytest.mark.parametrize("name", [name for name in FULL if not name.endswith("SHAPE")])
def test_without_one_of_them_the_full_shape_does_not_start(name):
    with pytest.raises(SettingsError, match=f"^{name}: missing") as caught:
        load({key: value for key, value in FULL.items() if key != name})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHAPE", "debug"), ("SECRET_KEY", "short"), ("DATABASE_URL", "mysql://x/y"), ("DATABASE_URL", "postgresql://h"),
        ("REDIS_URL", "http://x"), ("ALLOWED_HOSTS", "*"), ("SCANS", "0"), ("SCANS", "many"), ("SECURE", "perhaps"),
        ("PUBLIC_URL", "ftp://x"), ("COLOUR", "red"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name(name, value):
    with pytest.raises(SettingsError, match=f"^PACKAMAL_SERVER_{name}: "):
        load({**FULL, f"PACKAMAL_SERVER_{name}": value})


def test_a_wrong_secret_is_not_repeated():
    with pytest.raises(SettingsError) as caught:
        load({**FULL, "PACKAMAL_SERVER_SECRET_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_a_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "key").write_text("f" * 50 + "\n")
    given = {key: value for key, value in FULL.items() if not key.endswith("SECRET_KEY")}
    assert load({**given, "PACKAMAL_SERVER_SECRET_KEY_FILE": str(tmp_path / "key")}).secret_key == "f" * 50
    with pytest.raises(SettingsError, match="SECRET_KEY_FILE: cannot be read"):
        load({**given, "PACKAMAL_SERVER_SECRET_KEY_FILE": str(tmp_path / "none")})


def test_the_local_secret_is_made_once_for_its_user_alone(tmp_path):
    folder = tmp_path / "data"
    keep_secret(folder)
    first = kept_secret(folder)
    keep_secret(folder)
    assert kept_secret(folder) == first
    assert len(first) >= 50
    assert stat.S_IMODE((folder / "secret-key").stat().st_mode) == 0o600


def test_the_models_and_the_migrations_agree(tmp_path):
    environment = {**os.environ, "PACKAMAL_SERVER_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
