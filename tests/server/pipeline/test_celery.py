"""The full shape's queue: a real Celery worker over a real Redis and PostgreSQL. Runs in the PostgreSQL run alone."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.conf import settings
from django.db import connection
from services import Redis, find

from packamal.server.analyses.claims import Asker
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane, State
from packamal.server.pipeline import bells
from packamal.server.pipeline.celery_app import make_app
from packamal.server.pipeline.submit import submit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.skipif(settings.PACKAMAL.is_embedded, reason="the embedded shape has threads"),
    pytest.mark.skipif(find("redis-server") is None, reason="redis-server is not installed"),
]
WAIT_S = 90


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    started = Redis()
    monkeypatch.setattr(bells, "app", make_app(started.url, 60))
    yield started
    started.stop()


@pytest.fixture
def traces(monkeypatch):
    """What a worker that starts later sends to a receiver of spans."""
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    yield bodies
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def worker(redis: Redis, index, tmp_path) -> Iterator[subprocess.Popen]:
    given = settings.PACKAMAL.database
    name = connection.settings_dict["NAME"]
    address = f"postgresql://{given.user}@/{name}?host={given.host}"
    environment = {**os.environ, "PACKAMAL_SERVER_REDIS_URL": redis.url, "PACKAMAL_SERVER_DATABASE_URL": address}
    lanes = ",".join(Lane)
    words = ["worker", "--concurrency", "1", "--queues", lanes, "--loglevel", "warning", "--without-gossip"]
    command = [sys.executable, "-m", "celery", "-A", "packamal.server.pipeline.celery_app", *words]
    with (tmp_path / "worker.log").open("wb") as log:
        child = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=tmp_path)
    yield child
    child.terminate()
    child.wait(30)


def final(analysis: Analysis) -> Analysis:
    ends = time.monotonic() + WAIT_S
    while not analysis.is_final and time.monotonic() < ends:
        time.sleep(0.2)
        analysis.refresh_from_db()
    return analysis


def test_a_bell_makes_a_worker_run_what_is_due_and_one_too_many_does_no_harm(index, worker, tmp_path):
    analysis = submit(index.add("small", "1.0"), Asker(), Lane.INTERACTIVE).analysis
    for _ in range(5):
        bells.ring(Lane.INTERACTIVE)
    analysis = final(analysis)
    assert (analysis.state, analysis.level) == (State.DONE, "clean"), (tmp_path / "worker.log").read_text()
    assert analysis.worker.startswith("celery-")
    assert analysis.attempts.count() == 1


def test_a_child_of_a_worker_sends_what_it_traces(index, traces, worker, tmp_path):
    analysis = submit(index.add("small", "1.0"), Asker(request_id="of-a-request"), Lane.INTERACTIVE).analysis
    bells.ring(Lane.INTERACTIVE)
    assert final(analysis).state == State.DONE, (tmp_path / "worker.log").read_text()
    ends = time.monotonic() + 20
    while b"attempt" not in b"".join(traces) and time.monotonic() < ends:
        time.sleep(0.05)
    assert b"attempt" in b"".join(traces), (tmp_path / "worker.log").read_text()


def test_without_a_broker_a_package_is_taken_in_all_the_same(index):
    assert submit(index.add("small", "1.0"), Asker(), Lane.BULK).is_new
    begun = time.monotonic()
    bells.ring(Lane.BULK)
    assert time.monotonic() - begun < 3
    assert Analysis.objects.get().state == State.QUEUED
