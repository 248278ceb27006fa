"""Who may speak with whom, computed from the network policies alone as a cluster reads them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from chart.release import of_kind, pods
from chart.rendering import NAMESPACE, Object

ANALYSIS = f"{NAMESPACE}-analysis"
NAMESPACE_NAME = "kubernetes.io/metadata.name"
DNS = {"k8s-app": "kube-dns"}


class End(NamedTuple):
    """One end of a connection: a pod, or an address outside."""

    name: str
    address: str
    namespace: str = ""
    """Empty: outside of the cluster."""
    labels: Mapping[str, str] = {}
    ports: tuple[int, ...] = ()


class Edge(NamedTuple):
    """A connection that the policies of both ends allow."""

    source: str
    target: str
    port: int


OUTSIDE = (
    End("dns", "10.244.0.2", "kube-system", DNS, (53,)),
    End("other pod", "10.244.9.9", "default", {}, (80, 443, 8000, 5432, 6379)),
    End("monitoring", "10.244.8.8", "monitoring", {}, ()),
    End("internet", "198.51.100.7", ports=(22, 25, 53, 80, 443, 5432, 6443)),
    End("private network", "10.20.30.40", ports=(22, 80, 443, 8443)),
    End("node", "10.250.0.2", ports=(10250, 443, 6443)),
    End("metadata", "169.254.169.254", ports=(80, 443)),
    End("wire server", "168.63.129.16", ports=(80, 443, 32526)),
)


def ends_of(objects: Sequence[Object]) -> list[End]:
    """The release's own pods, and those of Jobs, which it does not make itself."""
    found: dict[str, End] = {}
    for index, pod in enumerate(pods(objects)):
        ports = {port["containerPort"] for container in pod.containers for port in container.get("ports", [])}
        known = found.get(pod.component)
        ports |= set(known.ports if known else ())
        found[pod.component] = End(
            pod.component, f"10.244.1.{index + 1}", pod.namespace, pod.labels, tuple(sorted(ports))
        )
    (quota,) = of_kind(objects, "ResourceQuota")
    found["analysis"] = End("analysis", "10.244.2.1", quota["metadata"]["namespace"], {}, ())
    return list(found.values())


def allowed(objects: Sequence[Object], outside: Sequence[End] = OUTSIDE) -> set[Edge]:
    """Every edge from or to a pod of the release."""
    policies, inside = of_kind(objects, "NetworkPolicy"), ends_of(objects)
    pairs = [
        (one, other) for one in [*inside, *outside] for other in [*inside, *outside] if one in inside or other in inside
    ]
    return {
        Edge(source.name, target.name, port)
        for source, target in pairs
        if source.name != target.name
        for port in target.ports
        if _lets(policies, source, target, port, "Egress") and _lets(policies, target, source, port, "Ingress")
    }


def _lets(policies: Sequence[Object], mine: End, other: End, port: int, way: str) -> bool:
    """Whether the policies that select `mine` let it speak with `other` in this direction."""
    chosen = [policy["spec"] for policy in policies if _selects(policy, mine) and way in policy["spec"]["policyTypes"]]
    if not chosen:
        return True
    key, side = ("egress", "to") if way == "Egress" else ("ingress", "from")
    return any(
        _has_port(rule, port) and (not rule.get(side) or any(_is_peer(peer, other, mine) for peer in rule[side]))
        for spec in chosen
        for rule in spec.get(key) or []
    )


def _selects(policy: Object, end: End) -> bool:
    namespace = policy["metadata"].get("namespace", NAMESPACE)
    return bool(end.namespace) and namespace == end.namespace and matches(policy["spec"]["podSelector"], end.labels)


def _has_port(rule: Object, port: int) -> bool:
    listed = rule.get("ports")
    return not listed or any(one.get("port", port) == port for one in listed)


def _is_peer(peer: Object, other: End, mine: End) -> bool:
    if block := peer.get("ipBlock"):
        address, network = ipaddress.ip_address(other.address), ipaddress.ip_network(block["cidr"])
        return address in network and not any(address in ipaddress.ip_network(one) for one in block.get("except", []))
    if not other.namespace:
        return False
    if (chosen := peer.get("namespaceSelector")) is None:
        in_namespace = other.namespace == mine.namespace
    else:
        in_namespace = matches(chosen, {NAMESPACE_NAME: other.namespace})
    return in_namespace and matches(peer.get("podSelector", {}), other.labels)


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """A label selector, with the two operators that we use."""
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for rule in selector.get("matchExpressions") or []:
        is_in = labels.get(rule["key"]) in rule["values"]
        if {"In": is_in, "NotIn": not is_in}[rule["operator"]] is False:
            return False
    return True
