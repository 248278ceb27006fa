"""The one module that speaks with an API server. Checked values out; every failure is one ClusterError.

The client is imported by the first request: it takes half a second.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Hashable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from packamal.errors import PackamalError
from packamal.executors.kubernetes.objects import Job, Jobs, Pod, Pods, Status, WatchLine

if TYPE_CHECKING:
    from kubernetes.client.api_client import ApiClient
    from pydantic import TypeAdapter
    from urllib3 import BaseHTTPResponse

CONNECT_S = 3.0
READ_S = 10.0
"""Of one silence; a whole answer takes twice that at most."""
MAX_BYTES = 8 << 20
"""Of one answer: a page of Jobs is a tenth of it."""
MAX_ERROR_BYTES = 64 << 10
CHUNK_BYTES = 64 << 10
DETAIL_CHARS = 500
PAGE = 200
"""Jobs in one answer to a list."""
MAX_PAGES = 50
CONFLICT = 409
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
OVERLOADED = 429
Object = dict[str, Any]
Kind = TypeVar("Kind")


class ClusterError(PackamalError):
    """The API server refused, or could not be asked."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        """0: there was no answer, or none that can be read."""

    @property
    def is_passing(self) -> bool:
        """May be gone a little later: no answer, overload, a token that has just been changed, a quota that is full."""
        is_full = self.status == FORBIDDEN and "exceeded quota" in str(self)
        return self.status in (0, UNAUTHORIZED, OVERLOADED) or self.status >= 500 or is_full


class Event(NamedTuple):
    """One change of a Job."""

    kind: str
    job: Job


class Cluster:
    """One namespace of a cluster; threads share it."""

    def __init__(self, namespace: str, kubeconfig: Path | None = None) -> None:
        self.namespace = namespace
        self.kubeconfig = kubeconfig
        self._lock = threading.Lock()
        self._made: ApiClient | None = None

    def sign_in(self) -> None:
        """Find the way to the cluster without asking it anything. Raises ClusterError where there is none."""
        self._client()

    def create_job(self, body: Object) -> Job:
        """Raises ClusterError, with CONFLICT where one of that name exists."""
        return _read(Job, self._ask("POST", self._path("batch/v1", "jobs"), body=body))

    def create_secret(self, body: Object) -> None:
        """Raises ClusterError."""
        self._ask("POST", self._path("v1", "secrets"), body=body)

    def job(self, name: str) -> Job:
        """Raises ClusterError."""
        return _read(Job, self._ask("GET", self._path("batch/v1", "jobs", name)))

    def delete_job(self, job: Job) -> None:
        """With its pods and its Secret; nothing happens where this very one is gone. Raises ClusterError."""
        body = {"propagationPolicy": "Background", "preconditions": {"uid": job.metadata.uid}}
        try:
            self._ask("DELETE", self._path("batch/v1", "jobs", job.metadata.name), body=body)
        except ClusterError as error:
            if error.status not in (NOT_FOUND, CONFLICT):
                raise

    def jobs(self, selector: str) -> Iterator[Job]:
        """All of these labels. Raises ClusterError."""
        query = {"labelSelector": selector, "limit": str(PAGE)}
        for _ in range(MAX_PAGES):
            page = _read(Jobs, self._ask("GET", self._path("batch/v1", "jobs"), query))
            yield from page.items or ()
            if not page.metadata.continue_:
                return
            query["continue"] = page.metadata.continue_

    def pods(self, job: str) -> tuple[Pod, ...]:
        """Of one Job. Raises ClusterError."""
        query = {"labelSelector": f"batch.kubernetes.io/job-name={job}", "limit": str(PAGE)}
        return _read(Pods, self._ask("GET", self._path("v1", "pods"), query)).items or ()

    def log_tail(self, pod: str, lines: int, limit_bytes: int) -> str:
        """The end of what its container said. Raises ClusterError."""
        query = {"tailLines": str(lines), "limitBytes": str(limit_bytes)}
        content = self._ask("GET", self._path("v1", "pods", pod, "log"), query)
        return content[-limit_bytes:].decode("utf-8", "replace")

    def watch_job(self, job: Job, seconds: int) -> Iterator[Event]:
        """What happens to a Job from this version on, at once, for so long.

        Raises ClusterError, with 410 where the version is too old.
        """
        query = {
            "watch": "1",
            "fieldSelector": f"metadata.name={job.metadata.name}",
            "resourceVersion": job.metadata.resource_version,
            "timeoutSeconds": str(seconds),
        }
        response = self._open("GET", self._path("batch/v1", "jobs"), query, seconds + CONNECT_S)
        for line in _lines(response, time.monotonic() + seconds + READ_S):
            found = _read(WatchLine, line)
            if found.type == "ERROR":
                status = _read(Status, json.dumps(found.object).encode())
                raise ClusterError(status.code or 0, (status.message or "")[:DETAIL_CHARS])
            if found.type != "BOOKMARK":
                yield Event(found.type, _read(Job, json.dumps(found.object).encode()))

    def _path(self, group: str, kind: str, *names: str) -> str:
        root = "/api" if group == "v1" else "/apis"
        return "/".join([root, group, "namespaces", self.namespace, kind, *names])

    def _ask(self, method: str, path: str, query: Mapping[str, str] | None = None, body: Object | None = None) -> bytes:
        response = self._open(method, path, query, READ_S, body)
        return b"".join(_chunks(response, MAX_BYTES, time.monotonic() + 2 * READ_S))

    def _open(
        self, method: str, path: str, query: Mapping[str, str] | None, read_s: float, body: Object | None = None
    ) -> BaseHTTPResponse:
        """A good answer that is not read yet. Raises ClusterError."""
        client = self._client()
        headers = {"Accept": "application/json", **({"Content-Type": "application/json"} if body else {})}
        try:
            request = client.param_serialize(
                method,
                path,
                query_params=list((query or {}).items()),
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
            )
            response: BaseHTTPResponse = client.call_api(*request, _request_timeout=(CONNECT_S, read_s)).response
        except _faults() as error:
            raise ClusterError(0, f"the API server cannot be asked: {type(error).__name__}") from error
        if response.status < 300:
            return response
        content = b"".join(_chunks(response, MAX_ERROR_BYTES, time.monotonic() + READ_S))
        if response.status == UNAUTHORIZED:
            self._made = None  # signs in anew the next time
        raise ClusterError(response.status, _said(response.status, content))

    def _client(self) -> ApiClient:
        """One for all requests. Raises ClusterError where there is nothing to sign in with."""
        with self._lock:
            if self._made is None:
                self._made = _signed_in(self.kubeconfig)
            return self._made


def _signed_in(kubeconfig: Path | None) -> ApiClient:
    from kubernetes import config
    from kubernetes.client.api_client import ApiClient
    from kubernetes.client.configuration import Configuration

    for library in ("kubernetes", "urllib3"):
        logging.getLogger(library).setLevel(logging.ERROR)  # below, they log requests and retries
    configuration = Configuration()
    configuration.retries = False
    try:
        if kubeconfig:
            config.load_kube_config(str(kubeconfig), client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except _faults() as error:
        raise ClusterError(0, f"no way to sign in to a cluster: {type(error).__name__}: {error}") from error
    return ApiClient(configuration)


@cache
def _faults() -> tuple[type[Exception], ...]:
    """What the client raises, none of which says anything about a Job."""
    from kubernetes.client.exceptions import OpenApiException
    from kubernetes.config.config_exception import ConfigException
    from urllib3.exceptions import HTTPError
    from yaml import YAMLError

    return (HTTPError, OpenApiException, ConfigException, YAMLError, OSError, ValueError)


def _chunks(response: BaseHTTPResponse, limit: int, until: float) -> Iterator[bytes]:
    """What came, as it comes. Raises ClusterError where it is too much, too slow, or breaks off."""
    size = 0
    try:
        while chunk := response.read1(CHUNK_BYTES):
            size += len(chunk)
            if size > limit or time.monotonic() > until:
                raise ClusterError(0, "the API server's answer is too large or too slow")
            yield chunk
    except _faults() as error:
        raise ClusterError(0, f"the API server broke off: {type(error).__name__}") from error
    finally:
        response.close()


def _lines(response: BaseHTTPResponse, until: float) -> Iterator[bytes]:
    rest = b""
    for chunk in _chunks(response, MAX_BYTES, until):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from filter(None, lines)


def _read(kind: type[Kind], content: bytes) -> Kind:
    try:
        return cast("Kind", _adapter(cast("Hashable", kind)).validate_json(content))
    except ValueError as error:  # of pydantic
        raise ClusterError(0, f"the API server's answer is no {kind.__name__}") from error


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(cast("Any", kind))


def _said(status: int, content: bytes) -> str:
    try:
        message = _read(Status, content).message or ""
    except ClusterError:
        message = ""
    return f"the API server answered {status}: {message[:DETAIL_CHARS]}"
