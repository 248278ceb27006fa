"""A refused request's body is read to its end."""

import io

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse

from packamal.server.draining import Drained

BODY = b"x" * 300_000


@pytest.mark.parametrize(("status", "unread"), [(401, 0), (302, 0), (200, len(BODY)), (413, len(BODY))])
def test_what_is_left_of_a_body_is_read_where_the_answer_is_no_success(status, unread):
    body = io.BytesIO(BODY)
    environ = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(BODY)), "wsgi.input": body, "PATH_INFO": "/"}
    answer = Drained(lambda request: HttpResponse(status=status))(WSGIRequest(environ))
    assert answer.status_code == status
    assert len(BODY) - body.tell() == unread


def test_a_body_that_was_read_is_no_trouble():
    environ = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "5", "wsgi.input": io.BytesIO(b"a=b&c"), "PATH_INFO": "/"}
    assert Drained(lambda request: HttpResponse(request.body, status=422))(WSGIRequest(environ)).content == b"a=b&c"
