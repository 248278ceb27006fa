"""The settings' choice of an executor is followed, or nothing runs."""

import dataclasses
import os
import subprocess
import sys

import pytest
from django.conf import settings

from packamal.errors import SettingsError
from packamal.executors.kubernetes.settings import JobSettings
from packamal.executors.process import ProcessExecutor
from packamal.server.pipeline import parts

JOBS = JobSettings("packamal-analysis", "registry.example/packamal-analysis:1", "http://packamal-internal:8001")


def test_scans_run_beside_the_worker_when_nothing_else_was_asked_for():
    assert isinstance(parts.executor(), ProcessExecutor)


def test_who_asks_for_jobs_without_a_cluster_never_gets_a_scan_beside_the_worker(monkeypatch):
    monkeypatch.setattr(settings, "PACKAMAL", dataclasses.replace(settings.PACKAMAL, jobs=JOBS))
    with pytest.raises(SettingsError, match="PACKAMAL_SERVER_EXECUTOR"):
        parts.executor()


def test_a_worker_that_cannot_scan_as_it_is_told_does_not_start(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PACKAMAL_")} | {
        "PACKAMAL_SERVER_SHAPE": "full",
        "PACKAMAL_SERVER_SECRET_KEY": "only-for-tests-" + "x" * 32,
        "PACKAMAL_SERVER_DATABASE_URL": f"postgresql://packamal@/packamal?host={tmp_path}",
        "PACKAMAL_SERVER_REDIS_URL": f"unix://{tmp_path}/no-redis.sock",
        "PACKAMAL_SERVER_ALLOWED_HOSTS": "testserver",
        "PACKAMAL_SERVER_DATA_DIR": str(tmp_path),
        "PACKAMAL_SERVER_EXECUTOR": "kubernetes",
        "PACKAMAL_SERVER_JOB_NAMESPACE": JOBS.namespace,
        "PACKAMAL_SERVER_JOB_IMAGE": JOBS.image,
        "PACKAMAL_SERVER_JOB_CALLBACK_URL": JOBS.callback_url,
    }
    command = [sys.executable, "-m", "packamal", "worker", "--name", "scans", "--queues", "interactive"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "PACKAMAL_SERVER_EXECUTOR" in done.stderr
    assert "Traceback" not in done.stderr
