"""The sets of values that the chart is tried with: each switch both ways, and the two files that people start from."""

from __future__ import annotations

from typing import Any

from chart.rendering import merge, values_of

CONSENT = "I accept that a hostile package may take over the node"
DIGEST = "sha256:" + "0123456789abcdef" * 4
EXTERNAL: dict[str, Any] = {
    "postgresql": {"enabled": False, "existingSecret": "their-database", "cidrs": ["10.9.8.0/28"]},
    "redis": {"enabled": False, "existingSecret": "their-broker", "port": 6380},
}
SHARE = {"nfs": {"server": "share.example", "path": "/results"}}
EVERYTHING: dict[str, Any] = {
    "hosts": ["packamal.example", "other.example"],
    "images": {
        "registry": "registry.example/team",
        "pullSecrets": [{"name": "pull"}],
        "analysis": {"repository": "packamal-analysis", "tag": "9.9.9", "digest": DIGEST},
    },
    "flower": {"enabled": True, "existingSecret": "their-flower"},
    "feeds": {"addresses": {"npm": "https://feed.example/changes"}},
    "webhooks": {"innerReceivers": ["chat.example:443"]},
    "oidc": {"issuer": "https://login.example/x/v2.0", "clientId": "packamal", "existingSecret": "their-provider"},
    "frontend": {"trustedProxies": ["10.1.0.0/16"]},
    "backend": {"extraEnv": [{"name": "ONE", "value": "1"}], "priorityClassName": "high"},
    "scans": {"autoscaling": {"kind": "hpa"}},
    "analysis": {"tolerations": [{"key": "analysis", "operator": "Exists"}], "nodeSelector": {"pool": "analysis"}},
    "prepull": {"enabled": True},
    "route": {"kind": "gateway", "gateway": {"parent": {"name": "theirs", "namespace": "gateways"}}},
    "monitoring": {"isScraped": True, "serviceMonitor": True, "rules": True, "dashboards": True},
    "network": {"indexes": [{"cidr": "10.7.7.7/32", "port": 8443}], "clusterCidrs": ["203.0.113.0/24"]},
    "test": {"targets": ["pkg:pypi/example@1.0"]},
}
LEAST: dict[str, Any] = {
    "backup": {"enabled": False},
    "backend": {"autoscaling": {"enabled": False}},
    "sandbox": {"installer": {"enabled": False}},
    "analysis": {"namespace": {"create": False, "name": "theirs"}},
    "frontend": {"replicas": 1, "service": {"type": "NodePort", "nodePort": 30080}},
    "internal": {"replicas": 1},
}
SETS: dict[str, dict[str, Any]] = {
    "default": {},
    "minikube": values_of("minikube"),
    "aks": values_of("aks"),
    "external": EXTERNAL,
    "everything": EVERYTHING,
    "least": LEAST,
    "kata": {"sandbox": {"profile": "kata", "userNamespaces": True}},
    "privileged": {"sandbox": {"profile": "privileged", "consent": CONSENT}},
    "volume": {"results": {"transport": "volume", "source": SHARE, "mountOptions": ["nosuid", "noexec"]}},
    "ingress": {"route": {"kind": "ingress", "ingress": {"className": "their-class"}}},
    "minikube on Azure's stores": merge(values_of("minikube"), EXTERNAL),
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "privileged without consent": ({"sandbox": {"profile": "privileged"}}, "sandbox.consent"),
    "an unknown profile": ({"sandbox": {"profile": "none"}}, "sandbox"),
    "no Secret": ({"auth": {"existingSecret": ""}}, "auth.existingSecret"),
    "a password in the values": ({"auth": {"password": "x"}}, "password"),
    "a provider without its secret": ({"oidc": {"issuer": "https://login.example/x"}}, "existingSecret"),
    "a provider without TLS": ({"oidc": {"issuer": "http://login.example/x"}}, "issuer"),
    "a database from nowhere": ({"postgresql": {"enabled": False}}, "postgresql.existingSecret"),
    "a broker from nowhere": ({"redis": {"enabled": False}}, "redis.existingSecret"),
    "Flower without a password": ({"flower": {"enabled": True}}, "flower.existingSecret"),
    "the newest image": ({"images": {"backend": {"repository": "x", "tag": "latest"}}}, "tag"),
    "a digest that is none": ({"images": {"backend": {"repository": "x", "digest": "sha256:1"}}}, "digest"),
    "a misspelt key": ({"backend": {"replica": 2}}, "replica"),
    "hpa and keda": ({"scans": {"autoscaling": {"kind": "hpa,keda"}}}, "kind"),
    "a volume without a share": ({"results": {"transport": "volume"}}, "results.source"),
    "one namespace for all": ({"analysis": {"namespace": {"name": "packamal"}}}, "analysis.namespace.name"),
    "keda beside the built-in database": ({"scans": {"autoscaling": {"kind": "keda"}}}, "keda"),
    "the installer among analyses": (
        {"sandbox": {"installer": {"namespace": "packamal-analysis"}}},
        "sandbox.installer.namespace",
    ),
    "more releases waiting than the program takes": ({"feeds": {"waiting": 10001}}, "waiting"),
    "any host": ({"hosts": ["*"]}, "hosts"),
    "no host": ({"hosts": []}, "hosts"),
    "a setting that is none": ({"settings": {"secretKey": "x"}}, "secretKey"),
    "a profile outside its folder": ({"sandbox": {"seccompProfile": "../x.json"}}, "seccompProfile"),
}
"""Why -> values, and what the refusal names."""
