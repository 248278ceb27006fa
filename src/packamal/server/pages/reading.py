"""Reads stored reports for pages. A report never changes, so the last few stay decoded."""

from __future__ import annotations

import functools

from django.http import Http404

from packamal.model import Report
from packamal.render import reading
from packamal.server.analyses.models import Analysis
from packamal.server.pipeline import parts

KEPT = 16
"""Decoded reports in memory: a page, its fragments and its downloads follow each other."""


def report_of(row: Analysis) -> Report:
    """The report of an analysis. Raises Http404 while there is none."""
    if row.report_id is None:
        raise Http404
    return _decoded(row.report_id)


@functools.lru_cache(maxsize=KEPT)
def _decoded(digest: str) -> Report:
    return reading.decode(parts.store().get(digest))
