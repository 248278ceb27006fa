"""The full set as real processes behind a real nginx: what `make up` starts, what `make down` leaves."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import full_set
import pytest
from fullset.parts import PARTS
from fullset.processes import Processes

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
LISTENS, LOOPBACK = "0A", "0100007F"
"""As /proc/net/tcp writes them."""
HIDDEN = ["/healthz", "/readyz", "/metrics", "/internal/v1/attempts/x", "/flower", "/flower/", "/metrics/"]

UPLOADED = """
import io, tarfile
from django.conf import settings
from packageurl import PackageURL
from packamal.server.analyses.claims import UPLOAD, Asker, Question, claim
from packamal.server.operations import tokens
from packamal.server.pipeline import quarantine
archive = io.BytesIO()
with tarfile.open(fileobj=archive, mode="w:gz") as tar:
    tar.addfile(tarfile.TarInfo("mine-1.0/setup.py"), io.BytesIO())
incoming = quarantine.Incoming(settings.PACKAMAL.quarantine_dir)
incoming.write(archive.getvalue())
digest = incoming.keep("mine-1.0.tar.gz")
purl = PackageURL("generic", None, "mine")
row = claim(Question("mine-1.0.tar.gz", purl, options={UPLOAD: digest}), Asker()).analysis
lease = transitions.start(row.pk, "a cluster", 60)
made = {scope: tokens.issue(lease, scope) for scope in ("result", "heartbeat")}
print(json.dumps({"id": str(row.pk), "purl": lease.purl, **made}))
"""


@pytest.fixture
def running(full_set_up):
    full_set_up.up()  # what a test ended runs again
    return full_set_up


def command_line(path):
    try:
        return path.read_text(errors="replace")
    except OSError:  # gone meanwhile
        return ""


def metrics(running):
    lines = running.ask("/metrics", listener="internal").body.decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_a_package_goes_through_every_part_with_one_request_id(running):
    purl = running.index.add("through", "1.0")
    identity = "from-the-proxy-to-the-scan"
    analysis = running.submit(purl, headers={"X-Request-ID": identity})
    row = running.wait_for([analysis])[analysis]
    assert (row["state"], row["verdict"]["level"]) == ("done", "clean")
    for part in ("frontend", "web", "scans"):
        lines = [line for line in running.log(part).splitlines() if identity in line]
        assert lines, part
        assert all(json.loads(line)["request_id"] == identity for line in lines)
    counted = metrics(running)
    assert sum(value for name, value in counted.items() if name.startswith('packamal_scans_total{outcome="clean"')) >= 1
    assert not [name for name in counted if "through" in name]


def test_a_job_fetches_an_upload_and_delivers_over_the_real_listener(running, tmp_path):
    """Everything between the Job and the rows is real; only the pod around it is not."""
    given = running.django(UPLOADED)
    for scope in ("result", "heartbeat"):
        (tmp_path / scope).write_text(given[scope])
    callback = f"http://127.0.0.1:{running.folder.ports()['internal']}/internal/v1/attempts/{given['id']}/1"
    words = ["--callback", callback, "--tokens", tmp_path, "--profile", "privileged", "--upload", "mine-1.0.tar.gz"]
    job = [sys.executable, "-m", "packamal", "job", *words, "--", given["purl"]]
    environ = {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    assert subprocess.run(job, env=environ, timeout=90, check=False).returncode == 0
    row = running.api(f"/analyses/{given['id']}").json
    assert (row["state"], row["verdict"]["level"]) == ("done", "clean")
    assert running.api(f"/analyses/{given['id']}/report").json["notes"][0].startswith("made in a Job")
    counted = metrics(running)
    assert counted['packamal_callbacks_total{scope="heartbeat",status="204"}'] >= 1
    assert subprocess.run(job, env=environ, timeout=90, check=False).returncode == 46  # unwanted


def test_all_processes_are_counted_and_beat_is_heard(running):
    before = metrics(running)
    name = 'packamal_requests_total{method="GET",route="healthz",status="200"}'
    for _ in range(20):
        assert running.ask("/healthz", listener="web").status == 200
    after = metrics(running)
    assert after[name] - before.get(name, 0) == 20
    ends = time.monotonic() + 60  # one that was killed holds the lease a little longer
    while metrics(running)["packamal_beat_heartbeat_age_seconds"] > 10:
        assert time.monotonic() < ends
        time.sleep(1)
    assert {f'packamal_queue_depth{{lane="{lane}"}}' for lane in ("interactive", "bulk", "feed")} <= after.keys()


@pytest.mark.parametrize("path", HIDDEN)
def test_nothing_internal_has_a_public_path(running, path):
    answer = running.ask(path)
    assert answer.status == 404
    assert b"packamal_" not in answer.body


def test_the_public_program_itself_knows_no_internal_path(running):
    for path in ("/metrics", "/internal/v1/attempts/x"):
        assert running.ask(path, listener="web").status == 404


def test_flower_asks_who_is_there(running):
    for path in ("/", "/api/workers", "/tasks"):
        assert running.ask(path, listener="flower").status == 401


def test_answers_and_static_files_carry_their_headers(running):
    page = running.ask("/sign-in")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert re.fullmatch(r"[0-9a-f]{32}", page.headers["X-Request-ID"])
    assert page.headers["Server"] == "nginx"
    sheet = re.search(rb'href="(/static/[^"]+\.css)"', page.body)
    assert sheet, page.body
    style = running.ask(sheet[1].decode(), headers={"Accept-Encoding": "gzip"})
    assert (style.status, style.headers["X-Content-Type-Options"]) == (200, "nosniff")
    assert style.headers["Content-Encoding"] == "gzip"
    assert running.ask("/static/../nginx.conf").status in (400, 404)


def test_a_request_id_that_could_forge_a_line_is_replaced(running):
    answer = running.ask("/sign-in", headers={"X-Request-ID": 'x" forged'})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])


def test_too_much_is_a_problem_document(running):
    answer = running.api("/analyses", b"x" * 2_000_000)
    assert (answer.status, answer.json["status"]) == (413, 413)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]


def test_an_upload_may_be_larger_than_any_other_request(running):
    large = b"x" * 2_000_000
    assert running.ask("/sign-in", body=large).status == 413
    for path in ("/upload", "/api/v1/uploads"):
        assert running.ask(path, body=large).status in (302, 400, 401, 403), path


def test_a_service_that_is_away_is_a_problem_document_and_comes_back(running):
    running.kill("web")
    assert running.processes.known().keys() == PARTS.keys() - {"web"}
    ends = time.monotonic() + 30  # its processes outlive it for a moment
    while (answer := running.api("/analyses", {"purl": "pkg:pypi/x@1"})).status != 503 and time.monotonic() < ends:
        time.sleep(0.2)
    assert answer.json["title"] == "Service Unavailable"
    running.up()
    assert running.api("/analyses/0").status == 404


def test_what_a_killed_frontend_leaves_does_not_keep_its_port(running):
    running.kill("frontend")
    running.up()
    assert running.ask("/sign-in").status == 200
    running.kill("frontend")
    assert len(running.processes.orphans("frontend")) >= 1
    assert running.processes.sweep() >= 1
    assert running.processes.orphans("frontend") == []


def test_ready_says_what_is_away(running):
    running.kill("redis")
    answer = running.ask("/readyz", listener="web")
    assert (answer.status, answer.json["checks"]["broker"]) == (503, "unavailable")
    assert running.ask("/healthz", listener="web").status == 200
    running.up()
    assert running.ask("/readyz", listener="web").json["checks"] == {"database": "ok", "broker": "ok", "results": "ok"}


def test_without_its_database_the_service_says_so_soon_and_comes_back(running):
    running.kill("postgres")
    started = time.monotonic()
    answer = running.api("/analyses", {"purl": running.index.add("away", "1.0")})
    assert (answer.status, answer.json["title"]) == (503, "Service Unavailable")
    assert answer.headers["Retry-After"] == "5"
    ready = running.ask("/readyz", listener="web")
    assert (ready.status, ready.json["checks"]["database"]) == (503, "unavailable")
    assert metrics(running)["packamal_database_up"] == 0
    assert time.monotonic() - started < 45
    running.up()
    assert running.wait_for([running.submit("pkg:pypi/away@1.0")])


def test_secrets_are_made_for_this_set_and_nobody_else_reads_them(running):
    files = list((running.path / "secrets").iterdir())
    assert len(files) >= 7
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    commands = "".join(map(command_line, Path("/proc").glob("[0-9]*/cmdline")))
    assert "packamal" in commands
    for path in files:
        assert path.read_text().strip() not in commands
        assert path.read_text().strip() not in running.logs()


def test_everything_listens_on_loopback_alone(running):
    ports = set(running.folder.ports().values())
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    listening = [line[1].split(":") for line in lines if line[3] == LISTENS]
    ours = [place for place, port in listening if int(port, 16) in ports]
    assert len(ours) == len(ports)
    assert set(ours) == {LOOPBACK}


def test_up_starts_nothing_twice_and_down_leaves_nothing(running):
    before = running.processes.known()
    running.up()
    assert running.processes.known() == before
    assert full_set.down(running.folder) == 0
    assert Processes(running.folder).known() == {}
    assert running.processes.marked() == []
    assert full_set.down(running.folder) == 0
