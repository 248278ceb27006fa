"""The JSON Schema of a report, made from the dataclasses; docs/report.schema.json is this text."""

from __future__ import annotations

import json

from packamal.model import SCHEMA_VERSION, Report

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_text() -> str:
    """The schema as a file holds it."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(Report).json_schema(mode="serialization")
    head = {"$schema": DIALECT, "title": f"Packamal report {SCHEMA_VERSION}"}
    return json.dumps({**schema, **head}, indent=2, sort_keys=True) + "\n"
