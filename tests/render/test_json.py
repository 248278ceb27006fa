"""Reports as JSON: written fast, read strictly, and the same as the schema says."""

from __future__ import annotations

import dataclasses
import json

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from packamal.errors import ReportError
from packamal.model import Report
from packamal.render.json import FIELDS, encode
from packamal.render.reading import decode
from packamal.render.schema import schema_text

ADAPTER = TypeAdapter(Report)
NAMES = ["malicious", "suspicious", "clean", "incomplete"]


@pytest.mark.parametrize("name", NAMES)
def test_a_report_comes_back_as_it_was(name: str, faces: dict[str, Report]) -> None:
    assert decode(encode(faces[name])) == faces[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_writer_and_the_schema_library_agree(name: str, faces: dict[str, Report]) -> None:
    assert json.loads(encode(faces[name])) == json.loads(ADAPTER.dump_json(faces[name]))
    assert ADAPTER.validate_json(encode(faces[name]), strict=True) == faces[name]


@pytest.mark.parametrize("name", [*NAMES, "hostile"])
def test_every_report_fits_the_schema(name: str, faces: dict[str, Report]) -> None:
    jsonschema_rs.validate(json.loads(schema_text()), json.loads(encode(faces[name])))


def test_a_hostile_report_loses_only_halves_of_characters(faces: dict[str, Report]) -> None:
    target = decode(encode(faces["hostile"])).target
    assert target == faces["hostile"].target.replace("\ud800", "\ufffd")


surprises = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.lists(st.none(), max_size=2),
)


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Paths of all values in decoded JSON."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, child in children for found in places(child, (*path, key)))]


@given(st.data())
def test_a_changed_value_is_judged_as_the_schema_library_judges_it(data: st.DataObject) -> None:
    from packamal.model import Level, Problem, Verdict

    report = Report("t", "", Verdict(Level.CLEAN, 0), errors=(Problem("a", "b"),), timings_ms={"x": 1}, notes=("n",))
    value = json.loads(encode(report))
    path = data.draw(st.sampled_from(places(value)[1:]))
    surprise = data.draw(surprises)
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = surprise
    if path[-1] in ("schema_version", "score"):  # we are stricter there
        return
    try:
        expected = ADAPTER.validate_json(json.dumps(value), strict=True)
    except ValidationError:
        with pytest.raises(ReportError):
            decode(json.dumps(value))
    else:
        assert decode(json.dumps(value)) == expected


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"surprise": 1}, "report: unknown or missing field 'surprise'"),
        ({"verdict": {"level": "clean"}}, "report.verdict: unknown or missing field 'score'"),
        ({"verdict": {"level": "fine", "score": 0}}, "report.verdict.level: a level expected"),
        ({"verdict": {"level": "clean", "score": 101}}, "score: 0 to 100"),
        ({"files": True}, "report.files: int expected"),
        ({"notes": "x"}, "report.notes: an array expected"),
        ({"timings_ms": []}, "report.timings_ms: an object expected"),
        ({"schema_version": "2.0"}, "no report of schema 1"),
        ({"schema_version": None}, "no report of schema 1"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], says: str, faces: dict[str, Report]) -> None:
    value = {**json.loads(encode(faces["clean"])), **change}
    with pytest.raises(ReportError) as caught:
        decode(json.dumps(value))
    assert says in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"[]", b"1", b"\xff", b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_no_report_is_refused(content: bytes) -> None:
    with pytest.raises(ReportError):
        decode(content)


def test_the_writer_knows_every_value_of_the_model(faces: dict[str, Report]) -> None:
    assert {kind.__name__ for kind in FIELDS} >= {type(item).__name__ for item in faces["malicious"].signals}
    assert all(dataclasses.is_dataclass(kind) for kind in FIELDS)
