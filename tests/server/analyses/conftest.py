from __future__ import annotations

import pytest
from packageurl import PackageURL

from packamal.server.analyses.claims import Question


@pytest.fixture
def question():
    def make(name="small", version="1.0", **more):
        return Question(f"pkg:pypi/{name}", PackageURL("pypi", None, name, version), "d" * 64, **more)

    return make
