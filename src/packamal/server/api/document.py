"""The published document where the framework describes less than there is: media types, what every call may be
answered, and which call goes on from an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from packamal.server.api.problems import CONTENT_TYPE
from packamal.server.api.reports import CONTENT_TYPES

JSON = "application/json"
PROBLEM = {"$ref": "#/components/schemas/Problem"}
EVERYWHERE = (HTTPStatus.SERVICE_UNAVAILABLE,)
"""Whatever a call does, the database may be away."""
WITH_BODY = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
"""A body may be broken or too much."""
REPORT = "get_report"
LINKS = {
    "AnalysisOut": {
        "status": ("get_analysis", {"analysis_id": "$response.body#/id"}),
        "report": (REPORT, {"analysis_id": "$response.body#/id"}),
        "cancel": ("cancel_analysis", {"analysis_id": "$response.body#/id"}),
    },
    "NewKeyOut": {
        "rotate": ("rotate_key", {"prefix": "$response.body#/prefix"}),
        "revoke": ("revoke_key", {"prefix": "$response.body#/prefix"}),
    },
}
"""Schema of an answer -> name of the link -> function that goes on, and its parameters."""


class DocumentedAPI(NinjaAPI):
    """The framework's API, with a document that tools can hold it to."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The document as it is served."""
        document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        for operation in _operations(document):
            responses: dict[Any, dict[str, Any]] = operation["responses"]
            also = (*EVERYWHERE, *WITH_BODY) if "requestBody" in operation else EVERYWHERE
            responses |= {status.value: {"description": status.phrase} for status in also}
            for status, answer in responses.items():
                if int(status) >= HTTPStatus.BAD_REQUEST:
                    answer["content"] = {CONTENT_TYPE: {"schema": PROBLEM}}
            if operation["operationId"].endswith(REPORT):
                responses[HTTPStatus.OK.value]["content"] |= {kind: {} for kind in _other_reports()}
        _link(document)
        return document


def _operations(document: OpenAPISchema) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def _other_reports() -> Iterator[str]:
    """Media types of the report as a download, without their parameters."""
    kinds = {kind.partition(";")[0] for kind in CONTENT_TYPES.values()}
    yield from sorted(kinds - {JSON})


def _link(document: OpenAPISchema) -> None:
    operations = list(_operations(document))
    ids = {name: one["operationId"] for one in operations if (name := _function(one["operationId"]))}
    for operation in operations:
        for answer in operation["responses"].values():
            schema = answer.get("content", {}).get(JSON, {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
            if schema in LINKS:
                answer["links"] = {
                    link: {"operationId": ids[name], "parameters": parameters}
                    for link, (name, parameters) in LINKS[schema].items()
                }


def _function(operation_id: str) -> str:
    names = {name for links in LINKS.values() for name, _ in links.values()}
    return next((name for name in names if operation_id.endswith(f"_{name}")), "")
