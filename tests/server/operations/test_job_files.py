"""Reports on a volume are strangers' files, and an upload is given to the attempt that is about it alone."""

from __future__ import annotations

import base64
import datetime
import hashlib
import io
import json
import os
import tarfile
from dataclasses import replace

import pytest
from django.conf import settings
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone
from packageurl import PackageURL

from packamal.config import Suppression as Entry
from packamal.executors.base import MAX_REPORT_BYTES
from packamal.executors.kubernetes.names import job_name
from packamal.executors.kubernetes.settings import JobSettings
from packamal.server.accounts.models import User
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import UPLOAD, Asker, claim
from packamal.server.analyses.models import Analysis, Artifact
from packamal.server.analyses.states import State
from packamal.server.operations import health, tokens
from packamal.server.operations.models import TokenScope
from packamal.server.pipeline import parts, quarantine
from packamal.server.pipeline.run import attempt_name
from packamal.server.review import deciding
from packamal.server.review.holding import digest_of as digest_of_entries
from packamal.server.review.holding import holding

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("packamal.server.operations.internal_urls")]
REPORT = {
    "target": "x", "purl": "pkg:pypi/small@1.0", "verdict": {"level": "clean", "score": 0},
    "artifacts": [{"purl": "pkg:pypi/small@1.0", "filename": "f", "sha256": "a" * 64, "size_bytes": 1}],
    "schema_version": "1.0",
}  # fmt: skip
CONTENT = json.dumps(REPORT).encode()
OTHER = CONTENT.replace(b'"target": "x"', b'"target": "y"')


@pytest.fixture
def lease(question):
    return transitions.start(claim(question(), Asker()).analysis.pk, "a cluster", 10)


@pytest.fixture
def token(lease):
    return tokens.issue(lease, TokenScope.RESULT)


@pytest.fixture
def part(lease, tmp_path):
    """The Job's part of the volume."""
    volume = tmp_path / "volume"
    made = volume / job_name(attempt_name(lease.analysis_id, lease.attempt))
    made.mkdir(parents=True)
    jobs = JobSettings("analysis", "scans", "http://internal.example:8001", results_dir=volume)
    with override_settings(PACKAMAL=replace(settings.PACKAMAL, jobs=jobs)):
        yield made


def digest_of(content):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def announce(lease, token, content=CONTENT, **headers):
    given = {
        "Authorization": f"Bearer {token}", "Report-Digest": digest_of(content), "Report-Length": str(len(content)),
        **headers,
    }  # fmt: skip
    return Client().post(f"/internal/v1/attempts/{lease.analysis_id}/{lease.attempt}/stored", headers=given)


def fetch(lease, token):
    headers = {"Authorization": f"Bearer {token}"}
    return Client().get(f"/internal/v1/attempts/{lease.analysis_id}/{lease.attempt}/upload", headers=headers)


def row(lease):
    return Analysis.objects.get(pk=lease.analysis_id)


def test_a_report_on_the_volume_settles_its_analysis_and_stays_settled(lease, token, part):
    (part / "report.json").write_bytes(CONTENT)
    assert announce(lease, token).status_code == 200
    assert (row(lease).state, row(lease).level) == (State.DONE, "clean")
    assert parts.store().get(row(lease).report_id) == CONTENT
    (part / "report.json").write_bytes(OTHER)  # replaced between
    assert announce(lease, token).status_code == 200
    (part / "report.json").unlink()
    part.rmdir()
    assert announce(lease, token).status_code == 200
    assert parts.store().get(row(lease).report_id) == CONTENT


def test_another_one_later_is_refused_and_changes_nothing(lease, token, part):
    (part / "report.json").write_bytes(CONTENT)
    assert announce(lease, token).status_code == 200
    (part / "report.json").write_bytes(OTHER)
    assert announce(lease, token, OTHER).status_code == 409
    assert row(lease).report_id == hashlib.sha256(CONTENT).hexdigest()


def test_what_is_not_there_yet_may_come(lease, token, part):
    assert announce(lease, token).status_code == 503
    assert row(lease).state == State.RUNNING
    (part / "report.json").write_bytes(CONTENT)
    assert announce(lease, token).status_code == 200


def test_a_report_that_is_not_the_announced_one_ends_the_attempt(lease, token, part):
    (part / "report.json").write_bytes(OTHER)
    assert announce(lease, token).status_code == 422
    assert (row(lease).state, row(lease).error_category, row(lease).report) == (State.FAILED, "result_invalid", None)
    (part / "report.json").write_bytes(CONTENT)
    assert announce(lease, token).status_code == 422
    assert row(lease).report is None


@pytest.mark.parametrize("trap", ["link", "hard link", "pipe", "folder", "hole", "longer", "linked part"])
def test_a_trap_on_the_volume_ends_the_attempt(lease, token, part, tmp_path, trap):
    secret, place = tmp_path / "secret", part / "report.json"
    secret.write_bytes(CONTENT)
    match trap:
        case "link":
            place.symlink_to(secret)
        case "hard link":
            os.link(secret, place)
        case "pipe":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case "hole":
            with place.open("wb") as file:
                file.truncate(1 << 40)
        case "longer":
            place.write_bytes(CONTENT + b" ")
        case "linked part":
            part.rmdir()
            (tmp_path / "elsewhere").mkdir()
            (tmp_path / "elsewhere/report.json").write_bytes(CONTENT)
            part.symlink_to(tmp_path / "elsewhere")
    assert announce(lease, token).status_code == 422
    assert (row(lease).state, row(lease).error_category, row(lease).report) == (State.FAILED, "result_invalid", None)


@pytest.mark.parametrize(
    "headers",
    [{"Report-Digest": ""}, {"Report-Digest": "sha-256=:xxx:"}, {"Report-Length": ""}, {"Report-Length": "-1"},
     {"Report-Length": "1e3"}, {"Report-Length": "9" * 5000}, {"Report-Length": "٣"}],
)  # fmt: skip
def test_word_of_a_report_is_read_strictly(lease, token, part, headers):
    (part / "report.json").write_bytes(CONTENT)
    assert announce(lease, token, **headers).status_code == 400
    assert row(lease).state == State.RUNNING


def test_no_report_is_that_large(lease, token, part):
    (part / "report.json").write_bytes(CONTENT)
    assert announce(lease, token, **{"Report-Length": str(MAX_REPORT_BYTES + 1)}).status_code == 422
    assert row(lease).report is None


def test_without_the_token_of_results_no_volume_is_looked_at(lease, token, part):
    (part / "report.json").write_bytes(OTHER)
    assert announce(lease, "x").status_code == 401
    assert announce(lease, tokens.issue(lease, TokenScope.HEARTBEAT)).status_code == 401
    assert row(lease).state == State.RUNNING


def test_a_report_on_another_package_is_refused(lease, token, part):
    wrong = CONTENT.replace(b"small", b"other")
    (part / "report.json").write_bytes(wrong)
    assert announce(lease, token, wrong).status_code == 422
    assert row(lease).error_category == "result_invalid"


def test_a_store_that_is_away_is_worth_another_try(lease, token, part, monkeypatch):
    (part / "report.json").write_bytes(CONTENT)
    with monkeypatch.context() as patch:
        patch.setattr(health, "has_store", lambda: False)
        assert announce(lease, token).status_code == 503
    assert announce(lease, token).status_code == 200


def test_where_reports_do_not_come_by_a_volume_there_is_none(lease, token):
    assert announce(lease, token).status_code == 404
    assert row(lease).state == State.RUNNING


def an_archive():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        content = b"from setuptools import setup\nsetup()\n"
        member = tarfile.TarInfo("mine-1.0/setup.py")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def uploaded(question):
    """An attempt on an archive that somebody uploaded."""
    archive = an_archive()
    incoming = quarantine.Incoming(settings.PACKAMAL.quarantine_dir)
    incoming.write(archive)
    digest = incoming.keep("mine-1.0.tar.gz")
    analysis = claim(question("mine", options={UPLOAD: digest}), Asker()).analysis
    return archive, transitions.start(analysis.pk, "a cluster", 10)


def test_an_upload_is_given_to_its_own_attempt_while_that_runs(uploaded, lease, token):
    archive, about = uploaded
    right = tokens.issue(about, TokenScope.RESULT)
    answer = fetch(about, right)
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, archive)
    assert answer["Content-Digest"] == digest_of(archive)
    answer.close()
    assert fetch(about, token).status_code == 401
    assert fetch(about, tokens.issue(about, TokenScope.HEARTBEAT)).status_code == 401
    assert fetch(lease, token).status_code == 404
    transitions.cancel(about.analysis_id)
    assert fetch(about, right).status_code == 409


def test_an_upload_that_is_gone_is_not_there(uploaded):
    archive, about = uploaded
    path = quarantine.find(settings.PACKAMAL.quarantine_dir, hashlib.sha256(archive).hexdigest())
    path.unlink()
    assert fetch(about, tokens.issue(about, TokenScope.RESULT)).status_code == 404


@pytest.fixture
def accepting():
    """Accepts a finding in an analysis that ended, for one content."""

    def accept(row, sha256):
        file = {"filename": "mine-1.0.tar.gz", "kind": "sdist", "purl": row.purl, "size_bytes": 1}
        row.artifacts.add(Artifact.objects.get_or_create(sha256=sha256, defaults=file)[0])
        user, _ = User.objects.get_or_create(username="ada")
        ends = (timezone.now().date() + datetime.timedelta(days=30)).isoformat()
        deciding.accept(row, user, Entry("ours", "exfil/x", "*", "*", sha256, ends), "ada")

    return accept


def ask_accepted(lease, token):
    headers = {"Authorization": f"Bearer {token}"}
    return Client().get(f"/internal/v1/attempts/{lease.analysis_id}/{lease.attempt}/accepted", headers=headers)


def test_what_people_accepted_is_told_to_the_attempt_that_began_with_it(question, accepting):
    archive = an_archive()
    digest = hashlib.sha256(archive).hexdigest()
    first = claim(question("mine", options={UPLOAD: digest}), Asker()).analysis
    Analysis.objects.filter(pk=first.pk).update(state=State.DONE, claim=None)
    accepting(first, digest)
    entries = holding(PackageURL("pypi", None, "mine", "1.0"), is_exact=True, upload=digest)
    assert entries
    again = claim(question("mine", options={UPLOAD: digest}, accepted=digest_of_entries(entries)), Asker()).analysis
    lease = transitions.start(again.pk, "a cluster", 10)
    token = tokens.issue(lease, TokenScope.RESULT)
    answer = ask_accepted(lease, token)
    assert answer.status_code == 200
    assert answer["Content-Digest"] == digest_of(answer.content)
    assert [Entry(**entry) for entry in json.loads(answer.content)] == list(entries)
    accepting(first, digest)  # another one, meanwhile
    assert ask_accepted(lease, token).status_code == 412
    transitions.cancel(again.pk)
    assert ask_accepted(lease, token).status_code == 409


def test_where_nothing_is_accepted_the_list_is_empty_and_for_the_token_alone(lease, token):
    assert ask_accepted(lease, token).content == b"[]"
    assert ask_accepted(lease, "x").status_code == 401
    assert ask_accepted(lease, tokens.issue(lease, TokenScope.HEARTBEAT)).status_code == 401
