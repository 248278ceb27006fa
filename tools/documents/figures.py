"""docs/figures.md: the newest measurements, each with its date, its data and its commit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from documents import ROOT, code, page, table

RESULTS = ROOT / "evals" / "results"
INTRODUCTION = """
Every figure comes from a script under `evals/` and stands here with its date, data and commit. Shares carry their 95 %
interval (Wilson). Malware is small and benign packages are large and well known, so no figure says how a scanner does
on small, new, honest packages.
"""


def text() -> str:
    """The whole page; a part that was never measured says so."""
    return page("Figures", INTRODUCTION, "## Accuracy", accuracy(), "## Speed", speed(), "## Size", size())


def newest(kind: str) -> Mapping[str, Any] | None:
    """The last result of a kind, by date."""
    paths = sorted(RESULTS.glob(f"{kind}-*.json"))
    return dict(json.loads(paths[-1].read_text(encoding="utf-8"))) if paths else None


def place(result: Mapping[str, Any], script: str) -> str:
    """Where a figure comes from."""
    versions = ", ".join(f"{name} {version}" for name, version in result.get("versions", {}).items())
    peers = ", ".join(f"{name} {version}" for name, version in result.get("peers", {}).items())
    words = [code(f"evals/{script}"), result["date"], f"commit {result['commit']}", result["machine"]]
    return ", ".join([*words, f"Python {result['python']}", *filter(None, (versions, peers))]) + "."


def accuracy() -> str:
    """Recall and false flags."""
    result = newest("accuracy")
    if result is None:
        return "Not measured yet."
    rows = [
        (ecosystem, level, *(share(values[name]) for name in ("recall", "recall_with_payload")),
         f"{values['recall_mean_over_clusters']:.1%}", share(values["false_flags"]))
        for ecosystem, levels in result["figures"].items()
        for level, values in levels.items()
    ]  # fmt: skip
    head = ("ecosystem", "at", "recall", "recall, payload seen", "mean over clusters", "false flags")
    return (
        place(result, "accuracy.py")
        + f" Labels {result['labels']}, rules {result['rules_version']}.\n\n"
        + table(head, rows)
    )


def share(value: Mapping[str, Any]) -> str:
    """A share with its interval."""
    return f"{value['count']} of {value['of']}: {value['share']:.1%} ({value['low']:.1%} to {value['high']:.1%})"


def speed() -> str:
    """CPU against the floor and peers."""
    result = newest("speed")
    if result is None:
        return "Not measured yet."
    rows = [
        (row["on"], row["tool"], result["archives"][row["on"]], row["cpu_s"], row["x_floor"], row.get("peak_mb", ""))
        for row in sorted(result["batch"], key=lambda row: (str(row["on"]), float(row["cpu_s"])))
    ]
    batch = table(("archives of", "tool", "archives", "CPU s", "x floor", "peak MB"), rows)
    starts = table(("one process", "CPU, median"), [(name, value) for name, value in result["one_shot_cpu_s"].items()])
    return f"{place(result, 'speed.py')} The floor unpacks in memory and touches every byte.\n\n{batch}\n\n{starts}"


def size() -> str:
    """The base install."""
    result = newest("install-size")
    if result is None:
        return "Not measured yet."
    largest = ", ".join(f"{name} {mb} MB" for name, mb in list(result["largest_mb"].items())[:6])
    total = f"The base install is {result['packages']} packages and {result['megabytes']} MB; the largest: {largest}."
    return f"{place(result, 'install_size.py')} {total}"
