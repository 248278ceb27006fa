"""Names of objects out of names of attempts."""

import re

from hypothesis import given
from hypothesis import strategies as st

from packamal.executors.kubernetes.names import MAX_CHARS, job_name

LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
ATTEMPT = "0190f3a1-6a7c-7d3e-9a54-0e1f2a3b4c5d-1"


def test_a_usual_attempt_is_found_by_its_row():
    assert job_name(ATTEMPT).startswith("scan-0190f3a1-6a7c-7d3e-9a54-0e1f2a3b4c5d")
    assert job_name(ATTEMPT) == job_name(ATTEMPT)


@given(st.text(max_size=300))
def test_any_text_becomes_a_label_with_room_for_the_suffix_of_a_pod(attempt):
    assert LABEL.fullmatch(job_name(attempt))
    assert len(job_name(attempt)) <= MAX_CHARS


@given(st.text(max_size=80), st.text(max_size=80))
def test_two_attempts_never_share_a_name(one, other):
    assert (job_name(one) == job_name(other)) == (one == other)


def test_attempts_that_are_spelled_alike_are_told_apart():
    names = {job_name(text) for text in ("a-1", "A-1", "a_1", "a--1", "-a-1-", "ａ-1", "\ud800a-1", "")}
    assert len(names) == 8
