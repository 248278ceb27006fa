"""Reads a report back, strictly: unknown fields, missing fields and wrong types are errors.

Serves the pipe from the child that read hostile bytes (so it is as careful as with a stranger's file) and stored
reports. The schema is the dataclasses themselves; `pydantic.TypeAdapter(Report)` accepts the same (a test compares).
"""

from __future__ import annotations

import enum
import functools
import json
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass

from packamal.errors import ReportError
from packamal.model import SCHEMA_VERSION, Report

Decoder = Callable[[object], object]


def decode(content: bytes | str) -> Report:
    """One report. Raises ReportError naming the field."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"no report: no JSON: {error}") from error
    return from_value(value)


def from_value(value: object) -> Report:
    """One report out of decoded JSON. Raises ReportError naming the field."""
    if isinstance(value, dict):
        version = value.get("schema_version")
        if not isinstance(version, str) or version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
            raise ReportError(f"no report of schema {SCHEMA_VERSION}")
    try:
        report = _decoder(Report)(value)
    except ReportError as error:
        raise ReportError(f"no report: report{error}") from error
    if not isinstance(report, Report):
        raise ReportError("no report")
    if not 0 <= report.verdict.score <= 100:
        raise ReportError("report.verdict.score: 0 to 100 expected")
    return report


@functools.cache
def _decoder(kind: typing.Any) -> Decoder:  # noqa: ANN401  a type expression has no type of its own
    if is_dataclass(kind) and isinstance(kind, type):
        return _of_dataclass(kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _of_enum(kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return _of_tuple(_decoder(arguments[0]))
    if origin is dict:
        return _of_dict(_decoder(arguments[1]))
    if kind in (str, int, bool):
        return _of_scalar(kind)
    raise TypeError(f"no decoder for {kind}")


def _of_dataclass(kind: type) -> Decoder:
    hints = typing.get_type_hints(kind)
    parts = {field.name: _decoder(hints[field.name]) for field in fields(kind)}
    required = {field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING}

    def decode_object(value: object) -> object:
        if not isinstance(value, dict):
            raise ReportError(": an object expected")
        if not value.keys() <= parts.keys() or not required <= value.keys():
            odd = sorted((value.keys() - parts.keys()) or (required - value.keys()))
            raise ReportError(f": unknown or missing field {odd[0]!r:.80}")
        return kind(**_each(value, parts))

    return decode_object


def _each(value: dict[str, object], parts: dict[str, Decoder]) -> dict[str, object]:
    name = ""
    try:
        return {(name := key): parts[key](item) for key, item in value.items()}
    except ReportError as error:
        raise ReportError(f".{name}{error}") from error


def _of_enum(kind: type[enum.Enum]) -> Decoder:
    members = {member.value: member for member in kind}

    def decode_member(value: object) -> object:
        if not isinstance(value, str) or value not in members:
            raise ReportError(f": a {kind.__name__.lower()} expected")
        return members[value]

    return decode_member


def _of_tuple(item: Decoder) -> Decoder:
    def decode_array(value: object) -> object:
        if not isinstance(value, list):
            raise ReportError(": an array expected")
        return tuple(item(part) for part in value)

    return decode_array


def _of_dict(item: Decoder) -> Decoder:
    def decode_table(value: object) -> object:
        if not isinstance(value, dict):
            raise ReportError(": an object expected")
        return {name: item(part) for name, part in value.items()}

    return decode_table


def _of_scalar(kind: type) -> Decoder:
    def decode_scalar(value: object) -> object:
        if type(value) is not kind:
            raise ReportError(f": {kind.__name__} expected")
        return value

    return decode_scalar
