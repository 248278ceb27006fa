"""The service in tests: Django over a real database, SQLite or with PACKAMAL_TEST_DATABASE=postgresql PostgreSQL."""

from __future__ import annotations

import atexit
import http.client
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import django
import pytest
from services import Postgres

PROVIDER = Path(__file__).with_name("accounts") / "provider_process.py"
KIND = os.environ.get("PACKAMAL_TEST_DATABASE", "sqlite")
STARTED = "PACKAMAL_TEST_POSTGRES"
DATA = Path(tempfile.mkdtemp(prefix="packamal-tests-"))
atexit.register(shutil.rmtree, DATA, ignore_errors=True)


def _postgres_url() -> str:
    """Of one PostgreSQL for a run: workers of xdist inherit its address, and each has a database of its own there."""
    if STARTED not in os.environ:
        postgres = Postgres()
        atexit.register(postgres.stop)
        os.environ[STARTED] = postgres.url
    return os.environ[STARTED]


def _environment() -> dict[str, str]:
    if KIND == "sqlite":
        return {}
    return {
        "PACKAMAL_SERVER_SHAPE": "full",
        "PACKAMAL_SERVER_SECRET_KEY": "only-for-tests-" + "x" * 32,
        "PACKAMAL_SERVER_DATABASE_URL": _postgres_url(),
        "PACKAMAL_SERVER_REDIS_URL": f"unix://{DATA}/no-redis.sock",
        "PACKAMAL_SERVER_ALLOWED_HOSTS": "testserver,127.0.0.1",
    }


for name in [name for name in os.environ if name.startswith("PACKAMAL_SERVER_")]:
    del os.environ[name]
(DATA / "static").mkdir()
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "packamal.server.settings",
    "PACKAMAL_SERVER_DATA_DIR": str(DATA),
    **_environment(),
}
django.setup()  # the test modules import models
del os.environ["DJANGO_SETTINGS_MODULE"]  # a worker that inherits it has its settings made before it comes here


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A file, not memory: threads share it as they do in life."""
    from django.conf import settings

    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    settings.DATABASES["default"]["TEST"]["NAME"] = DATA / "tests.sqlite3" if KIND == "sqlite" else f"test_{worker}"


class Index:
    """A package index on loopback, as pip would be pointed at it."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.asked.append(self.path)
                kind, body = owner.answer(self.path)
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind or "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    def add(self, name: str, version: str, setup: str = "from setuptools import setup\nsetup()\n") -> str:
        """Offer an sdist and give its purl."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            manifest = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            for path, content in {"setup.py": setup, "PKG-INFO": manifest}.items():
                member = tarfile.TarInfo(f"{name}-{version}/{path}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content.encode()))
        self.files[f"{name}-{version}.tar.gz"] = buffer.getvalue()
        return f"pkg:pypi/{name}@{version}"

    def answer(self, path: str) -> tuple[str, bytes]:
        *_, kind, name = path.rstrip("/").split("/")
        if kind == "files" and name in self.files:
            return "application/octet-stream", self.files[name]
        listed = [
            {"filename": file, "url": f"{self.address}/files/{file}", "hashes": {"sha256": sha256(content).hexdigest()}}
            for file, content in self.files.items()
            if file.rpartition("-")[0] == name
        ]
        if kind != "simple" or not listed:
            return "", b""
        page = {"meta": {"api-version": "1.0"}, "name": name, "files": listed}
        return "application/vnd.pypi.simple.v1+json", json.dumps(page).encode()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Corp:
    """A running OpenID Connect provider that sends people back to one address."""

    secret = "what-corp-knows"

    def __init__(self, back: str) -> None:
        command = [sys.executable, str(PROVIDER), back, self.secret]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.child.stdout
        self.issuer = self.child.stdout.readline().strip()
        assert self.issuer

    def order(self, **orders: object) -> None:
        """What it does from now on."""
        self._post("/orders", {"orders": json.dumps(orders)})

    @property
    def asked(self) -> list[str]:
        """Paths, in order."""
        with urllib.request.urlopen(f"{self.issuer}/asked", timeout=10) as answer:
            return json.load(answer)["paths"]

    def let_in(self, url: str) -> str:
        """What the person does there; gives where they are sent back to."""
        with urllib.request.urlopen(url, timeout=10) as page:
            assert b'id="continue"' in page.read()
        return self._post(url, {})

    def _post(self, url: str, form: dict[str, str]) -> str:
        address = urlsplit(url if "://" in url else self.issuer + url)
        connection = http.client.HTTPConnection(address.netloc, timeout=10)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", f"{address.path}?{address.query}", urlencode(form), kind)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status in (200, 302), answer.status
        return answer.getheader("Location") or ""

    def stop(self) -> None:
        """End it."""
        self.child.communicate(timeout=10)


@pytest.fixture(scope="session")
def new_corp() -> type[Corp]:
    """To start one."""
    return Corp


@pytest.fixture(scope="session")
def new_index() -> type[Index]:
    """To start one that outlives a test."""
    return Index


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """Mark the test with `allow_hosts(["127.0.0.1"])`."""
    from packamal.server.pipeline import resolving

    started = Index()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{started.address}/simple")
    resolving._kept.__dict__.clear()
    yield started
    started.close()
    resolving._kept.__dict__.clear()


@pytest.fixture
def at_once():
    """Runs a function in several threads at the same time, each with a connection of its own."""

    from django.db import connection

    def run(work, times):
        def guarded(number):
            try:
                return work(number)
            finally:
                connection.close()

        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(guarded, range(times)))

    return run


@pytest.fixture
def question():
    """A question about a package that no index is asked for."""
    from packageurl import PackageURL

    from packamal.server.analyses.claims import Question

    def make(name="small", version="1.0", **more):
        return Question(f"pkg:pypi/{name}", PackageURL("pypi", None, name, version), **more)

    return make
