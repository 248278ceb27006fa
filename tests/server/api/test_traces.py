"""One trace from a request to the end of its scan, at a real receiver; and nothing of it where nobody asks for it."""

from __future__ import annotations

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from packamal.errors import SettingsError
from packamal.server import tracing
from packamal.server.pipeline.run import run_next

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]
VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"


class Receiver:
    """Takes OTLP over HTTP."""

    def __init__(self):
        self.bodies = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                assert self.path == "/v1/traces"
                owner.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format, *words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @property
    def spans(self):
        asked = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            span
            for one in asked
            for resource in one.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver(monkeypatch):
    started = Receiver()
    monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{started.server.server_address[1]}")
    tracing._provider.cache_clear()
    yield started
    tracing._provider().shutdown()
    tracing._provider.cache_clear()
    started.close()


def said(span):
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_a_request_goes_on_through_the_queue_to_the_end_of_its_scan(receiver, caller, index):
    purl = index.add("unmistakable", "1.0")
    answer = caller.post("/analyses", {"purl": purl}, **{"X-Request-ID": "request-number-1"})
    assert answer.status_code == 202
    assert run_next("w")
    tracing.flush()
    spans = {span.name: span for span in receiver.spans}
    assert spans.keys() == {"POST", "queue", "attempt", "identify", "scan", "settle"}
    assert len({span.trace_id for span in spans.values()}) == 1
    parents = {name: spans[parent].span_id for name, parent in {
        "queue": "POST", "attempt": "POST", "identify": "attempt", "scan": "attempt", "settle": "attempt",
    }.items()}  # fmt: skip
    assert {name: spans[name].parent_span_id for name in parents} == parents
    assert not spans["POST"].parent_span_id
    assert said(spans["POST"]) == {
        "packamal.request_id": "request-number-1", "http.request.method": "POST",
        "http.route": "api/v1/analyses", "http.response.status_code": 202,
    }  # fmt: skip
    assert said(spans["attempt"])["packamal.analysis"] == answer.json()["id"]
    assert said(spans["attempt"])["packamal.outcome"] == "clean"
    assert spans["queue"].end_time_unix_nano >= spans["queue"].start_time_unix_nano > 0
    assert b"unmistakable" not in b"".join(receiver.bodies)


def test_what_goes_wrong_is_marked_and_its_text_stays_here(receiver):
    with pytest.raises(ValueError, match="hostile"), tracing.step("scan"):
        raise ValueError("hostile")
    tracing.flush()
    [span] = receiver.spans
    assert span.status.code == span.status.STATUS_CODE_ERROR
    assert b"hostile" not in receiver.bodies[0]


def test_requests_have_traces_of_their_own(receiver, caller):
    for _ in range(2):
        caller.get("/queue")
    tracing.flush()
    assert len({(span.trace_id, span.span_id) for span in receiver.spans}) == 2
    assert len({span.trace_id for span in receiver.spans}) == 2


def test_who_asks_for_traces_without_the_library_is_told_at_the_start(monkeypatch):
    monkeypatch.setenv(VARIABLE, "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError, match="telemetry"):
        tracing.check()


def test_without_a_receiver_nothing_that_traces_is_loaded(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    program = (
        "import sys; from packamal.server.start import set_up; set_up()\n"
        "from django.core.wsgi import get_wsgi_application\n"
        "get_wsgi_application(); from packamal.server.pipeline import run\n"
        "tracing = ('opentelemetry.sdk.trace', 'opentelemetry.exporter')\n"
        "print([name for name in sys.modules if name.startswith(tracing)])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
