"""Tries a running release: hands in a harmless package that it builds itself and follows it to its report.

    analyse.py --frontend http://... --internal http://... [--timeout SECONDS] [PURL ...]

Runs in the image of the service, with its settings; what it sees of the service it sees by the public door.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

POLL_S = 0.5
AS_PROXY = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
"""What the proxy before the door says of a caller over TLS; without it, the service would send us there."""
FINAL = ("done", "failed", "cancelled")
HIDDEN = ("/readyz", "/healthz", "/metrics", "/internal/v1/attempts/x", "/flower/")
Answer = tuple[int, bytes]


def sdist(name: str, more: dict[str, str] | None = None) -> bytes:
    """A source distribution that does nothing, another one each time: the same content would be answered at once."""
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        "setup.py": f"from setuptools import setup\n\nsetup(name={name!r}, version='1.0', py_modules=['harmless'])\n",
        "harmless.py": f'"""Made as {uuid.uuid4()}."""\n\n\ndef add(one, other):\n    return one + other\n',
    } | (more or {})
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{name}-1.0/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


class Door:
    """The service as a caller sees it."""

    def __init__(self, address: str, key: str = "") -> None:
        self.address = address.rstrip("/")
        self.key = key

    def ask(self, path: str, data: bytes | None = None, content_type: str = "application/json") -> Answer:
        """Status and body, whatever they are."""
        headers = (
            AS_PROXY | {"Content-Type": content_type} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        )
        request = urllib.request.Request(self.address + path, data=data, headers=headers)  # noqa: S310  our own
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  our own
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def submit(self, purl: str) -> Answer:
        """A package of an index."""
        return self.ask("/api/v1/analyses", json.dumps({"purl": purl, "lane": "interactive"}).encode())

    def upload(self, name: str, content: bytes) -> Answer:
        """An archive."""
        edge = uuid.uuid4().hex
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}-1.0.tar.gz"\r\n'
        body = f"{head}Content-Type: application/gzip\r\n\r\n".encode() + content + f"\r\n--{edge}--\r\n".encode()
        return self.ask("/api/v1/uploads?lane=interactive", body, f"multipart/form-data; boundary={edge}")

    def follow(self, found: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Until an analysis is final or the time is over; gives it."""
        ends = time.monotonic() + seconds
        while found["state"] not in FINAL and time.monotonic() < ends:
            time.sleep(POLL_S)
            status, body = self.ask(f"/api/v1/analyses/{found['id']}")
            if status == 200:
                found = json.loads(body)
        return found


def check(is_so: bool, what: str) -> None:
    """Say what was seen; end at the first thing that is not as it should be."""
    print(("ok      " if is_so else "FAILED  ") + what, flush=True)
    if not is_so:
        sys.exit(1)


def try_doors(front: Door, internal: Door, seconds: float) -> None:
    """What should answer does, and what should not does not."""
    ends = time.monotonic() + seconds
    answer: Answer = (0, b"")
    while answer[0] != 200 and time.monotonic() < ends:
        with contextlib.suppress(OSError):
            answer = internal.ask("/readyz")
        time.sleep(0 if answer[0] == 200 else POLL_S)
    check(answer[0] == 200, f"the internal listener is ready: {answer[1].decode()}")
    for path in HIDDEN:
        check(front.ask(path)[0] == 404, f"the public door does not know {path}")
    check(front.ask("/api/v1/analyses")[0] == 401, "the API asks for a key")


def try_analyses(door: Door, purls: list[str], seconds: float) -> None:
    """An upload and every purl, each to its report."""
    name = f"harmless-{uuid.uuid4().hex[:8]}"
    for what, answer in [("an upload", door.upload(name, sdist(name))), *((purl, door.submit(purl)) for purl in purls)]:
        check(answer[0] in (200, 202), f"{what} was taken: {answer[0]} {answer[1][:300].decode(errors='replace')}")
        started = time.monotonic()
        found = door.follow(json.loads(answer[1]), seconds)
        took = f"{time.monotonic() - started:.1f} s"
        check(found["state"] == "done", f"{what} is {found['state']} after {took}: {json.dumps(found)[:600]}")
        status, body = door.ask(f"/api/v1/analyses/{found['id']}/report")
        check(status == 200, f"{what} has a report of {len(body)} bytes")
        level = found["verdict"]["level"]
        check(level == "clean", f"{what} is {level}")


def admin(*words: str) -> str:
    """What an administrator does by hand."""
    done = subprocess.run(["packamal", "admin", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
    check(done.returncode == 0, f"packamal admin {words[0]} {done.stderr[-500:].strip()}")
    return done.stdout.strip()


def main() -> None:
    """Doors first, then the analyses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frontend", required=True)
    parser.add_argument("--internal", required=True)
    parser.add_argument("--timeout", type=float, default=300)
    parser.add_argument("purls", nargs="*")
    options = parser.parse_args()
    try_doors(Door(options.frontend), Door(options.internal), options.timeout / 2)
    key = admin("add-key", "admin", "--name", "a test of the release", "--days", "1")
    try:
        try_analyses(Door(options.frontend, key), options.purls, options.timeout)
    finally:
        admin("revoke-key", key.split("_")[1])


if __name__ == "__main__":
    main()
