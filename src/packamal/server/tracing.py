"""Traces of OpenTelemetry, where whoever runs the service names a receiver: one from a request to the end of its scan.

The request id is all that travels. Trace and root span follow from it, so that a worker goes on with what a request
began, and neither a row nor a message holds more. Nothing here loads the library as long as no receiver is named,
and no name and no attribute holds anything of a package.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from packamal import __version__
from packamal.config import environment
from packamal.errors import SettingsError
from packamal.server.operations.counting import METHODS
from packamal.server.request_id import current_request_id

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.id_generator import IdGenerator

VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""The library's own; the others of its variables hold as well (OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER ...)."""
NAME = "packamal"
SERVER_ERROR = 500


class Note(Protocol):
    """Says something more about a step."""

    def __call__(self, key: str, value: str | int) -> object:
        """Never anything of a package."""


def is_on() -> bool:
    """A receiver is named."""
    return any(environment().get(name) for name in VARIABLES)


def check() -> None:
    """Raise SettingsError where traces are asked for and cannot be made."""
    if is_on():
        try:
            importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        except ImportError as error:
            raise SettingsError(f"{VARIABLES[0]}: traces need the extra `telemetry`, which is not installed") from error


@contextlib.contextmanager
def step(name: str, is_continued: bool = False, **said: str | int) -> Iterator[Note]:
    """A span around some work. `is_continued`: the work goes on with an earlier request, whose id is bound."""
    if not is_on():
        yield _nothing
        return
    from opentelemetry.trace import Status, StatusCode

    attributes = {f"{NAME}.{key}": value for key, value in said.items()}
    tracer = _provider().get_tracer(NAME, __version__)
    with tracer.start_as_current_span(
        name,
        context=_earlier() if is_continued else None,
        attributes=attributes,
        record_exception=False,  # its text may be a package's
        set_status_on_exception=False,
    ) as span:
        is_done = False
        try:
            yield span.set_attribute
            is_done = True
        finally:
            if not is_done:
                span.set_status(Status(StatusCode.ERROR))


def past(name: str, began_at: datetime, ended_at: datetime) -> None:
    """A step of the bound request that nobody stood beside: waiting."""
    if is_on():
        span = _provider().get_tracer(NAME, __version__).start_span(name, _earlier(), start_time=_ns(began_at))
        span.end(_ns(ended_at))


def flush() -> None:
    """Send what is held back."""
    if is_on():
        _provider().force_flush()


class Traced:
    """Middleware below the request id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not is_on():
            raise MiddlewareNotUsed
        check()
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Time the answer; the name is the pattern that matched, never the path that was asked for."""
        method = request.method if request.method in METHODS else "other"
        with step(str(method), request_id=current_request_id()) as note:
            response = self.get_response(request)
            match = getattr(request, "resolver_match", None)
            note("http.request.method", str(method))
            note("http.route", match.route if match else "none")
            note("http.response.status_code", response.status_code)
        return response


def _nothing(key: str, value: str | int) -> None:
    """What is said where nobody listens."""


@functools.cache
def _provider() -> TracerProvider:
    """Made at the first span of a process: what sends is a thread, and would not outlive a fork."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = {} if environment().get("OTEL_SERVICE_NAME") else {"service.name": NAME}
    made = TracerProvider(resource=Resource.create({**named, "service.version": __version__}), id_generator=_ids())
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return made


def _ids() -> IdGenerator:
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        """A root span is asked for its trace first; both follow from the request id."""

        def __init__(self) -> None:
            self.root = threading.local()

        def generate_trace_id(self) -> int:
            if not (request_id := current_request_id()):
                return super().generate_trace_id()
            trace_id, self.root.span_id = _derived(request_id)
            return trace_id

        def generate_span_id(self) -> int:
            span_id, self.root.span_id = getattr(self.root, "span_id", 0), 0
            return span_id or super().generate_span_id()

        def is_trace_id_random(self) -> bool:
            return False

    return Ids()


def _derived(request_id: str) -> tuple[int, int]:
    """Trace and root span."""
    digest = hashlib.sha256(request_id.encode()).digest()
    return int.from_bytes(digest[:16]) | 1, int.from_bytes(digest[16:24]) | 1  # neither may be 0


def _earlier() -> Context | None:
    """The request whose id is bound, as the parent of what goes on elsewhere."""
    from opentelemetry.sdk.trace.sampling import Decision
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    if not (request_id := current_request_id()):
        return None
    trace_id, span_id = _derived(request_id)
    decision = _provider().sampler.should_sample(None, trace_id, NAME).decision
    is_sampled = decision is Decision.RECORD_AND_SAMPLE
    flags = TraceFlags(TraceFlags.SAMPLED if is_sampled else TraceFlags.DEFAULT)
    return set_span_in_context(NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=True, trace_flags=flags)))


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
