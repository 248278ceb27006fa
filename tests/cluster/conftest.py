"""A release on the cluster that KUBECONFIG names; `make e2e-cluster` installs it and runs these."""

from __future__ import annotations

import importlib.util
import json
import os
import time
from pathlib import Path

import pytest
from chart.rendering import CHART
from cluster.commands import ANALYSIS, component, forwarded, kubectl, objects, say, tried

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items):
    for item in items:  # of the whole run, not of this folder alone
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="session")
def transport():
    return os.environ.get("PACKAMAL_E2E_TRANSPORT", "upload")


@pytest.fixture(scope="session")
def analyse():
    """The script of `helm test`, for its view of the service."""
    spec = importlib.util.spec_from_file_location("analyse", CHART / "files/scripts/analyse.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def key():
    """An API key, which ends by itself."""
    pod = component("backend")
    return kubectl(
        "exec", pod, "--container", "backend", "--", "packamal", "admin", "add-key", "admin", "--days", "1"
    ).strip()


@pytest.fixture(scope="session")
def door(analyse, key):
    """The service through nginx."""
    with forwarded("packamal-frontend", 80) as address:
        yield analyse.Door(address, key)


@pytest.fixture(scope="session")
def judged(door, analyse):
    """Submit or upload, follow, and give the final answer with its report and its times."""

    def wait(answer, seconds=300):
        status, body = answer
        assert status in (200, 202), (status, body[:500])
        found = door.follow(json.loads(body), seconds)
        report = None
        if found["state"] == "done":
            status, body = door.ask(f"/api/v1/analyses/{found['id']}/report")
            assert status == 200
            report = json.loads(body)
        return found, report

    return wait


@pytest.fixture
def open_namespace():
    """Lets a probe of ours into the namespace of analyses: admission is taken away, and put back afterwards."""
    bindings = [
        one for one in objects("validatingadmissionpolicybindings") if one["metadata"]["name"].startswith("packamal-")
    ]
    for one in bindings:
        kubectl("delete", "validatingadmissionpolicybinding", one["metadata"]["name"])
        for field in ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields"):
            one["metadata"].pop(field, None)
    time.sleep(2)  # a change of a policy reaches the API server within a second
    yield ANALYSIS
    kubectl("delete", "pod", "probe", "--ignore-not-found", "--grace-period=1", "--wait=true", namespace=ANALYSIS)
    for one in bindings:
        as_helm = [
            "--server-side",
            "--field-manager=helm",
            "--force-conflicts",
        ]  # else the next upgrade meets a stranger
        done = tried("apply", *as_helm, "--filename", "-", text=json.dumps(one))
        assert done.returncode == 0, done.stderr
    time.sleep(2)
    say(f"   admission is back: {len(bindings)} bindings")
