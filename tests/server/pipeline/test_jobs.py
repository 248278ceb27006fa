"""Scans as Jobs, as the service sees them: one attempt's tokens, a cluster that is away, Jobs that nobody wants."""

from __future__ import annotations

import dataclasses

import pytest
import yaml
from django.conf import settings
from django.utils import timezone

from packamal.executors.kubernetes import executor as module
from packamal.executors.kubernetes.executor import KubernetesExecutor
from packamal.executors.kubernetes.job import GRACE_S
from packamal.executors.kubernetes.settings import JobSettings
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import Asker, claim
from packamal.server.analyses.states import State
from packamal.server.operations import tokens
from packamal.server.operations.models import CallbackToken, TokenScope
from packamal.server.pipeline import parts, reconcile
from packamal.server.pipeline.run import _order, run_next

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _jobs(monkeypatch, tmp_path):
    """A way to a cluster that does not answer."""
    path = tmp_path / "kubeconfig"
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "x",
        "clusters": [{"name": "x", "cluster": {"server": NOBODY}}], "users": [{"name": "x", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
    }  # fmt: skip
    path.write_text(yaml.safe_dump(config))
    jobs = JobSettings("analysis", "registry.example/analysis:1", "http://internal:8001", kubeconfig=path)
    monkeypatch.setattr(settings, "PACKAMAL", dataclasses.replace(settings.PACKAMAL, jobs=jobs))


@pytest.fixture
def analysis(question):
    return claim(question(), Asker(request_id="asked-by-somebody")).analysis


def test_one_executor_serves_a_whole_process():
    assert isinstance(parts.executor(), KubernetesExecutor)
    assert parts.executor() is parts.executor()


def test_each_attempt_has_tokens_of_its_own_that_hold_as_long_as_its_job(analysis):
    lease = transitions.start(analysis.pk, "w", settings.PACKAMAL.time_limit_s)
    order = _order(lease)
    assert order.delivery.path == f"attempts/{analysis.pk}/1"
    for scope, token in (
        (TokenScope.RESULT, order.delivery.result_token),
        (TokenScope.HEARTBEAT, order.delivery.heartbeat_token),
    ):
        assert tokens.find(token, analysis.pk, 1, scope)
        assert tokens.find(token, analysis.pk, 2, scope) is None
    left_s = (CallbackToken.objects.first().expires_at - timezone.now()).total_seconds()
    assert left_s > order.time_limit_s + GRACE_S + module.OVERTIME_S


def test_a_cluster_that_is_away_costs_an_attempt_and_never_reads_as_an_answer(analysis, monkeypatch):
    monkeypatch.setattr(module, "START_S", 0.1)
    monkeypatch.setattr(module, "BACK_OFF_S", (0.05,))
    monkeypatch.setattr("packamal.server.pipeline.run.identify", lambda lease: lease)
    assert run_next("worker")
    analysis.refresh_from_db()
    assert (analysis.state, analysis.level) == (State.QUEUED, "")
    assert analysis.attempts.get().outcome == "cluster_error"
    assert "cannot be asked" in analysis.attempts.get().detail


def test_only_attempts_that_run_are_wanted(analysis):
    transitions.start(analysis.pk, "w", 60)
    name = f"{analysis.pk}-1"
    assert reconcile._wanted({name, f"{analysis.pk}-2", "of-another-release"}) == {name}
    transitions.cancel(analysis.pk)
    assert reconcile._wanted({name}) == set()


def test_the_reconciler_outlasts_an_absent_api_server(analysis):
    done = reconcile.reconcile(lambda lane: True, lambda lane: 1)
    assert (done.ended, done.lost) == (0, 0)
