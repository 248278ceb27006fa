"""Renders the chart as Helm does, without a Helm and without a cluster: the wheel on the index is Helm's own engine."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from packamal.strict_yaml import loader

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy/chart/packamal"
RENDERED = ROOT / "deploy/chart/rendered"
RELEASE = NAMESPACE = "packamal"
EMPTY_LINES = re.compile(r"\n\s*\n")
Object = dict[str, Any]
Values = Mapping[str, Any]
GENERATED = re.compile(r"^(  (?:password|url): )[A-Za-z0-9+/=]{40,}$", re.MULTILINE)
"""Passwords of the built-in stores, another one in each rendering."""


def values_of(*names: str) -> dict[str, Any]:
    """Values files of the chart by their short names, later ones above earlier ones."""
    merged: dict[str, Any] = {}
    for name in names:
        merged = merge(merged, yaml.safe_load((CHART / f"values-{name}.yaml").read_text(encoding="utf-8")))
    return merged


def merge(below: Values, above: Values) -> dict[str, Any]:
    """As Helm lays values over each other: maps are merged, everything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def render(values: Values, *, is_upgrade: bool = False) -> dict[str, str]:
    """Template -> text, in the order of their names. Raises helm_python.HelmError with the chart's own words."""
    from helm_python import Chart

    with Chart.load(CHART) as chart:
        texts = chart.render(
            dict(values), name=RELEASE, namespace=NAMESPACE, is_install=not is_upgrade, is_upgrade=is_upgrade
        )
    short = {name.removeprefix("packamal/templates/"): text for name, text in sorted(texts.items())}
    return {name: text for name, text in short.items() if name.endswith(".yaml") and text.strip()}


def render_with(helm: Path, values: Values) -> list[Object]:
    """The same by Helm's program; what it renders besides, tests and hooks, is in it, too."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(dict(values), file)
        file.flush()
        command = [str(helm), "template", RELEASE, str(CHART), "--namespace", NAMESPACE, "--values", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(documents(done.stdout))


def documents(text: str) -> Iterator[Object]:
    """Every object of a rendered text. Raises RuleError for a key said twice, of which a cluster would drop one."""
    for found in yaml.load_all(text, Loader=loader()):
        if found:
            yield found


def objects(values: Values, *, is_upgrade: bool = False) -> list[Object]:
    """Every object of a release."""
    return [one for text in render(values, is_upgrade=is_upgrade).values() for one in documents(text)]


def golden(values: Values) -> str:
    """What is committed: readable, and the same each time."""
    parts = []
    for name, text in render(values).items():
        body = EMPTY_LINES.sub("\n", text.strip()).removeprefix("---\n")
        parts.append(f"---\n# {name}\n{body}\n")
    return GENERATED.sub(r"\1R0VORVJBVEVE", "".join(parts))
