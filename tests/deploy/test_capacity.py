"""What a release asks for fits where we say that it fits, with an analysis beside it."""

from __future__ import annotations

import re

import pytest
import yaml
from chart.matrix import SETS
from chart.release import of_kind, pods
from chart.rendering import CHART, merge

UNITS = {
    "": 1.0,
    "m": 0.001,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}
GIB = 2**30
SMALL = (1.9, 5.3 * GIB)
"""What two processors and 8 GB leave on a managed node."""
MINIKUBE = (2.0, 5.0 * GIB)
SYSTEM = (0.35, 0.6 * GIB)
"""What the cluster's own pods take on a node."""


def quantity(text) -> float:
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(text)).groups()
    return float(number) * UNITS[unit]


def needs(release):
    """(processors, bytes) of each pod that runs at the same time, largest first."""
    scaled = {
        one["spec"]["scaleTargetRef"]["name"]: one["spec"].get("minReplicas", one["spec"].get("minReplicaCount"))
        for one in of_kind(release, "HorizontalPodAutoscaler", "ScaledObject")
    }
    found = []
    for pod in pods(release):
        if pod.owner["kind"] in ("CronJob", "Pod", "DaemonSet", "Job"):
            continue
        each = [sum(quantity(c["resources"]["requests"][what]) for c in pod.containers) for what in ("cpu", "memory")]
        found += [tuple(each)] * scaled.get(pod.owner["metadata"]["name"], pod.replicas)
    return sorted(found, reverse=True)


def pack(wanted, nodes):
    """Each into the first node with room; what found none."""
    free = [list(node) for node in nodes]
    left = []
    for cpu, memory in wanted:
        for node in free:
            if node[0] >= cpu and node[1] >= memory:
                node[0] -= cpu
                node[1] -= memory
                break
        else:
            left.append((cpu, memory))
    return left


def analysis(name):
    values = SETS[name].get("analysis", {})
    return tuple(quantity(values["resources"][what]) for what in ("cpu", "memory"))


@pytest.mark.parametrize("name", ["default", "external"])
def test_a_release_fits_two_small_nodes_with_an_analysis_beside_it(set_of, name):
    nodes = [(SMALL[0] - SYSTEM[0], SMALL[1] - SYSTEM[1])] * 2
    assert pack([*needs(set_of(name)), (1.0, GIB)], nodes) == []


def test_a_try_fits_one_node_with_an_analysis_beside_it(set_of):
    wanted = [*needs(set_of("minikube")), analysis("minikube")]
    assert pack(wanted, [(MINIKUBE[0] - SYSTEM[0], MINIKUBE[1] - SYSTEM[1])]) == []


@pytest.mark.parametrize("name", ["default", "minikube", "aks"])
def test_the_quota_holds_as_many_analyses_as_may_run(set_of, name):
    (quota,) = of_kind(set_of(name), "ResourceQuota")
    (limits,) = of_kind(set_of(name), "LimitRange")
    one = limits["spec"]["limits"][0]["default"]
    running = running_at_most(name)
    for what in ("cpu", "memory"):
        assert quantity(quota["spec"]["hard"][f"limits.{what}"]) >= running * quantity(one[what]), what
    assert quantity(quota["spec"]["hard"]["requests.ephemeral-storage"]) >= running * quantity(one["ephemeral-storage"])
    assert int(quota["spec"]["hard"]["pods"]) >= running


def running_at_most(name):
    below = yaml.safe_load((CHART / "values.yaml").read_text())
    scans = merge(below, SETS[name])["scans"]
    replicas = scans["replicas"] if scans["autoscaling"]["kind"] == "none" else scans["autoscaling"]["maxReplicas"]
    return scans["processes"] * replicas
