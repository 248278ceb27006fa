"""Signals made by hand: the matcher and the judge need no source."""

import pytest

from packamal.capability import Capability
from packamal.model import Evidence, Origin, Role, Signal


@pytest.fixture
def signal():
    def make(name, path="setup.py", role=Role.INSTALL, **more):
        evidence = Evidence("a.tar.gz", path, more.pop("line", 1), "code")
        return Signal(Capability(name), role, Origin.STATIC, evidence, **more)

    return make
