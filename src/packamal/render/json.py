"""Reports as JSON: one writer for the result, the pipe between processes and the stored file.

Pure ASCII, so that no control or direction-changing character of a package reaches a terminal or an editor raw, and
without the marks that CI servers look for in a log; both are escapes that any JSON reader takes back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields

from packamal.model import Artifact, Evidence, Finding, Flow, Problem, Reason, Report, Signal, Verdict
from packamal.render.view import View

FIELDS = {
    kind: tuple(field.name for field in fields(kind))
    for kind in (Artifact, Evidence, Signal, Flow, Finding, Reason, Verdict, Problem, Report)
}


def _object(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in FIELDS[type(value)]}  # type: ignore[index]


def encode(report: Report) -> bytes:
    """One report in one line without line end."""
    text = json.dumps(report, default=_object, separators=(",", ":"))
    return _unmarked(_whole(text)).encode("ascii")


def _unmarked(text: str) -> str:
    return text.replace("##", "\\u0023\\u0023")


def _whole(text: str) -> str:
    r"""Replace halves of surrogate pairs, which no JSON reader outside Python takes."""
    if "\\ud" not in text:
        return text
    value = json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
    whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return json.dumps(json.loads(whole), separators=(",", ":"))


def json_lines(reports: Sequence[Report], view: View) -> str:
    """A report a line."""
    return "".join(encode(report).decode("ascii") + "\n" for report in reports)


def json_text(reports: Sequence[Report], view: View) -> str:
    """One object for one report, an array for several."""
    values = [json.loads(encode(report)) for report in reports]
    return _unmarked(json.dumps(values[0] if len(values) == 1 else values, indent=2)) + "\n"
