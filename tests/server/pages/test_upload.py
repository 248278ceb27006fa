"""The drop zone takes an archive or a lock file, and nothing else; nobody uploads before signing in."""

from __future__ import annotations

import io
import tarfile

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from packamal.server.analyses.models import Analysis
from packamal.server.pages import upload
from packamal.server.pipeline import receiving

pytestmark = pytest.mark.django_db


def archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        member = tarfile.TarInfo("x-1.0/setup.py")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"x = 1"))
    return buffer.getvalue()


def send(browser, name, content):
    return browser.post("/upload", {"file": SimpleUploadedFile(name, content)})


def test_an_archive_lands_in_quarantine_and_its_page_follows(browser):
    content = archive()
    answer = send(browser, "x-1.0.tar.gz", content)
    row = Analysis.objects.get()
    assert answer["Location"] == f"/analyses/{row.pk}"
    assert row.lane == "interactive"
    kept = [path.read_bytes() for path in settings.PACKAMAL.quarantine_dir.glob("??/*/*") if path.is_file()]
    assert content in kept  # other tests may have sent the same bytes under another name
    assert list(settings.PACKAMAL.quarantine_dir.glob("*.part")) == []
    assert browser.get(answer["Location"]).status_code == 200


def test_a_lock_file_becomes_a_list(browser):
    answer = send(browser, "requirements.txt", b"requests==2.32.3\nsix==1.16.0\n-e .\nflask>=2\n")
    assert answer.status_code == 200
    assert sorted(Analysis.objects.values_list("purl", flat=True)) == [
        "pkg:pypi/requests@2.32.3",
        "pkg:pypi/six@1.16.0",
    ]
    assert set(Analysis.objects.values_list("lane", flat=True)) == {"bulk"}
    assert "Left out" in answer.text


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("x.tar.gz", b"<html>", 415), ("notes.txt.exe", b"MZ", 422), ("package-lock.json", b"{", 422),
        ("<script>.md", b"<script>", 422), ("x.zip", b"", 415),
    ],
)  # fmt: skip
def test_anything_else_is_refused_at_the_zone(browser, name, content, status):
    answer = send(browser, name, content)
    assert answer.status_code == status
    assert 'aria-describedby="drop-wrong"' in answer.text
    assert "<script>" not in answer.text
    assert Analysis.objects.count() == 0
    assert list(settings.PACKAMAL.quarantine_dir.glob("*.part")) == []


def test_what_is_too_large_is_refused_early(browser, monkeypatch):
    monkeypatch.setattr(upload, "MAX_TEXT_BYTES", 100_000)
    assert send(browser, "requirements.txt", b"#" * 200_000).status_code == 413
    monkeypatch.setattr(receiving, "MAX_BYTES", 1_000)
    assert send(browser, "x.tar.gz", archive() + b"\0" * 20_000).status_code == 413


def test_two_files_or_none_are_told(browser):
    assert browser.post("/upload", {}).status_code == 422
    two = [SimpleUploadedFile("a.tar.gz", archive()), SimpleUploadedFile("b.tar.gz", archive())]
    assert browser.post("/upload", {"file": two}).status_code == 422


def test_a_form_of_another_site_is_refused_and_leaves_nothing(as_role):
    as_role("admin")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = as_role("admin").cookies
    answer = send(strict, "x-2.0.tar.gz", archive())
    assert answer.status_code == 403
    assert Analysis.objects.count() == 0


def test_nobody_uploads_before_signing_in(settings):
    if settings.PACKAMAL.is_embedded:
        pytest.skip("nobody signs in to the embedded shape")
    assert send(Client(), "y-9.0.tar.gz", archive()).status_code == 403
    assert list(settings.PACKAMAL.quarantine_dir.glob("??/*/y-9.0.tar.gz")) == []


def test_what_ended_is_judged_again_and_kept(browser, make):
    row = make.end("pkg:pypi/bad@1.0", make.malicious("pkg:pypi/bad@1.0"))
    answer = browser.post(f"/analyses/{row.pk}/again")
    assert answer["Location"] != f"/analyses/{row.pk}"
    assert Analysis.objects.count() == 2
    waiting = make.queue("pkg:pypi/waits@1.0")
    assert browser.post(f"/analyses/{waiting.pk}/again").status_code == 404
