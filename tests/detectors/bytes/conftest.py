"""One-line packages for detectors that look at bytes."""

import pytest

from packamal.detectors.base import Package
from packamal.detectors.language import language_of
from packamal.detectors.units import Unit
from packamal.model import Artifact, Role


@pytest.fixture
def package_of():
    def make(files, filename="thing-1.0.tar.gz", role=Role.NEVER):
        units = tuple(
            Unit(
                path,
                path,
                raw,
                language_of(path, raw),
                role if not isinstance(role, dict) else role.get(path, Role.NEVER),
            )
            for path, raw in files.items()
        )
        return Package(Artifact("", filename, "", 0), units)

    return make


@pytest.fixture
def seen(package_of):
    def run(detect, files, **how):
        return [(signal.id.value, signal.target) for signal in detect(package_of(files, **how)).signals]

    return run
