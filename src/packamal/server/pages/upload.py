"""The drop zone: an archive goes into quarantine and is opened by its scan alone, a lock file is read line by line."""

from __future__ import annotations

import contextlib
import io
from typing import IO, NamedTuple

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
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
from packamal.server.pipeline.quarantine import MAX_BYTES, Incoming, TooLargeError, UploadError, WrongTypeError
from packamal.server.pipeline.submit import submit, submit_upload
from packamal.server.request_id import current_request_id
from packamal.targets import ARCHIVE_SUFFIXES

FIELD = "file"
OVERHEAD_BYTES = 10_000
"""Of the form around the file."""
MAX_ENTRIES = 1000
STATUS = {TooLargeError: 413, WrongTypeError: 415}
UNPROCESSABLE = 422


class Received(UploadedFile):  # type: ignore[type-arg]
    """What came: the digest of an archive in quarantine, or the text of a lock file."""

    def __init__(self, name: str, size_bytes: int, digest: str = "", text: bytes = b"") -> None:
        super().__init__(io.BytesIO(), name, size=size_bytes)  # closed when a form breaks off
        self.digest, self.text = digest, text


class Receiver(FileUploadHandler):
    """Takes one file, in pieces; nothing of it is written anywhere but into quarantine."""

    incoming: Incoming | None = None
    text: bytearray | None = None

    def new_file(self, *words: object, **more: object) -> None:
        """Begin. Raises UploadError for a second one."""
        super().new_file(*words, **more)  # type: ignore[arg-type]
        if self.incoming is not None or self.text is not None:
            raise UploadError("One file at a time.")
        if (self.file_name or "").lower().endswith(ARCHIVE_SUFFIXES):
            self.incoming = Incoming(settings.PACKAMAL.quarantine_dir)
        else:
            self.text = bytearray()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Go on. Raises UploadError as soon as it is too much."""
        if self.incoming is not None:
            self.incoming.write(raw_data)
        elif self.text is not None:
            self.text += raw_data
            if len(self.text) > MAX_TEXT_BYTES:
                raise TooLargeError(f"A lock file may have {MAX_TEXT_BYTES >> 20} MB.")

    def file_complete(self, file_size: int) -> Received:
        """End."""
        name = self.file_name or ""
        if self.incoming is not None:
            return Received(name, self.incoming.size_bytes, digest=self.incoming.keep(name))
        text = bytes(self.text or b"")
        return Received(name, len(text), text=text)

    def drop(self) -> None:
        """Leave nothing of what did not come whole."""
        if self.incoming is not None:
            self.incoming.drop()

    def handle_raw_input(self, input_data: IO[bytes], META: object, content_length: int, *more: object) -> None:
        """Refuse before a byte is read what says itself that it is too large."""
        if content_length > MAX_BYTES + OVERHEAD_BYTES:
            raise TooLargeError(f"An archive may have {MAX_BYTES >> 20} MB.")


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
    receiver = Receiver(request)
    request.upload_handlers = [receiver]
    with contextlib.ExitStack() as received:
        received.callback(receiver.drop)
        try:
            return _upload(request)
        except UploadError as error:
            return shown_home(request, dropped=str(error), status=STATUS.get(type(error), UNPROCESSABLE))
        except MultiPartParserError:
            return shown_home(request, dropped="That is no form with a file.", status=400)


@csrf_protect
@needs(Role.VIEWER)
def _upload(request: HttpRequest) -> HttpResponse:
    file = request.FILES.get(FIELD)
    if not isinstance(file, Received):
        raise UploadError("Choose a file first.")
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
