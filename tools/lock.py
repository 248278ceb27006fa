#!/usr/bin/env python3
"""Write requirements/*.txt anew: every version pinned, every file hashed, no index address recorded.

`lock.py` keeps pins that still fit; `lock.py --upgrade` takes the newest. tests/house/test_locks.py checks the result
offline.
"""

from __future__ import annotations

import os
import subprocess
import sys

from bootstrap import LOCKS, PYTHON, ROOT, pip_settings, uv_settings

COMPILE = [
    *["pip", "compile", "--quiet", "--universal", "--python-version", "3.11"],
    *["--generate-hashes", "--no-emit-index-url", "--no-header"],
]
WHAT = {
    "base": ["pyproject.toml"],
    "server": [
        *["pyproject.toml", "--extra", "server", "--extra", "telemetry"],
        *["--constraints", "requirements/base.txt"],
    ],
    "cluster": [
        *["pyproject.toml", "--extra", "server", "--extra", "telemetry", "--extra", "kubernetes"],
        *["--constraints", "requirements/server.txt"],
    ],
    "dev": ["pyproject.toml", "--all-extras", "--group", "dev", "--constraints", "requirements/cluster.txt"],
}
"""Lock file -> what goes into it; each holds the versions of the one before it."""
TOOLS = {"uv": "uv", "build": "hatchling>=1.27"}
"""Lock file -> the requirement that the bootstrap itself needs."""


def main(options: list[str]) -> None:
    """Compile each lock; uv says why when a set cannot be resolved."""
    environment = {**os.environ, **uv_settings(pip_settings()), "UV_NO_CONFIG": "1"}
    for name, words in [*WHAT.items(), *((tool, ["-"]) for tool in TOOLS)]:
        output = ["--output-file", str((LOCKS / f"{name}.txt").relative_to(ROOT))]
        command = [str(PYTHON.parent / "uv"), *COMPILE, *words, *options, *output]
        subprocess.run(command, cwd=ROOT, env=environment, input=TOOLS.get(name, ""), text=True, check=True)


if __name__ == "__main__":
    main([option for option in sys.argv[1:] if option == "--upgrade"])
