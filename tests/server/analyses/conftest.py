from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from packageurl import PackageURL

from packamal.server.analyses.claims import Question


@pytest.fixture
def question():
    def make(name="small", version="1.0", **more):
        return Question(f"pkg:pypi/{name}", PackageURL("pypi", None, name, version), "d" * 64, **more)

    return make


@pytest.fixture
def at_once():
    """Runs a function in several threads at the same time, each with a connection of its own."""

    def run(work, times):
        def guarded(number):
            try:
                return work(number)
            finally:
                connection.close()

        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(guarded, range(times)))

    return run
