#!/usr/bin/env python3
"""Size and number of what the base install brings, in a fresh environment; 1 when it outgrew its bounds.

    install_size.py [--keep]

The base is the scanner alone: it has to be small enough for `pipx run packamal scan ...` and for one step of a CI job.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, distributions
from pathlib import Path

from measuring import ROOT, keep, print_table, provenance

sys.path.insert(0, str(ROOT / "tools"))
from bootstrap import LOCKS, PYTHON, pip_settings, uv_settings

MAX_PACKAGES = 45
"""The libraries of docs/decisions/0002 and what they need."""
MAX_MEGABYTES = 150
"""Below the half minute that a slow line needs; yara-x and zstandard alone are 60."""
BYTECODE = ".pyc"


def main() -> int:
    """Install, add up, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="store the result under evals/results")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        sizes = measured(Path(scratch) / "venv")
    megabytes = round(sum(sizes.values()), 1)
    print_table(("package", "MB"), sorted(sizes.items(), key=lambda item: -item[1])[:12])
    print(f"{len(sizes)} packages of at most {MAX_PACKAGES}, {megabytes} MB of at most {MAX_MEGABYTES}")
    if arguments.keep:
        largest = dict(sorted(sizes.items(), key=lambda item: -item[1])[:10])
        result = {"packages": len(sizes), "megabytes": megabytes, "largest_mb": largest}
        print("kept in", keep("install-size", {**provenance("packamal"), **result}))
    return 1 if len(sizes) > MAX_PACKAGES or megabytes > MAX_MEGABYTES else 0


def measured(venv: Path) -> dict[str, float]:
    """Package -> MB without bytecode, in a new environment that holds the base alone."""
    environment = {**os.environ, **uv_settings(pip_settings()), "UV_NO_CONFIG": "1"}
    uv = PYTHON.parent / "uv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, venv], check=True, env=environment)
    target: list[str | Path] = ["--quiet", "--python", venv / "bin" / "python"]
    lock: list[str | Path] = ["--require-hashes", LOCKS / "base.txt"]
    subprocess.run([uv, "pip", "sync", *target, *lock], check=True, env=environment)
    subprocess.run([uv, "pip", "install", *target, "--no-deps", ROOT], check=True, env=environment)
    [site] = venv.glob("lib/python*/site-packages")
    return {found.name: megabytes(found) for found in distributions(path=[str(site)])}


def megabytes(distribution: Distribution) -> float:
    """What its files take, as listed by itself."""
    paths = (Path(str(file.locate())) for file in distribution.files or ())
    return round(sum(path.stat().st_size for path in paths if path.suffix != BYTECODE and path.exists()) / 1e6, 1)


if __name__ == "__main__":
    sys.exit(main())
