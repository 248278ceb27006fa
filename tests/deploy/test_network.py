"""Every connection that the network policies allow, against the list of those that there should be."""

from __future__ import annotations

import pytest
from chart.edges import ANALYSIS, OUTSIDE, allowed, ends_of
from chart.release import of_kind
from chart.rendering import NAMESPACE

STORES = {("postgresql", 5432)}
BROKER = {("redis", 6379)}
DNS = {("dns", 53)}
API = {("node", 443), ("node", 6443)}
INDEX = {("internet", 443)}
EXPECTED = {
    "frontend": {("backend", 8000)},
    "backend": STORES | BROKER,
    "internal": STORES | BROKER,
    "beat": STORES | BROKER,
    "scans": STORES | BROKER | API | INDEX,
    "upkeep": STORES | BROKER | API | INDEX,
    "prepare": STORES,
    "backup": STORES,
    "test": STORES | BROKER | {("frontend", 8080), ("internal", 8001)},
    "postgresql": set(),
    "redis": set(),
    "analysis": {("internal", 8001)} | INDEX,
    "seccomp": set(),
    "prepull": set(),
    "flower": BROKER,
}
"""Part -> what it may reach besides DNS."""
ANYWHERE_ON_API_PORTS = {("internet", 443), ("internet", 6443), ("other pod", 443), ("private network", 443)}
"""Where the address of the API server is not known, as here without a cluster."""
FROM_OUTSIDE = {("other pod", "frontend", 8080), ("monitoring", "frontend", 8080), ("internet", "frontend", 8080),
                ("dns", "frontend", 8080), ("private network", "frontend", 8080), ("node", "frontend", 8080),
                ("metadata", "frontend", 8080), ("wire server", "frontend", 8080)}  # fmt: skip
SCRAPED = {
    (("monitoring"), name, port)
    for name, port in [("internal", 8001), ("backend", 9102), ("scans", 9102), ("upkeep", 9102)]
}
PUBLIC = {end.name for end in OUTSIDE}


def test_the_backend_reaches_the_provider_that_people_sign_in_with_where_there_is_one(set_of):
    assert edges_of(set_of("everything"), "backend") - edges_of(set_of("default"), "backend") >= INDEX


def edges_of(release, source):
    return {(edge.target, edge.port) for edge in allowed(release) if edge.source == source}


@pytest.mark.parametrize("source", sorted(EXPECTED))
def test_a_part_reaches_what_it_needs_and_nothing_else(set_of, source):
    release = set_of("default" if source not in ("flower", "prepull") else "everything")
    found = edges_of(release, source)
    wanted = EXPECTED[source] | (DNS if source != "seccomp" else set())
    if source in ("scans", "upkeep"):
        wanted |= ANYWHERE_ON_API_PORTS
    # the frontend is open to whoever may speak at all; who else speaks on its port is in FROM_OUTSIDE
    assert found == wanted


def test_from_outside_there_is_one_door(set_of):
    ours = {end.name for end in ends_of(set_of("default"))}
    found = {
        (e.source, e.target, e.port) for e in allowed(set_of("default")) if e.source in PUBLIC and e.target in ours
    }
    assert found == FROM_OUTSIDE


def test_metrics_are_for_the_watcher_alone(set_of):
    release = set_of("everything")
    ours = {end.name for end in ends_of(release)}
    found = {(e.source, e.target, e.port) for e in allowed(release) if e.source in PUBLIC and e.target in ours}
    assert found == FROM_OUTSIDE | SCRAPED


def test_nobody_reaches_the_addresses_of_metadata(release):
    assert {edge for edge in allowed(release) if edge.target in ("metadata", "wire server")} == set()


def test_an_analysis_reaches_no_store_no_node_and_no_neighbour(release):
    targets = {edge.target for edge in allowed(release) if edge.source == "analysis"}
    assert targets <= {"internal", "dns", "internet", "private network"}
    private = {edge for edge in allowed(release) if edge.source == "analysis" and edge.target == "private network"}
    assert private == set()


def test_nobody_reaches_an_analysis(set_of):
    for policy in of_kind(set_of("default"), "NetworkPolicy"):
        if policy["metadata"]["namespace"] == ANALYSIS:
            assert not policy["spec"].get("ingress"), policy["metadata"]["name"]


def test_an_index_inside_is_reached_where_it_is_named(set_of):
    rules = [
        p
        for p in of_kind(set_of("everything"), "NetworkPolicy")
        if p["metadata"]["name"].endswith(("-analysis", "-scans"))
    ]
    assert len(rules) == 2
    for policy in rules:
        blocks = [
            peer["ipBlock"]["cidr"] for rule in policy["spec"]["egress"] for peer in rule["to"] if "ipBlock" in peer
        ]
        assert "10.7.7.7/32" in blocks


def test_names_are_asked_for_by_both_protocols(release):
    found = [one for one in of_kind(release, "NetworkPolicy") if one["metadata"]["name"].endswith("-dns")]
    assert len(found) == 2
    for one in found:
        (rule,) = one["spec"]["egress"]
        assert {(port["protocol"], port["port"]) for port in rule["ports"]} == {("UDP", 53), ("TCP", 53)}


def test_every_namespace_is_closed_both_ways(release):
    closed = {
        one["metadata"]["namespace"]
        for one in of_kind(release, "NetworkPolicy")
        if set(one["spec"]["policyTypes"]) == {"Ingress", "Egress"} and not {"ingress", "egress"} & one["spec"].keys()
    }
    spaces = {one["metadata"]["namespace"] for one in of_kind(release, "DaemonSet", "Deployment", "ResourceQuota")}
    assert closed == spaces


def test_every_pod_is_in_a_closed_namespace(made):
    assert {pod.namespace for pod in made} <= {NAMESPACE, f"{NAMESPACE}-node"}
    for pod in made:
        if pod.namespace == NAMESPACE:
            assert (
                pod.labels.items()
                >= {"app.kubernetes.io/name": "packamal", "app.kubernetes.io/instance": "packamal"}.items()
            )


def test_no_rule_selects_a_part_that_is_not_there(set_of):
    for name in ("default", "everything"):
        parts = {end.name for end in ends_of(set_of(name))}
        for policy in of_kind(set_of(name), "NetworkPolicy"):
            chosen = policy["spec"]["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/component")
            assert chosen is None or chosen in parts, policy["metadata"]["name"]
