"""The drop zone: an archive goes into quarantine and is opened by its scan alone, a lock file is read line by line."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from packamal.ecosystems.lockfiles import MAX_BYTES as MAX_TEXT_BYTES
from packamal.ecosystems.lockfiles import read_lock_file
from packamal.errors import UsageError
from packamal.server.accounts.models import Role
from packamal.server.accounts.quota import QuotaError
from packamal.server.analyses.claims import Asker
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane
from packamal.server.pages.access import needs, user_of
from packamal.server.pages.home import shown_home
from packamal.server.pipeline.quarantine import TooLargeError, UploadError, WrongTypeError
from packamal.server.pipeline.receiving import FIELD, Received, Receiver, receiving
from packamal.server.pipeline.submit import submit, submit_upload
from packamal.server.request_id import current_request_id
from packamal.targets import ARCHIVE_SUFFIXES

MAX_ENTRIES = 1000
STATUS = {TooLargeError: 413, WrongTypeError: 415}
UNPROCESSABLE = 422


class _ArchiveOrText(Receiver):
    """Takes an archive into quarantine, or a lock file into memory."""

    text: bytearray | None = None

    def has_begun(self) -> bool:
        """True once a file is on its way."""
        return super().has_begun() or self.text is not None

    def begin(self, name: str) -> None:
        """Make room for it."""
        if name.lower().endswith(ARCHIVE_SUFFIXES):
            super().begin(name)
        else:
            self.text = bytearray()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Go on. Raises UploadError as soon as it is too much."""
        if self.text is None:
            super().receive_data_chunk(raw_data, start)
            return
        self.text += raw_data
        if len(self.text) > MAX_TEXT_BYTES:
            raise TooLargeError(f"a lock file may have {MAX_TEXT_BYTES >> 20} MB")

    def file_complete(self, file_size: int) -> Received:
        """End."""
        if self.text is None:
            return super().file_complete(file_size)
        return Received(self.file_name or "", len(self.text), text=bytes(self.text))


class Entry(NamedTuple):
    """What became of one line of a lock file."""

    purl: str
    row: Analysis | None
    error: str


@csrf_exempt
@require_POST
def upload(request: HttpRequest) -> HttpResponseBase:
    """Take a file. The token is checked within, since checking it reads the form, and with it the file."""
    user_of(request)  # before a byte of the file is taken
    with receiving(request, _ArchiveOrText(request)):
        try:
            return _upload(request)
        except UploadError as error:
            text = str(error)
            return shown_home(
                request, dropped=f"{text[:1].upper()}{text[1:]}.", status=STATUS.get(type(error), UNPROCESSABLE)
            )
        except MultiPartParserError:
            return shown_home(request, dropped="That is no form with a file.", status=400)


@csrf_protect
@needs(Role.VIEWER)
def _upload(request: HttpRequest) -> HttpResponse:
    file = request.FILES.get(FIELD)
    if not isinstance(file, Received):
        raise UploadError("choose a file first")
    asker = Asker(owner=user_of(request), request_id=current_request_id())
    if file.digest:
        claimed = submit_upload(file.digest, str(file.name), asker, Lane.INTERACTIVE)
        return HttpResponseRedirect(f"/analyses/{claimed.analysis.pk}")
    try:
        found = read_lock_file(str(file.name), file.text)
    except UsageError as error:
        raise UploadError(str(error)) from error
    purls = list(dict.fromkeys(one.purl for one in found.packages))
    entries = [_entry(purl, asker) for purl in purls[:MAX_ENTRIES]]
    left = [*found.skipped, *purls[MAX_ENTRIES:]]
    return render(
        request, "pages/batch.html", {"section": "home", "name": str(file.name), "entries": entries, "left": left}
    )


def _entry(purl: str, asker: Asker) -> Entry:
    try:
        return Entry(purl, submit(purl, asker, Lane.BULK).analysis, "")
    except (UsageError, QuotaError) as error:
        return Entry(purl, None, str(error))
