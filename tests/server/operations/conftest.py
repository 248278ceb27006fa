"""A whole set of real processes, as `make up` starts it, in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

import full_set
import pytest
from fullset.folder import Folder
from fullset.parts import OURS, PARTS, environment
from fullset.processes import Processes, wait
from services import PACKAGES, find

ANSWER_S = 30
PRELUDE = """
from django.db.models import Count, Q
from django.utils import timezone
from packamal.server.accounts.models import AuditEvent
from packamal.server.analyses import transitions
from packamal.server.analyses.models import Analysis, Attempt, StoredReport
from packamal.server.pipeline.reconcile import reconcile
"""


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class FullSet:
    """A running set and the index that it asks."""

    def __init__(self, index):
        self.path = Path(tempfile.mkdtemp(prefix="packamal-set-", dir="/tmp"))
        self.path.chmod(0o711)  # what runs as somebody else reaches its own folder through it
        self.folder = Folder(self.path)
        self.processes = Processes(self.folder)
        self.index = index
        self.key = ""

    def up(self, **options):
        assert full_set.up(self.folder, **options) == 0
        self.key = self.key or self.packamal("admin", "add-key", "admin").stdout.strip()

    def packamal(self, *words):
        return subprocess.run(
            [*OURS, *words], env=environment(self.folder), capture_output=True, text=True, check=False, timeout=60
        )

    def ask(self, path, *, listener="frontend", body=None, headers=None, method=None):
        """One request; every status is an answer."""
        address = f"http://127.0.0.1:{self.folder.ports()[listener]}{path}"
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        more = {} if content is None else {"Content-Type": "application/json"}
        request = urllib.request.Request(address, content, {**more, **(headers or {})}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_S) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def api(self, path, body=None, **more):
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        return self.ask(f"/api/v1{path}", body=body, headers=headers, **more)

    def submit(self, purl, **more):
        while (answer := self.api("/analyses", {"purl": purl}, **more)).status == 429:
            time.sleep(int(answer.headers["Retry-After"]))
        assert answer.status in (200, 202), answer
        return answer.json["id"]

    def wait_for(self, ids, seconds=60):
        """Their final states."""
        ends, states = time.monotonic() + seconds, {}
        while len(states) < len(ids):
            assert time.monotonic() < ends, f"not final: {set(ids) - states.keys()}\n{self.logs()}"
            for one in ids:
                if one not in states and (row := self.api(f"/analyses/{one}").json)["finished_at"]:
                    states[one] = row
            time.sleep(0.2)
        return states

    def part(self, name):
        """How it is ended."""
        return PARTS[name]

    def kill(self, part):
        """Without warning."""
        one = self.processes.known()[part]
        one.send(signal.SIGKILL)
        assert wait(one, 10)

    def kill_all_of(self, part):
        """With all the processes that it started."""
        one = self.processes.known()[part]
        os.killpg(one.pid, signal.SIGKILL)
        assert wait(one, 10)

    def django(self, code):
        """What a line of Python over the rows of the set gives."""
        words = f"import json\nfrom packamal.server.start import set_up\nset_up()\n{PRELUDE}\n{code}"
        environ = environment(self.folder)
        done = subprocess.run([sys.executable, "-c", words], env=environ, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    def log(self, part):
        return self.folder.log(part).read_text(errors="replace")

    def logs(self):
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-1500:]}"
            for path in sorted((self.path / "logs").iterdir())
        )

    def close(self):
        assert full_set.down(self.folder) == 0
        shutil.rmtree(self.path)


@pytest.fixture(scope="module")
def settled_environment(new_index):
    """Settings of pip for every process of a set: an index on loopback."""
    started = new_index()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_FIND_LINKS"):
            patch.delenv(name, raising=False)
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.setenv("PIP_INDEX_URL", f"{started.address}/simple")
        yield started
    started.close()


@pytest.fixture(scope="module")
def full_set_up(settled_environment):
    """Started once for a module; runs where PostgreSQL is asked for, so that two processes of tests start one set."""
    if os.environ.get("PACKAMAL_TEST_DATABASE") != "postgresql":
        pytest.skip("runs with PACKAMAL_TEST_DATABASE=postgresql, as `make test` does besides")
    if missing := [package for program, package in PACKAGES.items() if find(program) is None]:
        pytest.skip(f"not installed: {' '.join(missing)}")
    started = FullSet(settled_environment)
    try:
        started.up()
        yield started
    finally:
        started.close()
