"""What no tool would send: each is refused as a problem, and none is a fault of the service."""

from __future__ import annotations

import base64
import json

import pytest
from django.conf import settings

pytestmark = pytest.mark.django_db
DEEP = b"[" * 100_000
HUGE = b"9" * 5000
BOUNDARY = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.tar.gz"\r\n\r\n'
ID = "00000000-0000-4000-8000-000000000000"


def sent(caller, path, body, kind="application/json"):
    return caller.client.generic("POST", f"/api/v1{path}", body, content_type=kind, headers=caller.headers)


@pytest.mark.parametrize("path", ["/analyses", "/batches", "/keys", "/uploads", "/lock-files?name=package-lock.json"])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (DEEP, "application/json"), (HUGE, "application/json"), (b"\xff\xfe\x00", "application/json"),
        (b"\0", "application/json"), (b"NaN", "application/json"), (b"", "application/json"),
        (b'{"purl": "pkg:pypi/a@\\ud800"}', "application/json"),
        (b'{"purl": "pkg:pypi/a@\\u0000"}', "application/json"),
        (b'{"purls": ["\\ud800"], "name": "\\ud800", "scopes": ["read"]}', "application/json"),
        (b'{"name": "a\\u0000", "scopes": ["read"], "days": 1}', "application/json"),
        (b'{"purl": ' + HUGE + b"}", "application/json"), (b'{"a":' * 20_000, "application/json"),
        (b"<a/>", "application/xml"), (b"a=1", "application/x-www-form-urlencoded"), (b"{}", "text/plain; charset=zz"),
        (b"", BOUNDARY), (PART, BOUNDARY), (PART + b"\0" * 10, BOUNDARY), (b"--y--", BOUNDARY),
        (PART + b"x\r\n--x--\r\n", "multipart/form-data"), (b"\xff" * 100, "multipart/form-data; boundary=\xff"),
        (b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--x--\r\n', BOUNDARY),
        (PART.replace(b"a.tar.gz", b"..\0/\xed\xa0\x80") + b"x\r\n--x--\r\n", BOUNDARY),
    ],
)  # fmt: skip
def test_a_broken_body_is_refused(caller, path, body, kind):
    answer = sent(caller, path, body, kind)
    if path.startswith("/lock-files") and answer.status_code == 202:
        assert answer.json()["items"] == []  # JSON that names no package
        return
    assert 400 <= answer.status_code < 500, answer.content
    assert answer["Content-Type"] == "application/problem+json"


def test_a_body_that_is_too_much_is_413(caller):
    purls = json.dumps({"purls": ["pkg:pypi/a@1"] * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 10)})
    answer = sent(caller, "/batches", purls)
    assert answer.status_code == 413
    assert answer["Content-Type"] == "application/problem+json"


CURSORS = [
    "a", "====", "%00", "\u20ac", "[]", "null", '["2026-01-01", "x"]', '["2026-01-01T00:00:00", null]',
    '[1e999, "x"]', f'["0001-01-01T00:00:00+23:59", "{ID}"]', f'["9999-12-31T23:59:59-23:59", "{ID}"]',
    "[" * 120, '{"a": 1}', f'[["2026"], "{ID}"]', f'["2026-01-01T00:00:00+00:00", ["{ID}"]]',
]  # fmt: skip


@pytest.mark.parametrize("path", ["/analyses?owner=all&", "/search?name=a&"])
@pytest.mark.parametrize("cursor", [*CURSORS, *(base64.urlsafe_b64encode(one.encode()).decode() for one in CURSORS)])
def test_a_cursor_that_did_not_come_from_here_is_refused(caller, path, cursor):
    answer = caller.client.get(f"/api/v1{path}", {"cursor": cursor}, headers=caller.headers)
    assert answer.status_code in (200, 422), answer.content


@pytest.mark.parametrize(
    "path",
    [
        "/analyses?limit=99999999999999999999999", "/analyses?limit=-1", "/analyses?limit=1e3", "/analyses?name=%00",
        "/analyses?ecosystem=%ed%a0%80", "/search?name=%00", "/search?indicator=%00", "/search?rule=%00%ff",
        "/search?name=%ed%a0%80", "/search?sha256=%00", "/packages/pypi/%00", "/packages/%00/a", "/packages/pypi/%ff",
        "/artifacts/%00", "/rules/%00", "/audit?before=9223372036854775808", "/audit?before=0", "/audit?subject=%00",
        "/analyses/1/report", f"/analyses/{ID}/report?format=%00", f"/analyses/{ID}%00", "/%ff", "/analyses/%c0%af",
    ],
)  # fmt: skip
def test_a_broken_address_is_refused(caller, path):
    answer = caller.get(path)
    assert answer.status_code in (200, 404, 422), answer.content
    assert answer["Content-Type"].partition(";")[0] in ("application/json", "application/problem+json")


@pytest.mark.parametrize("token", ["", "\0", "a b", "\u20ac", "x" * 201, "\xff"])
def test_a_broken_idempotency_key_is_refused(caller, token):
    answer = caller.post("/analyses", {"purl": "pkg:pypi/a@1"}, **{"Idempotency-Key": token})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "header", ["Bearer ", "Bearer \0", "Bearer pkm_\0_x", "Bearer pkm_\u20ac_\xff", "Basic eDp4", "x"]
)
def test_a_broken_key_is_no_key(caller, header):
    caller.headers = {"Authorization": header}
    answer = caller.get("/analyses")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
