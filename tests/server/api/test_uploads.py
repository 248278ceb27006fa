"""Uploads lie in quarantine until the scan opens them in its own process."""

from __future__ import annotations

import hashlib
import os

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from packamal.server.analyses.models import Analysis
from packamal.server.pipeline import quarantine
from packamal.server.pipeline.run import run_next

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.fixture
def folder(settings, tmp_path):
    import dataclasses

    settings.PACKAMAL = dataclasses.replace(settings.PACKAMAL, data_dir=tmp_path)
    return tmp_path / "quarantine"


@pytest.fixture
def archive(index):
    index.add("small", "1.0")
    return index.files["small-1.0.tar.gz"]


def send(caller, name, content, field="file"):
    form = {field: SimpleUploadedFile(name, content)}
    return caller.client.post("/api/v1/uploads", form, headers=caller.headers)


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_an_upload_is_judged_and_the_same_bytes_have_the_same_answer(folder, archive, caller):
    answer = send(caller, "small-1.0.tar.gz", archive)
    assert answer.status_code == 202, answer.content
    digest = hashlib.sha256(archive).hexdigest()
    assert [path.relative_to(folder) for path in files(folder)] == [
        quarantine.Path(digest[:2], digest, "small-1.0.tar.gz")
    ]
    assert files(folder)[0].stat().st_mode & 0o777 == 0o600
    second = send(caller, "other-name.tar.gz", archive)
    assert (second.status_code, len(files(folder))) == (202, 1)
    assert run_next("w")
    row = Analysis.objects.get(pk=answer.json()["id"])
    assert (row.state, row.level) == ("done", "clean"), row.attempts.get().detail
    assert row.artifacts.get().sha256 == digest
    report = caller.get(f"/analyses/{row.pk}/report").content.decode()
    assert str(folder) not in report
    assert send(caller, "small-1.0.tar.gz", archive).status_code == 200


@pytest.mark.parametrize(
    "name", ["../../../etc/cron.d/x.zip", "..\\x.zip", "a\x00b.zip", ".zip.zip", "x" * 500 + ".zip", "-rf.zip"]
)
def test_no_name_leads_outside(folder, caller, name):
    answer = send(caller, name, b"PK\x03\x04" + b"x" * 600)
    assert answer.status_code in (202, 415)
    for path in files(folder):
        assert path.resolve().is_relative_to(folder.resolve())
        assert not path.name.startswith((".", "-"))
    assert not (folder.parent / "etc").exists()


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("x.zip", b"MZ" + b"\0" * 1000, 415), ("x.zip", b"", 415), ("x.zip", b"#!/bin/sh", 415),
        ("x.exe", b"PK\x03\x04" + b"\0" * 600, 415), ("x.html", b"<script>", 415),
    ],
)  # fmt: skip
def test_what_is_no_archive_is_refused_and_leaves_nothing(folder, caller, name, content, status):
    answer = send(caller, name, content)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert files(folder) == []
    assert Analysis.objects.count() == 0


def test_what_is_too_large_is_stopped_on_its_way(folder, caller, monkeypatch):
    monkeypatch.setattr(quarantine, "MAX_BYTES", 100_000)
    assert send(caller, "x.zip", b"PK\x03\x04" + b"x" * 300_000).status_code == 413
    assert files(folder) == []


def test_without_a_key_nothing_is_written(folder, caller_with):
    assert send(caller_with(key=""), "x.zip", b"PK\x03\x04" + b"x" * 600).status_code == 401
    assert files(folder) == []


def test_a_form_without_the_field_is_refused_and_leaves_nothing(folder, caller):
    assert send(caller, "x.zip", b"PK\x03\x04" + b"x" * 600, field="other").status_code == 422
    assert caller.post("/uploads", {"file": "x"}).status_code == 422


def test_an_upload_that_is_gone_fails_and_says_so(folder, archive, caller):
    made = send(caller, "small-1.0.tar.gz", archive).json()
    assert quarantine.sweep(folder, age_s=3600) == 0
    assert quarantine.sweep(folder, age_s=-10) == 1
    run_next("w")
    body = caller.get(f"/analyses/{made['id']}").json()
    assert (body["state"], body["error"]["category"]) == ("failed", "not_found")


def test_young_uploads_in_front_keep_no_old_one_and_one_sent_again_is_young(folder, archive):
    def keep(content):
        incoming = quarantine.Incoming(folder)
        incoming.write(content)
        return incoming.keep("small-1.0.tar.gz")

    old, again = keep(archive), keep(archive + b"again")
    for digest in (old, again):
        os.utime(folder / digest[:2] / digest, (0, 0))
    keep(archive + b"again")
    for number in range(5):
        keep(archive + bytes([number]))
    assert quarantine.sweep(folder, age_s=3600, limit=1) == 1
    assert quarantine.find(folder, old) is None
    assert quarantine.find(folder, again)


def test_an_upload_is_judged_anew_on_request(folder, archive, caller):
    made = send(caller, "small-1.0.tar.gz", archive).json()
    run_next("w")
    again = caller.post(f"/analyses/{made['id']}/reanalyse", b"").json()
    run_next("w")
    assert caller.get(f"/analyses/{again['id']}").json()["state"] == "done"


def test_two_files_in_one_form_are_told(folder, archive, caller):
    two = [SimpleUploadedFile(name, archive) for name in ("a-1.tar.gz", "b-1.tar.gz")]
    answer = caller.client.post("/api/v1/uploads", {"file": two}, headers=caller.headers)
    assert answer.status_code == 422
    assert "one file expected" in answer.json()["detail"]
