"""The API on one page, out of the OpenAPI document that the API itself serves: nothing is described twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import resolve
from django.views.decorators.http import require_safe

from packamal.server.accounts.models import Role
from packamal.server.pages.access import needs

SCHEMA = "/api/v1/openapi.json"
METHODS = ("get", "post", "put", "patch", "delete")
KEPT_S = 300


class Field(NamedTuple):
    """One parameter, or one field of a body."""

    name: str
    kind: str
    is_required: bool
    text: str


class Call(NamedTuple):
    """One method on one path."""

    anchor: str
    method: str
    path: str
    title: str
    text: str
    parameters: list[Field]
    body: list[Field]
    answers: list[tuple[str, str]]


@require_safe
@needs(Role.VIEWER)
def docs(request: HttpRequest) -> HttpResponse:
    """Every call with its parameters and answers."""
    document = _document(request)
    info = document.get("info", {})
    context = {"section": "api", "calls": calls(document), "info": info, "schema": SCHEMA}
    return render(request, "pages/api.html", context)


def calls(document: Mapping[str, Any]) -> list[Call]:
    """The calls of an OpenAPI document, in its order."""
    found: list[Call] = []
    for path, methods in document.get("paths", {}).items():
        for method in METHODS:
            if call := methods.get(method):
                found.append(_call(f"call-{len(found) + 1}", method, path, call, document))
    return found


def _document(request: HttpRequest) -> Mapping[str, Any]:
    kept: Mapping[str, Any] | None = cache.get("pages.openapi")
    if kept is None:
        view = resolve(SCHEMA)
        kept = json.loads(view.func(request, *view.args, **view.kwargs).content)
        cache.set("pages.openapi", kept, KEPT_S)
    assert kept is not None
    return kept


def _call(anchor: str, method: str, path: str, call: Mapping[str, Any], document: Mapping[str, Any]) -> Call:
    parameters = [
        Field(one["name"], _kind(one.get("schema", {})), bool(one.get("required")), one.get("description", ""))
        for one in call.get("parameters", ())
    ]
    answers = [(status, answer.get("description", "")) for status, answer in call.get("responses", {}).items()]
    text = call.get("description", "")
    return Call(anchor, method.upper(), path, call.get("summary", ""), text, parameters, _body(call, document), answers)


def _body(call: Mapping[str, Any], document: Mapping[str, Any]) -> list[Field]:
    contents = call.get("requestBody", {}).get("content", {})
    schema: Mapping[str, Any] = next((content.get("schema", {}) for content in contents.values()), {})
    named = str(schema.get("$ref", "")).rpartition("/")[2]
    schema = document.get("components", {}).get("schemas", {}).get(named, schema)
    needed = schema.get("required", ())
    return [
        Field(name, _kind(one), name in needed, one.get("description", ""))
        for name, one in schema.get("properties", {}).items()
    ]


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if options := schema.get("anyOf") or schema.get("allOf"):
        return " or ".join(dict.fromkeys(_kind(one) for one in options))
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    kind = str(schema.get("type", "anything"))
    return f"list of {_kind(schema.get('items', {}))}" if kind == "array" else str(schema.get("format", kind))
