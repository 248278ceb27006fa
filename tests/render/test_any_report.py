"""Whatever stands in a report, every renderer writes it whole and harmless, and JSON brings it back."""

from __future__ import annotations

import dataclasses
import enum
import json
import re
import typing
import xml.etree.ElementTree as ElementTree

import jsonschema_rs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from packamal.model import Level, Report
from packamal.render.formats import RENDERERS
from packamal.render.json import encode
from packamal.render.reading import decode
from packamal.render.schema import schema_text
from packamal.render.view import View

SCHEMA = jsonschema_rs.validator_for(json.loads(schema_text()))
texts = st.text(st.characters(), max_size=80)


def filled(kind: typing.Any, text: str, number: int) -> typing.Any:
    """A value of this type in which every text is `text` and every tuple holds two; new fields are filled, too."""
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{field.name: filled(hints[field.name], text, number) for field in dataclasses.fields(kind)})
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return list(kind)[number % len(kind)]
    if typing.get_origin(kind) is tuple:
        return (filled(typing.get_args(kind)[0], text, number), filled(typing.get_args(kind)[0], text, number + 1))
    if typing.get_origin(kind) is dict:
        return {text: number}
    return text if kind is str else kind(number)


def report_of(text: str, number: int) -> Report:
    return dataclasses.replace(filled(Report, text, number), schema_version="1.0")


def test_every_field_is_filled() -> None:
    assert all(getattr(report_of("x", 7), field.name) for field in dataclasses.fields(Report))


@given(st.text(max_size=80), st.integers(0, 99))
def test_any_report_comes_back_from_json_and_fits_the_schema(text: str, number: int) -> None:
    report = report_of(text, number)
    line = encode(report)
    assert decode(line) == report
    SCHEMA.validate(json.loads(line))


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("name", RENDERERS)
@settings(max_examples=20, deadline=None)
@given(text=texts, width=st.integers(1, 200))
@example(text="\u202e\x1b[31m::error::", width=10)
@example(text="x ##vso[task]\n::warning::y", width=40)
@example(text="]]>\ufffe<!--\ud800", width=80)
def test_any_report_is_written_without_control_characters_or_commands(
    name: str, level: Level, text: str, width: int
) -> None:
    report = report_of(text, list(Level).index(level))
    written = RENDERERS[name]([report, report], View(width))
    shown = written.replace("\n", "").replace("\u200b", "")
    assert shown.isprintable(), [char for char in shown if not char.isprintable()]
    assert not re.search(r"^\s*::|##\[|##vso\[|##teamcity\[", written, re.MULTILINE)
    if name == "junit":
        ElementTree.fromstring(written)
    if name in ("json", "sarif", "osv"):
        json.loads(written)
