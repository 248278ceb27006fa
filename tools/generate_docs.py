#!/usr/bin/env python3
"""Write the documents that follow from the code; `--check` only says which of them are stale."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from documents import ROOT, chart, commands, figures, limits, load, openapi, rules, settings, signals

from packamal.render.schema import schema_text

DOCUMENTS: dict[str, Callable[[], str]] = {
    "deploy/chart/rendered/aks.yaml": chart.aks,
    "deploy/chart/rendered/minikube.yaml": chart.minikube,
    "docs/cli.md": commands.text,
    "docs/figures.md": figures.text,
    "docs/limits.md": limits.text,
    "docs/load.md": load.text,
    "docs/openapi.json": openapi.text,
    "docs/report.schema.json": schema_text,
    "docs/rules.md": rules.text,
    "docs/settings.md": settings.text,
    "docs/signals.md": signals.text,
}
"""Path below the root -> what it should hold."""


def main(options: list[str]) -> int:
    """Write, or compare and name the stale ones; 1 when one is stale."""
    texts = {name: text() for name, text in DOCUMENTS.items()}
    stale = [name for name, text in texts.items() if read(ROOT / name) != text]
    if "--check" in options:
        print("\n".join(f"{name} is stale: run `make docs`" for name in stale))
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).write_text(texts[name], encoding="utf-8")
        print("wrote", name)
    return 0


def read(path: Path) -> str:
    """The text that stands there; empty when nothing does."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
