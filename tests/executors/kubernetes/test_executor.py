"""Jobs against an API server of ours that speaks real HTTP: it refuses, is silent, is away, and the scan goes on."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from packamal.executors.base import Delivery, Ending, Order
from packamal.executors.kubernetes import executor as module
from packamal.executors.kubernetes.api import Cluster
from packamal.executors.kubernetes.executor import KubernetesExecutor
from packamal.executors.kubernetes.settings import JobSettings

pytestmark = pytest.mark.enable_socket
ORDER = Order("a-1", "pkg:pypi/small@1.0", 60, "request", delivery=Delivery("attempts/a/1", "r" * 43, "h" * 43))
SETTINGS = JobSettings("analysis", "registry.example/x:1", "http://internal:8001")


class Api:
    """What the server holds, and the answers that it gives instead of its own."""

    def __init__(self):
        self.job, self.secrets, self.version, self.pods = None, [], 1, []
        self.asked, self.instead, self.log = [], [], b"said \0 much"
        self.changed = threading.Condition()

    def end(self, kind, reason=""):
        with self.changed:
            self.version += 1
            self.job["status"]["conditions"] = [{"type": kind, "status": "True", "reason": reason}]
            self.job["metadata"]["resourceVersion"] = str(self.version)
            self.changed.notify_all()

    def answer(self, method, path, body):
        if self.instead and (found := self.instead.pop(0)):
            return found
        if method == "POST" and path.endswith("/secrets"):
            self.secrets.append(body)
            return 201, body
        if method == "POST":
            if self.job:
                return 409, {"message": "exists"}
            self.job = {**body, "status": {}}
            self.job["metadata"] |= {"uid": "u-1", "resourceVersion": "1"}
            return 201, self.job
        if method == "DELETE":
            self.job = None
            return 200, {}
        if path.endswith("/pods"):
            return 200, {"items": self.pods}
        if path.endswith("/log"):
            return 200, self.log
        if path.endswith("/jobs"):
            return 200, {"metadata": {}, "items": [self.job] if self.job else []}
        return (200, self.job) if self.job else (404, {"message": "no such Job"})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def do_GET(self):
        api, length = self.server.api, int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"null")
        path, _, query = self.path.partition("?")
        api.asked.append((self.command, path))
        if "watch=1" in query and not (api.instead and api.instead[0]):
            if api.instead:
                api.instead.pop(0)
            return self.stream(api, int(query.split("resourceVersion=")[1].split("&")[0]))
        status, content = api.answer(self.command, path, body)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_DELETE = do_GET

    def stream(self, api, version):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with api.changed:
            api.changed.wait_for(lambda: api.job is None or api.version > version, 2)
            if api.job and api.version > version:
                line = json.dumps({"type": "MODIFIED", "object": api.job}).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                self.wfile.flush()
                api.changed.wait(0.7)  # the stream stays open: an event is seen before it ends
        self.wfile.write(b"0\r\n\r\n")
        return None


@pytest.fixture
def api(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.api = Api()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    named = {"name": "x", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "x", "clusters": [named],
        "users": [{"name": "x", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
    }  # fmt: skip
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    server.api.cluster = Cluster("analysis", tmp_path / "config")
    yield server.api
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(module, "BACK_OFF_S", (0.01,))
    monkeypatch.setattr(module, "PACE_S", 0.05)
    monkeypatch.setattr(module, "START_S", 0.5)
    monkeypatch.setattr(module, "ASK_S", 0.2)


def executor_of(api):
    return KubernetesExecutor(SETTINGS, api.cluster)


def always(stage):
    return True


def later(seconds, act, *words):
    timer = threading.Timer(seconds, act, words)
    timer.daemon = True
    timer.start()


def test_the_end_of_a_job_is_seen_while_the_watch_goes_on(api):
    seen = []
    later(0.6, lambda: (api.end("Complete"), seen.append(time.monotonic())))
    outcome = executor_of(api).run(ORDER, always)
    assert outcome.ending is Ending.DELIVERED
    assert time.monotonic() - seen[0] < 0.5
    (secret,) = api.secrets
    assert secret["metadata"]["ownerReferences"][0]["uid"] == "u-1"


@pytest.mark.parametrize(
    "trouble",
    [
        (500, {"message": "down"}), (429, {"message": "slow down"}), (410, {"message": "Gone"}), (200, b"<html>"),
        (200, b"[" * 100_000), (500, b"x" * 300_000), (401, {}), (200, {"type": "ERROR", "object": {"code": 410}}),
    ],
)  # fmt: skip
def test_trouble_in_the_middle_changes_nothing(api, trouble):
    api.instead = [None, None, None, trouble, trouble, trouble]
    later(1.0, api.end, "Complete")
    assert executor_of(api).run(ORDER, always).ending is Ending.DELIVERED
    assert len(api.asked) < 60  # never in a busy loop


def test_a_job_that_was_made_by_a_request_that_broke_off_is_adopted(api):
    made = executor_of(api)
    later(0.3, api.end, "Complete")
    api.answer("POST", "/jobs", module.build_job(ORDER, SETTINGS))
    assert made.run(ORDER, always).ending is Ending.DELIVERED
    assert next(method for method, path in api.asked if path.endswith("/jobs")) == "POST"


def test_a_full_quota_is_waited_for_and_a_refusal_is_not(api):
    full = (403, {"message": "exceeded quota: analysis"})
    api.instead = [full, full]
    later(0.4, api.end, "Complete")
    assert executor_of(api).run(ORDER, always).ending is Ending.DELIVERED
    api.job, api.instead = None, [(403, {"message": "denied"})]
    assert executor_of(api).run(ORDER, always).ending is Ending.LOST


def test_no_job_stays_without_its_tokens(api):
    api.instead = [None, (403, {"message": "denied"})]
    outcome = executor_of(api).run(ORDER, always)
    assert (outcome.ending, api.job) == (Ending.LOST, None)


def test_a_scan_that_nobody_wants_is_ended(api):
    wants = iter([True, True, False])
    assert executor_of(api).run(ORDER, lambda stage: next(wants)).ending is Ending.STOPPED
    assert api.job is None


def test_a_job_that_was_removed_is_lost(api):
    later(0.3, lambda: setattr(api, "job", None))
    assert executor_of(api).run(ORDER, always).ending is Ending.LOST


def test_memory_and_the_end_of_the_log_are_told(api):
    state = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    meta = {"name": "p", "uid": "p", "resourceVersion": "1"}
    api.pods = [{"metadata": meta, "status": {"containerStatuses": [{"name": "scan", "state": state}]}}]
    outcome = executor_of(api).run(ORDER, always)
    assert outcome.ending is Ending.OUT_OF_MEMORY
    assert "said \ufffd much" in outcome.detail


def test_an_image_that_cannot_be_had_ends_it(api, monkeypatch):
    monkeypatch.setattr(module, "HINDERED_S", 0.0)
    meta = {"name": "p", "uid": "p", "resourceVersion": "1"}
    state = {"waiting": {"reason": "ErrImagePull", "message": "not found"}}
    api.pods = [{"metadata": meta, "status": {"containerStatuses": [{"name": "scan", "state": state}]}}]
    assert executor_of(api).run(ORDER, always).ending is Ending.NO_IMAGE
    assert api.job is None


def test_no_cluster_is_no_crash(tmp_path):
    for cluster in (Cluster("analysis"), Cluster("analysis", tmp_path / "none")):
        assert KubernetesExecutor(SETTINGS, cluster).run(ORDER, always).ending is Ending.LOST


def test_what_runs_for_nobody_is_swept(api):
    api.answer("POST", "/jobs", module.build_job(ORDER, SETTINGS))
    assert executor_of(api).sweep(lambda names: names) == 0
    assert executor_of(api).sweep(lambda names: frozenset()) == 1
    assert api.job is None
