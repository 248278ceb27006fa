"""An archive that no index has: streamed into quarantine, hashed on the way, opened by the scan alone."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError

from packamal.server.analyses.states import Lane
from packamal.server.api.analyses import AnalysisOut, shown
from packamal.server.api.auth import SUBMIT, asker
from packamal.server.api.once import PARAMETER, once
from packamal.server.api.problems import Problem
from packamal.server.pipeline.quarantine import TooLargeError, UploadError, WrongTypeError
from packamal.server.pipeline.receiving import FIELD, Received, Receiver, receiving
from packamal.server.pipeline.submit import submit_upload

router = Router(tags=["analyses"])
STATUS = {TooLargeError: 413, WrongTypeError: 415}
UNPROCESSABLE = 422
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


def _received(request: HttpRequest) -> Received:
    with receiving(request, Receiver(request)):
        try:
            file = request.FILES.get(FIELD)
        except UploadError as error:
            raise HttpError(STATUS.get(type(error), UNPROCESSABLE), str(error)) from error
        except MultiPartParserError as error:
            raise HttpError(400, "this is no form with a file") from error
    if not isinstance(file, Received):
        raise HttpError(UNPROCESSABLE, f"a file is missing, in the field {FIELD}")
    return file
