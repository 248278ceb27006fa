"""Every call of the published document against the application: what it says is so, and nothing breaks it.

More examples: PACKAMAL_CONTRACT_EXAMPLES, as `make e2e` says it.
"""

from __future__ import annotations

import json
import os
import zlib

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from packageurl import PackageURL

from packamal.executors.base import Ending, Outcome
from packamal.server.accounts.keys import make_key
from packamal.server.accounts.models import Scope
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import Asker, Question, claim
from packamal.server.api.api import api
from packamal.server.pipeline import parts
from packamal.server.pipeline.settle import settle
from packamal.server.wsgi import application

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("PACKAMAL_CONTRACT_EXAMPLES", "8"))
ARTIFACT = {
    "purl": "pkg:pypi/seen@1.0", "filename": "seen-1.0.tar.gz", "sha256": "a" * 64, "size_bytes": 1, "kind": "sdist",
}  # fmt: skip
PLACE = {"artifact": "seen-1.0.tar.gz", "path": "setup.py", "line": 1, "snippet": "x", "decoded": "", "steps": []}
FINDING = {
    "rule": "dropper/fetched-code-runs", "title": "t", "severity": "high", "confidence": "high", "says": "s",
    "role": "install", "relation": "flow", "techniques": ["T1105"], "evidence": [PLACE], "suppressed": "",
}  # fmt: skip
REPORT = {
    "target": ARTIFACT["purl"], "purl": ARTIFACT["purl"], "artifacts": [ARTIFACT], "findings": [FINDING],
    "verdict": {"level": "suspicious", "score": 40, "reasons": []}, "signals": [], "flows": [], "errors": [],
    "notes": [], "timings_ms": {}, "files": 1, "tool_version": "0.1.0", "rules_version": "0", "schema_version": "1.0",
}  # fmt: skip

REFUSED = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422]
"""A schema cannot say all that is wrong with an address, a cursor or a file."""
CONFIG = {
    "generation": {"allow-extra-parameters": False},
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", *REFUSED]},
        "negative_data_rejection": {"expected-statuses": REFUSED},
    },
}
document = schemathesis.openapi.from_dict(
    json.loads(json.dumps(api.get_openapi_schema())),
    config=schemathesis.Config.from_dict(CONFIG),
)
document.app = application


@pytest.fixture
def _one_transaction():
    """As Django's own test client does: the end of a request does not close the connection of the test."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def door(owner, _one_transaction, monkeypatch):
    """A key that may all, and in the rows something of everything that paths can name."""
    monkeypatch.setattr("django.conf.settings.ALLOWED_HOSTS", ["localhost"])
    purl = PackageURL("pypi", None, "seen", "1.0")
    row = claim(Question(purl.to_string(), purl), Asker(owner)).analysis
    lease = transitions.start(row.pk, "w", 300)
    assert settle(lease, Outcome(Ending.REPORTED, json.dumps(REPORT).encode()), parts.store())
    key, other = make_key(owner, "door", list(Scope)), make_key(owner, "other", [Scope.READ])
    type(key.row).objects.filter(pk=key.row.pk).update(rate_per_minute=1_000_000)
    named = {
        "analysis_id": str(row.pk), "sha256": "a" * 64, "prefix": other.row.prefix,
        "ecosystem": "pypi", "name": "seen", "rule_id": "dropper/fetched-code-runs",
    }  # fmt: skip
    return {"Authorization": f"Bearer {key.text}"}, named


@document.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_call_keeps_what_the_document_says(case, door):
    headers, named = door
    is_aimed = zlib.crc32(repr(case.path_parameters).encode()) % 2
    if is_aimed and case.path_parameters and case.meta.generation.mode.is_positive:
        case.path_parameters = {name: named.get(name, value) for name, value in case.path_parameters.items()}
    case.call_and_validate(headers=headers)


def test_calls_that_follow_each_other_keep_it_too(door):
    headers, _ = door

    class Walk(document.as_state_machine()):
        """Goes on from an answer as the links of the document say."""

        def get_call_kwargs(self, case):
            return {"headers": headers}

        def validate_response(self, response, case, **kwargs):
            case.validate_response(response, headers=headers, transport_kwargs={"headers": headers})

    Walk.run(
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=5,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
    )
