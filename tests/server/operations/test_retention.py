"""What is removed, and what never goes along with it."""

from __future__ import annotations

import datetime
import os
from dataclasses import replace

import pytest
from django.conf import settings
from django.test.utils import override_settings
from django.utils import timezone

from packamal.executors.kubernetes.names import job_name
from packamal.executors.kubernetes.settings import JobSettings
from packamal.server.accounts import audit
from packamal.server.accounts.models import AuditEvent
from packamal.server.analyses.models import Analysis, StoredReport
from packamal.server.analyses.states import State
from packamal.server.operations import retention
from packamal.server.operations.retention import retain
from packamal.server.pipeline import results
from packamal.server.pipeline.results import DirectoryStore, StoreError
from packamal.server.pipeline.run import attempt_name

pytestmark = pytest.mark.django_db


def ago(days):
    return timezone.now() - datetime.timedelta(days=days)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "TURNS", 1)
    return DirectoryStore(tmp_path)


def grow_old(store):
    for path in store.folder.rglob("*.gz"):
        os.utime(path, (ago(2).timestamp(),) * 2)


@pytest.fixture
def kept(store):
    """A final analysis with a report, some days old."""

    def make(days, state=State.DONE):
        digest = store.put(f"report of {days} {state}".encode())
        report = StoredReport.objects.create(digest=digest, size_bytes=1, schema_version="1.0", created_at=ago(days))
        row = Analysis.objects.create(
            purl="pkg:pypi/x@1", state=state, created_at=ago(days), finished_at=ago(days), report=report
        )
        audit.record("system", "analysis.submit", str(row.pk))
        return row

    return make


def test_old_analyses_and_their_reports_go_and_the_trail_stays(kept, store):
    old, young = kept(1000), kept(10)
    done = retain(store)
    assert (done.analyses, done.reports, done.audit_events) == (1, 1, 0)
    assert list(Analysis.objects.all()) == [young]
    grow_old(store)
    assert retain(store).files == 1
    assert store.get(young.report_id)
    with pytest.raises(StoreError):
        store.get(old.report_id)
    assert AuditEvent.objects.filter(subject=str(old.pk)).count() == 1
    assert not any(retain(store))


def test_what_was_stored_for_a_row_that_was_never_written_goes(kept, store):
    kept(10)
    digest = store.put(b"the worker was killed then")
    assert retain(store).files == 0
    grow_old(store)
    assert retain(store).files == 1
    with pytest.raises(StoreError):
        store.get(digest)


def test_without_any_row_no_file_goes(store):
    digest = store.put(b"whose database is this?")
    grow_old(store)
    assert retain(store).files == 0
    assert store.get(digest)


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_what_is_not_final_is_never_removed(kept, store, state):
    kept(3000, state)
    assert retain(store).analyses == 0


def test_the_trail_has_a_term_of_its_own(store):
    audit.record("system", "x")
    AuditEvent.objects.update(at=ago(3000))
    audit.record("system", "y")
    assert retain(store).audit_events == 1
    assert AuditEvent.objects.get().action == "y"


def test_a_report_that_has_no_row_yet_is_left_alone(store):
    digest = store.put(b"just stored")
    StoredReport.objects.create(digest=digest, size_bytes=1, schema_version="1.0")
    assert retain(store).reports == 0
    assert store.get(digest) == b"just stored"


def test_parts_of_jobs_that_ended_go_from_the_volume_and_nothing_else(store, tmp_path, monkeypatch):
    volume, other = tmp_path / "volume", tmp_path / "other"
    (other / "deep").mkdir(parents=True)
    running = Analysis.objects.create(purl="pkg:pypi/x@1", state=State.RUNNING, attempt=2)
    wanted, old = job_name(attempt_name(running.pk, 2)), job_name(attempt_name(running.pk, 1))
    for name in (wanted, old, "lost+found"):
        (volume / name).mkdir(parents=True)
    (volume / old / "link").symlink_to(other)
    (volume / old / "report.json").write_text("{}")
    (volume / "scan-link").symlink_to(other)
    jobs = JobSettings("analysis", "scans", "http://internal.example:8001", results_dir=volume)
    with override_settings(PACKAMAL=replace(settings.PACKAMAL, jobs=jobs)):
        assert retain(store).parts == 0  # too young
        monkeypatch.setattr(retention, "PARTS_KEPT", datetime.timedelta(seconds=-1))
        assert retain(store).parts == 1
    assert {path.name for path in volume.iterdir()} == {wanted, "lost+found", "scan-link"}
    assert (other / "deep").exists()
