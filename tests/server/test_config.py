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
from packamal.server.start import SETTINGS

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
        ("PUBLIC_URL", "ftp://x"), ("COLOUR", "red"), ("PROXIES", "everybody"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name(name, value):
    with pytest.raises(SettingsError, match=f"^PACKAMAL_SERVER_{name}: "):
        load({**FULL, f"PACKAMAL_SERVER_{name}": value})


def test_a_wrong_secret_is_not_repeated():
    with pytest.raises(SettingsError) as caught:
        load({**FULL, "PACKAMAL_SERVER_SECRET_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_no_secret_is_shown_with_the_settings():
    shown = repr(load({**PROVIDER, "PACKAMAL_SERVER_REDIS_URL": "redis://:p%40ss2@cache.example/0"}))
    assert "packamal.example" in shown
    assert not [secret for secret in ("k" * 40, "p@ss", "p%40ss", "hunter2") if secret in shown]


def test_a_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "key").write_text("f" * 50 + "\n")
    given = {key: value for key, value in FULL.items() if not key.endswith("SECRET_KEY")}
    assert load({**given, "PACKAMAL_SERVER_SECRET_KEY_FILE": str(tmp_path / "key")}).secret_key == "f" * 50
    with pytest.raises(SettingsError, match="SECRET_KEY_FILE: cannot be read"):
        load({**given, "PACKAMAL_SERVER_SECRET_KEY_FILE": str(tmp_path / "none")})


PROVIDER = {
    **FULL,
    "PACKAMAL_SERVER_PUBLIC_URL": "https://packamal.example",
    "PACKAMAL_SERVER_OIDC_ISSUER": "https://login.example/0f6b/v2.0",
    "PACKAMAL_SERVER_OIDC_CLIENT_ID": "packamal",
    "PACKAMAL_SERVER_OIDC_CLIENT_SECRET": "hunter2hunter2",
}


def test_a_provider_is_read_whole_and_its_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "secret").write_text("from-a-file\n")
    given = {name: value for name, value in PROVIDER.items() if not name.endswith("SECRET")}
    more = {"OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret"), "OIDC_ROLES": "Team=A=admin, Readers=viewer",
            "OIDC_UNKNOWN_ROLE": "viewer", "OIDC_DOMAINS": "@Corp.example"}  # fmt: skip
    provider = load({**given, **{f"PACKAMAL_SERVER_{name}": value for name, value in more.items()}}).provider
    assert provider.client_secret == "from-a-file"
    assert provider.roles == (("Team=A", "admin"), ("Readers", "viewer"))
    assert (provider.unknown_role, provider.domains, provider.tenants) == ("viewer", ("corp.example",), ())
    assert provider.discovery_url == "https://login.example/0f6b/v2.0/.well-known/openid-configuration"
    assert load({**PROVIDER, "PACKAMAL_SERVER_OIDC_ISSUER": provider.discovery_url}).provider.issuer == provider.issuer
    assert load(FULL).provider is None


@pytest.mark.parametrize("name", ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "PUBLIC_URL"])
def test_a_provider_needs_what_signing_in_needs(name):
    with pytest.raises(SettingsError, match=f"^PACKAMAL_SERVER_{name}: missing"):
        load({key: value for key, value in PROVIDER.items() if key != f"PACKAMAL_SERVER_{name}"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "http://login.example/x"), ("ISSUER", "https://login.example/common/v2.0"),
        ("ISSUER", "login.example"), ("ISSUER", "https://user@login.example/"),
        ("ISSUER", "https://login.example:x/"), ("SCOPES", "profile"),
        ("ROLES", "Team=owner"), ("ROLES", "admin"), ("UNKNOWN_ROLE", "admin"), ("ROLE_CLAIM", ""),
        ("LABEL", "x" * 61),
    ],
)  # fmt: skip
def test_what_would_let_in_too_many_is_refused(name, value):
    with pytest.raises(SettingsError, match=f"^PACKAMAL_SERVER_OIDC_{name}: ") as caught:
        load({**PROVIDER, f"PACKAMAL_SERVER_OIDC_{name}": value})
    assert "hunter2" not in str(caught.value)


def test_nobody_signs_in_to_the_embedded_shape_with_a_provider():
    with pytest.raises(SettingsError, match="embedded"):
        load({**PROVIDER, "PACKAMAL_SERVER_SHAPE": "embedded"})


def test_the_local_secret_is_made_once_for_its_user_alone(tmp_path):
    folder = tmp_path / "data"
    keep_secret(folder)
    first = kept_secret(folder)
    keep_secret(folder)
    assert kept_secret(folder) == first
    assert len(first) >= 50
    assert stat.S_IMODE((folder / "secret-key").stat().st_mode) == 0o600


def test_the_models_and_the_migrations_agree(tmp_path):
    environment = {**os.environ, "PACKAMAL_SERVER_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": SETTINGS}
    command = [sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


JOBS = {
    "PACKAMAL_SERVER_EXECUTOR": "kubernetes",
    "PACKAMAL_SERVER_JOB_NAMESPACE": "packamal-analysis",
    "PACKAMAL_SERVER_JOB_IMAGE": "registry.example/packamal-analysis:1",
    "PACKAMAL_SERVER_JOB_CALLBACK_URL": "http://packamal-internal.packamal:8001",
}


def test_without_a_word_scans_run_beside_the_worker():
    assert load(FULL).jobs is None


def test_what_an_installation_says_about_its_jobs_is_read_whole():
    said = {
        "JOB_TOLERATIONS": '[{"key": "pool", "operator": "Exists"}]',
        "JOB_ENVIRONMENT": '{"PIP_INDEX_URL": "https://index.example/simple"}',
        "JOB_MEMORY": "512Mi",
    }
    jobs = load({**FULL, **JOBS, **{f"PACKAMAL_SERVER_{name}": value for name, value in said.items()}}).jobs
    assert jobs is not None
    assert (jobs.namespace, jobs.resources.memory) == ("packamal-analysis", "512Mi")
    assert jobs.environment == (("PIP_INDEX_URL", "https://index.example/simple"),)
    assert jobs.placement.tolerations == said["JOB_TOLERATIONS"]


@pytest.mark.parametrize("name", [name for name in JOBS if not name.endswith("EXECUTOR")])
def test_jobs_without_what_they_need_do_not_start(name):
    with pytest.raises(SettingsError, match=f"^{name}: missing"):
        load({**FULL, **{key: value for key, value in JOBS.items() if key != name}})


@pytest.mark.parametrize(
    ("given", "missing"), [({"PROFILE": "kata"}, "RUNTIME_CLASS"), ({"TRANSPORT": "volume"}, "RESULTS_DIR")]
)
def test_a_choice_asks_for_what_belongs_to_it(given, missing):
    with pytest.raises(SettingsError, match=f"^PACKAMAL_SERVER_JOB_{missing}: missing"):
        load({**FULL, **JOBS, **{f"PACKAMAL_SERVER_JOB_{name}": value for name, value in given.items()}})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EXECUTOR", "shell"), ("JOB_NAMESPACE", "../x"), ("JOB_PROFILE", "none"), ("JOB_MEMORY", "lots"),
        ("JOB_SECCOMP_PROFILE", "/etc/x"), ("JOB_SECCOMP_PROFILE", "a/../b"), ("JOB_TOLERATIONS", "{}"),
        ("JOB_ENVIRONMENT", '{"PACKAMAL_RULES": "x"}'), ("JOB_ENVIRONMENT", '{"A": 1}'), ("JOB_AFFINITY", "[[["),
        ("JOB_CALLBACK_URL", "file:///x"), ("JOB_TTL_S", "0"),
    ],
)  # fmt: skip
def test_a_wrong_word_about_jobs_is_refused_by_name(name, value):
    with pytest.raises(SettingsError, match=f"^PACKAMAL_SERVER_{name}: "):
        load({**FULL, **JOBS, f"PACKAMAL_SERVER_{name}": value})
