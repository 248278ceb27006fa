"""The chart, rendered once for each set of values."""

from __future__ import annotations

from functools import cache

import pytest
from chart.matrix import SETS
from chart.release import Pod, pods
from chart.rendering import Object, objects

pytest.importorskip("helm_python", reason="no wheel of Helm's engine for this machine")


@cache
def rendered(name: str) -> tuple[Object, ...]:
    return tuple(objects(SETS[name]))


@pytest.fixture(params=SETS, scope="session")
def release(request) -> tuple[Object, ...]:
    """Every object, for each set of values in turn."""
    return rendered(request.param)


@pytest.fixture
def made(release) -> list[Pod]:
    """Every pod of it."""
    return list(pods(release))


@pytest.fixture(scope="session")
def set_of():
    """Objects of one set by its name."""
    return rendered
