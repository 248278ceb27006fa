"""One JSON object on one line, whatever is in it."""

from __future__ import annotations

import json
import logging
import sys

from packamal.server.operations.logs import MAX_MESSAGE_CHARS, JsonLines
from packamal.server.request_id import bound


def line(message, *arguments, **more):
    record = logging.LogRecord("a.logger", logging.WARNING, "f", 1, message, arguments, more.pop("exc_info", None))
    record.__dict__ |= more
    return JsonLines().format(record)


def test_a_line_says_when_who_what_and_for_which_request():
    with bound("request-1"):
        found = json.loads(line("%d of %s", 1, "x", fields={"status": 200, "object": object()}))
    assert (found["level"], found["logger"], found["message"]) == ("warning", "a.logger", "1 of x")
    assert (found["request_id"], found["status"]) == ("request-1", 200)
    assert found["at"].endswith("+00:00")
    assert "object" not in found
    assert "request_id" not in json.loads(line("x"))


def test_nobody_forges_a_second_line():
    text = line("%s", 'x"}\n{"level": "error"}\r\u2028')
    assert len(text.splitlines()) == 1
    assert json.loads(text)["message"].startswith('x"}\n{')


def test_a_long_text_is_cut_and_a_traceback_is_kept():
    try:
        raise ValueError("why")
    except ValueError:
        found = json.loads(line("x" * 100_000, exc_info=sys.exc_info()))
    assert len(found["message"]) == MAX_MESSAGE_CHARS
    assert found["traceback"].endswith("ValueError: why")
