"""A program without a listener shows that it gets on by the age of a file."""

from __future__ import annotations

import errno
import urllib.request
from pathlib import Path

import pytest
from celery.signals import heartbeat_sent
from prometheus_client import values

from packamal.server.operations import exposing, health, pulse
from packamal.server.operations.beat import LeasedScheduler
from packamal.server.pipeline.celery_app import make_app


@pytest.fixture
def worker(tmp_path):
    class Connected:
        is_connected = True

    state = Connected()
    one = pulse.WorkerPulse(tmp_path, "scans", lambda: state.is_connected)
    yield one, state, tmp_path / "scans.beat"
    heartbeat_sent.disconnect(one._turned)


def test_a_worker_whose_loop_stands_still_goes_silent(worker, monkeypatch):
    one, _, file = worker
    now = one.turned_at
    monkeypatch.setattr(pulse.time, "monotonic", lambda: now + pulse.SILENT_S + 1)
    one.look()
    assert not file.exists()
    heartbeat_sent.send(sender=None)
    one.look()
    assert file.exists()


def test_a_worker_that_waits_for_its_broker_is_alive(worker, monkeypatch):
    one, state, file = worker
    now = one.turned_at
    monkeypatch.setattr(pulse.time, "monotonic", lambda: now + 10 * pulse.SILENT_S)
    state.is_connected = False
    one.look()
    assert file.exists()


@pytest.mark.django_db(transaction=True)
def test_beat_shows_each_tick(settings):
    file = settings.PACKAMAL.metrics_dir / "beat.beat"
    file.unlink(missing_ok=True)
    app = make_app("redis://127.0.0.1:1/0", 10)
    app.send_task = lambda *args, **kwargs: None
    LeasedScheduler(app).tick()
    assert file.exists()


@pytest.mark.enable_socket
def test_counts_of_many_processes_are_shown_as_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    for slot in ("web-1", "web-2"):
        kind = values.MultiProcessValue(lambda slot=slot: slot)
        kind("counter", "packamal_requests", "packamal_requests_total", ("method",), ("GET",), "Requests.").inc(2)
    port, _ = exposing.serve("127.0.0.1", 0, Path(tmp_path))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
        assert 'packamal_requests_total{method="GET"} 4.0' in response.read().decode()


@pytest.mark.parametrize(("paths", "is_ready"), [(health.PUBLIC_PATHS, True), ("internal", False)])
def test_a_store_that_cannot_be_written_is_enough_for_pages_alone(settings, monkeypatch, paths, is_ready):
    def refuse(*args, **kwargs):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    monkeypatch.setattr(health, "settings", settings)
    settings.ROOT_URLCONF = paths
    monkeypatch.setattr(type(settings.PACKAMAL), "is_embedded", property(lambda self: False))
    assert health.has_store() is is_ready
