"""Files between a Job and the service: what it is about and looks past, and its report on a volume that both see.

The volume is written by whoever is in the Job's pod, so what lies there is a stranger's (`executors/volume`); what
counts is the digest that came over the listener, with the token.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from packageurl import PackageURL

from packamal.executors import volume
from packamal.executors.kubernetes.names import job_name
from packamal.server.analyses.claims import UPLOAD
from packamal.server.analyses.models import Analysis, Attempt
from packamal.server.analyses.states import State
from packamal.server.api.problems import answer
from packamal.server.operations.callbacks import later, lease_of, standing, stated_digest, take, with_token
from packamal.server.operations.models import CallbackToken, TokenScope
from packamal.server.pipeline import quarantine
from packamal.server.pipeline.run import DONE, attempt_name
from packamal.server.pipeline.settle import refuse
from packamal.server.review.holding import digest_of, holding

MAX_DIGITS = 9
"""Of a stated length; a report has eight."""


@with_token(TokenScope.RESULT)
def stored(request: HttpRequest, token: CallbackToken) -> HttpResponse:
    """The report lies in the Job's part of the volume: `Report-Digest` and `Report-Length` say which one; no body."""
    digest = stated_digest(request.headers.get("Report-Digest", ""))
    length = request.headers.get("Report-Length", "")
    if digest is None or not length.isascii() or not length.isdigit() or len(length) > MAX_DIGITS:
        return answer(400, "Report-Digest with sha-256 and Report-Length are needed")
    folder = _volume()
    if folder is None:
        return answer(404, "reports do not come by a volume here")
    if _is_done(token, digest):  # its part of the volume may be swept already
        return standing(token, digest)
    try:
        content = volume.read(folder, job_name(attempt_name(token.analysis_id, token.attempt)), int(length))
    except volume.AbsentError as error:
        return later(str(error))
    except volume.VolumeError as error:
        return _refused(token, str(error))
    if hashlib.sha256(content).hexdigest() != digest:
        return _refused(token, "the report on the volume is not the one that was announced")
    return take(token, content, digest)


@with_token(TokenScope.RESULT, "GET")
def upload(request: HttpRequest, token: CallbackToken) -> HttpResponse | FileResponse:
    """The archive that the attempt is about, with its digest in `Content-Digest`; only while the attempt runs."""
    digest = str(token.analysis.options.get(UPLOAD, ""))
    if not _is_running(token):
        return answer(409, "this attempt has ended")
    path = quarantine.find(settings.PACKAMAL.quarantine_dir, digest) if digest else None
    try:
        file = path.open("rb") if path else None
    except FileNotFoundError:
        file = None
    if file is None:
        return answer(404, "there is no upload")
    response = FileResponse(file, content_type="application/octet-stream")
    response["Content-Digest"] = _stating(bytes.fromhex(digest))
    return response


@with_token(TokenScope.RESULT, "GET")
def accepted(request: HttpRequest, token: CallbackToken) -> HttpResponse:
    """The findings that do not count in this attempt, as JSON with `Content-Digest`; only while it runs.

    412: others hold than when the attempt began, and its row names those. Another attempt is about the present ones.
    """
    row = token.analysis
    if not _is_running(token):
        return answer(409, "this attempt has ended")
    upload = str(row.options.get(UPLOAD, ""))
    entries = holding(PackageURL.from_string(row.purl), is_exact=True, upload=upload)
    if digest_of(entries) != row.accepted:
        return answer(412, "other findings are accepted now than when this attempt began")
    content = json.dumps([asdict(entry) for entry in entries]).encode()
    response = HttpResponse(content, content_type="application/json")
    response["Content-Digest"] = _stating(hashlib.sha256(content).digest())
    return response


def _is_running(token: CallbackToken) -> bool:
    rows = Analysis.objects.filter(pk=token.analysis_id, state=State.RUNNING, attempt=token.attempt)
    return rows.exists()


def _stating(digest: bytes) -> str:
    return f"sha-256=:{b64encode(digest).decode()}:"


def _volume() -> Path | None:
    jobs = settings.PACKAMAL.jobs
    return jobs.results_dir if jobs else None


def _is_done(token: CallbackToken, digest: str) -> bool:
    attempts = Attempt.objects.filter(analysis_id=token.analysis_id, number=token.attempt, outcome=DONE)
    return token.delivered == digest and attempts.exists()


def _refused(token: CallbackToken, why: str) -> HttpResponse:
    """Somebody wrote there who should not: that is the end of the attempt, and no answer about the package."""
    refuse(lease_of(token), why)
    return answer(422, why)
