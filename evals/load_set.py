"""The full set of processes that load is put on, in a folder of its own that goes when it ends."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import psycopg
from measuring import ROOT

TICKS = os.sysconf("SC_CLK_TCK")
VERSION = "1.0"
SETUP = "from setuptools import setup\n\nsetup(name='small')\n"


class Set(NamedTuple):
    """A set that runs."""

    folder: Path
    environ: dict[str, str]

    @property
    def port(self) -> int:
        """Of nginx."""
        return int(self.ports()["frontend"])

    def ports(self) -> dict[str, int]:
        """Listener -> port."""
        return dict(json.loads((self.folder / "ports.json").read_text()))

    def secret(self, name: str) -> str:
        """A secret of the set."""
        return (self.folder / "secrets" / name).read_text().strip()

    def tool(self, *words: str | Path) -> str:
        """Run tools/full_set.py. Raises SystemExit with what it said."""
        command = [sys.executable, ROOT / "tools" / "full_set.py", "--folder", self.folder, *words]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"full_set.py {words[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def database(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection in which every statement stands for itself."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.ports()["postgres"],
            user="packamal",
            dbname="packamal",
            password=self.secret("postgres"),
            autocommit=True,
        )

    def cpu_s(self) -> dict[str, float]:
        """Part -> CPU seconds of its processes so far, those that ended included."""
        parts = json.loads((self.folder / "processes.json").read_text())
        children, spent = _processes()
        return {part: _tree(pid, children, spent) for part, (pid, _) in parts.items()}

    @contextmanager
    def without(self, part: str) -> Iterator[None]:
        """Hold a part and its children still."""
        pid = json.loads((self.folder / "processes.json").read_text())[part][0]
        children, _ = _processes()
        held = [pid, *children[pid]]
        for one in held:
            os.kill(one, signal.SIGSTOP)
        try:
            yield
        finally:
            for one in held:
                os.kill(one, signal.SIGCONT)


def _processes() -> tuple[dict[int, list[int]], dict[int, float]]:
    """Parent -> children, and what each process and its reaped children used."""
    children: dict[int, list[int]] = defaultdict(list)
    spent: dict[int, float] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (OSError, IndexError):
            continue
        children[int(fields[1])].append(int(entry.name))
        spent[int(entry.name)] = sum(map(int, fields[11:15])) / TICKS
    return children, spent


def _tree(pid: int, children: dict[int, list[int]], spent: dict[int, float]) -> float:
    return spent.get(pid, 0.0) + sum(_tree(child, children, spent) for child in children[pid])


@contextmanager
def running(keep: bool = False) -> Iterator[Set]:
    """A new set and the package index that its scans ask; both end here, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="packamal-load-", dir="/var/tmp"))  # a disk, not memory
    folder.chmod(0o711)
    index = _index()
    address = f"http://127.0.0.1:{index.server_address[1]}/simple"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PACKAMAL_"))}
    made = Set(folder, {**kept, "PIP_INDEX_URL": address, "PIP_CONFIG_FILE": os.devnull})
    try:
        made.tool("up")
        yield made
    finally:
        index.shutdown()
        made.tool("down")
        if not keep:
            shutil.rmtree(folder)


def _index() -> ThreadingHTTPServer:
    """Offers one small sdist under every name."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            *_, kind, name = self.path.rstrip("/").split("/")
            body = sdist(name.rpartition("-")[0]) if kind == "files" else self._listing(name)
            self.send_response(200)
            simple = "application/vnd.pypi.simple.v1+json"
            self.send_header("Content-Type", "application/octet-stream" if kind == "files" else simple)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _listing(self, name: str) -> bytes:
            file = f"{name}-{VERSION}.tar.gz"
            address = f"http://{self.headers['Host']}/files/{file}"
            files = [{"filename": file, "url": address, "hashes": {"sha256": sha256(sdist(name)).hexdigest()}}]
            return json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": files}).encode()

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def sdist(name: str, setup: str = SETUP) -> bytes:
    """The same bytes for a name every time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        manifest = f"Metadata-Version: 2.1\nName: {name}\nVersion: {VERSION}\n"
        for path, content in {"setup.py": setup, "PKG-INFO": manifest}.items():
            member = tarfile.TarInfo(f"{name}-{VERSION}/{path}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content.encode()))
    return gzip.compress(buffer.getvalue(), mtime=0)
