"""The rendered chart for two kinds of cluster, so that a change of a template shows what it changes."""

from __future__ import annotations

import importlib.util

from chart.rendering import RENDERED, golden, values_of


def minikube() -> str:
    """For one node."""
    return text("minikube")


def aks() -> str:
    """For Azure Kubernetes Service."""
    return text("aks")


def text(name: str) -> str:
    """What is rendered; what is committed, where Helm's engine has no wheel."""
    if importlib.util.find_spec("helm_python") is None:
        return (RENDERED / f"{name}.yaml").read_text(encoding="utf-8")
    return golden(values_of(name))
