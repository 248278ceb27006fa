"""An archive that no index has: streamed into quarantine, hashed on the way, opened by the scan alone."""

from __future__ import annotations

import contextlib
import io
from typing import IO, Literal

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError

from packamal.server.analyses.states import Lane
from packamal.server.api.analyses import AnalysisOut, shown
from packamal.server.api.auth import SUBMIT, asker
from packamal.server.api.once import PARAMETER, once
from packamal.server.api.problems import Problem
from packamal.server.pipeline.quarantine import MAX_BYTES, Incoming, TooLargeError, WrongTypeError
from packamal.server.pipeline.submit import submit_upload

router = Router(tags=["analyses"])
FIELD = "file"
OVERHEAD_BYTES = 10_000
"""Of the form around the file."""
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {FIELD: {"type": "string", "format": "binary"}},
                    "required": [FIELD],
                }
            }
        },
    },
    **PARAMETER,
}


class Options(Schema):
    """How it is judged."""

    lane: Literal["interactive", "bulk"] = "bulk"


class Quarantined(UploadedFile):  # type: ignore[type-arg]
    """A file that lies in quarantine by now."""

    def __init__(self, digest: str, name: str, size_bytes: int) -> None:
        super().__init__(io.BytesIO(), name, size=size_bytes)  # closed when the form breaks off
        self.digest = digest


class QuarantineHandler(FileUploadHandler):
    """Writes the first file of a form there; others are refused."""

    incoming: Incoming | None = None

    def new_file(self, *words: object, **more: object) -> None:
        """Begin."""
        super().new_file(*words, **more)  # type: ignore[arg-type]
        if self.incoming is not None:
            raise HttpError(422, f"one file expected, in the field {FIELD}")
        self.incoming = Incoming(settings.PACKAMAL.quarantine_dir)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Go on; nobody behind gets it."""
        assert self.incoming is not None
        self.incoming.write(raw_data)

    def file_complete(self, file_size: int) -> Quarantined:
        """End."""
        assert self.incoming is not None
        return Quarantined(self.incoming.keep(self.file_name or ""), self.file_name or "", self.incoming.size_bytes)

    def drop(self) -> None:
        """Leave nothing of what did not come whole."""
        if self.incoming is not None:
            self.incoming.drop()

    def handle_raw_input(self, input_data: IO[bytes], META: object, content_length: int, *more: object) -> None:
        """Refuse before a byte is read what says itself that it is too large."""
        if content_length > MAX_BYTES + OVERHEAD_BYTES:
            raise TooLargeError(f"an archive may have {MAX_BYTES >> 20} MB")


@router.post(
    "/uploads",
    auth=SUBMIT,
    response={202: AnalysisOut, 200: AnalysisOut, (400, 401, 403, 409, 413, 415, 422, 429): Problem},
    url_name="uploads",
    openapi_extra=FORM,
)
def upload(request: HttpRequest, response: HttpResponse, options: Query[Options]) -> Status[AnalysisOut] | HttpResponse:
    """Submit an archive as a form with the field `file`; the same bytes have the same answer."""
    file = _received(request)

    def work() -> Status[AnalysisOut]:
        claimed = submit_upload(file.digest, str(file.name), asker(request), Lane(options.lane))
        answer = shown(claimed.analysis)
        response["Location"] = answer.links.self
        return Status(202 if claimed.is_new else 200, answer)

    return once(request, response, file.digest.encode(), work)


def _received(request: HttpRequest) -> Quarantined:
    handler = QuarantineHandler(request)
    request.upload_handlers = [handler]
    with contextlib.ExitStack() as received:
        received.callback(handler.drop)
        try:
            file = request.FILES.get(FIELD)
        except TooLargeError as error:
            raise HttpError(413, str(error)) from error
        except WrongTypeError as error:
            raise HttpError(415, str(error)) from error
        except MultiPartParserError as error:
            raise HttpError(400, "this is no form with a file") from error
    if not isinstance(file, Quarantined):
        raise HttpError(422, f"a file is missing, in the field {FIELD}")
    return file
