"""The internal listener believes nobody: lost, doubled, forged, replayed, expired and broken callbacks."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json

import pytest
from django.db import OperationalError
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from packamal.executors.base import MAX_REPORT_BYTES
from packamal.server import urls
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import Asker, claim
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State
from packamal.server.operations import health, tokens
from packamal.server.operations.models import CallbackToken, TokenScope
from packamal.server.pipeline import parts
from packamal.server.pipeline.reconcile import reconcile

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("packamal.server.operations.internal_urls")]
REPORT = {
    "target": "x", "purl": "pkg:pypi/small@1.0", "verdict": {"level": "clean", "score": 0},
    "artifacts": [{"purl": "pkg:pypi/small@1.0", "filename": "f", "sha256": "a" * 64, "size_bytes": 1}],
    "schema_version": "1.0",
}  # fmt: skip
CONTENT = json.dumps(REPORT).encode()
OTHER = json.dumps({**REPORT, "target": "other"}).encode()


@pytest.fixture
def analysis(question):
    return claim(question(), Asker(request_id="asked-by-somebody")).analysis


@pytest.fixture
def lease(analysis):
    return transitions.start(analysis.pk, "a cluster", 10)


@pytest.fixture
def token(lease):
    return tokens.issue(lease, TokenScope.RESULT)


def digest_of(content):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def send(lease, token, content=CONTENT, *, path="result", **headers):
    given = {"Authorization": f"Bearer {token}", "Content-Digest": digest_of(content), **headers}
    address = f"/internal/v1/attempts/{lease.analysis_id}/{lease.attempt}/{path}"
    return Client().post(address, content, content_type="application/json", headers=given)


def state(lease):
    return Analysis.objects.get(pk=lease.analysis_id).state


def test_a_result_settles_its_analysis(lease, token):
    assert send(lease, token).status_code == 200
    row = Analysis.objects.get(pk=lease.analysis_id)
    assert (row.state, row.level, row.attempts.get().outcome) == (State.DONE, "clean", "done")
    assert parts.store().get(row.report_id) == CONTENT


def test_the_same_again_is_the_same_delivery_and_anything_else_is_refused(lease, token):
    assert [send(lease, token).status_code for _ in range(3)] == [200, 200, 200]
    assert send(lease, token, OTHER).status_code == 409
    row = Analysis.objects.get(pk=lease.analysis_id)
    assert (row.report_id, row.attempts.count()) == (hashlib.sha256(CONTENT).hexdigest(), 1)


def test_many_at_once_settle_once(lease, token, at_once):
    answers = at_once(lambda number: send(lease, token, CONTENT if number % 2 else OTHER).status_code, 6)
    assert sorted(set(answers)) == [200, 409]
    assert answers.count(200) == 3
    assert Analysis.objects.get(pk=lease.analysis_id).attempts.get().outcome == "done"


@pytest.mark.parametrize("wrong", ["", "x", "é", "0" * 64, "\x00", "x" * 5000])
def test_without_the_token_nothing_is_taken(lease, token, wrong):
    assert send(lease, wrong).status_code == 401
    assert state(lease) == State.RUNNING


def test_only_the_digest_is_kept_and_the_token_is_no_digest(lease, token):
    row = CallbackToken.objects.get()
    assert token not in str(vars(row))
    assert send(lease, row.digest).status_code == 401


def test_a_token_is_good_for_its_own_attempt_and_scope_alone(lease, token, question):
    other = transitions.start(claim(question("other"), Asker()).analysis.pk, "w", 10)
    assert send(other, token).status_code == 401
    assert send(lease, token, path="heartbeat").status_code == 401
    assert send(lease, tokens.issue(lease, TokenScope.HEARTBEAT)).status_code == 401
    assert (state(lease), state(other)) == (State.RUNNING, State.RUNNING)


def test_an_expired_token_is_none(lease, token):
    CallbackToken.objects.update(expires_at=timezone.now())
    assert send(lease, token).status_code == 401


def test_what_comes_after_the_end_changes_nothing(lease, token):
    transitions.cancel(lease.analysis_id)
    assert send(lease, token).status_code == 409
    assert state(lease) == State.CANCELLED


def test_a_lost_callback_is_ended_by_the_reconciler_and_the_late_one_is_refused(lease, token):
    Analysis.objects.update(lease_until=timezone.now() - datetime.timedelta(seconds=1))
    assert reconcile(lambda lane: True, lambda lane: 0).lost == 1
    assert send(lease, token).status_code == 409
    assert state(lease) == State.QUEUED


@pytest.mark.parametrize("content", [b"", b"null", b"{}", b"[" * 100_000, CONTENT.replace(b"small", b"other")])
def test_what_is_no_report_on_this_package_ends_the_attempt(lease, token, content):
    if not content:  # no length at all
        assert send(lease, token, content).status_code in (411, 422)
        return
    assert send(lease, token, content).status_code == 422
    row = Analysis.objects.get(pk=lease.analysis_id)
    assert (row.state, row.error_category, row.report) == (State.FAILED, "result_invalid", None)


@pytest.mark.parametrize("stated", ["", "sha-256=:xxx:", "md5=:AAAA:", "sha-256=:" + "*" * 43 + "=:"])
def test_content_without_its_digest_is_not_read(lease, token, stated):
    assert send(lease, token, **{"Content-Digest": stated}).status_code == 400
    assert state(lease) == State.RUNNING


def test_content_that_is_not_what_was_said_is_refused_and_may_come_again(lease, token):
    assert send(lease, token, **{"Content-Digest": digest_of(OTHER)}).status_code == 422
    assert send(lease, token).status_code == 200


def test_more_than_a_report_may_have_is_not_read(lease, token):
    address = f"/internal/v1/attempts/{lease.analysis_id}/{lease.attempt}/result"
    headers = {"Authorization": f"Bearer {token}", "Content-Digest": digest_of(CONTENT)}
    client = Client(headers=headers)
    assert client.post(address, CONTENT, "x/y", CONTENT_LENGTH=str(MAX_REPORT_BYTES + 1)).status_code == 413
    assert client.post(address, CONTENT, "x/y", CONTENT_LENGTH="-1").status_code == 413
    assert client.get(address).status_code == 405


def test_trouble_of_ours_is_worth_another_try(lease, token, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(health, "has_store", lambda: False)
        answer = send(lease, token)
        assert (answer.status_code, answer["Retry-After"]) == (503, "15")
    with monkeypatch.context() as patch:

        def away(*arguments):
            raise OperationalError("away")

        patch.setattr(transitions, "finish", away)
        assert send(lease, token).status_code == 503
    assert send(lease, token).status_code == 200


def test_a_heartbeat_renews_the_lease_until_nobody_wants_the_result(lease):
    heart = tokens.issue(lease, TokenScope.HEARTBEAT)
    before = Analysis.objects.get(pk=lease.analysis_id).lease_until
    beat = json.dumps({"stage": "fetch", "done": 1, "total": 3}).encode()
    assert send(lease, heart, beat, path="heartbeat").status_code == 204
    row = Analysis.objects.get(pk=lease.analysis_id)
    assert row.lease_until > before
    assert (row.stage, row.steps_done, row.steps_total) == ("fetch", 1, 3)
    transitions.cancel(lease.analysis_id)
    assert send(lease, heart, beat, path="heartbeat").status_code == 409


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{", b"x" * 5000, b'{"stage": 1, "done": 1, "total": 1}',
        b'{"stage": "a", "done": true, "total": 1}',
        b'{"stage": "a", "done": 1, "total": 99999999999}', b'{"stage": "a\\u0000", "done": 1, "total": 1}',
        b'{"stage": "a", "done": 1, "total": 1, "more": 1}',
    ],
)  # fmt: skip
def test_a_heartbeat_is_read_strictly(lease, content):
    heart = tokens.issue(lease, TokenScope.HEARTBEAT)
    assert send(lease, heart, content, path="heartbeat").status_code == 400


def test_none_of_this_is_a_path_of_the_public_program(lease, token):
    assert "internal" not in str([str(pattern.pattern) for pattern in urls.urlpatterns])
    with override_settings(ROOT_URLCONF="packamal.server.urls"):
        assert send(lease, token).status_code in (403, 404)
    assert state(lease) == State.RUNNING
