"""Whether the kernel killed something of this container for want of memory, where it kills single processes."""

from __future__ import annotations

from pathlib import Path

COUNTS = ("sys/fs/cgroup/memory.events", "sys/fs/cgroup/memory/memory.oom_control")
"""Of control groups version 2 and 1; a container sees its own there."""
FIELD = "oom_kill"


def oom_kills(root: Path = Path("/")) -> int:
    """How many so far; 0 where nobody counts."""
    for path in COUNTS:
        try:
            lines = (root / path).read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, count = line.partition(" ")
            if name == FIELD and count.isdigit():
                return int(count)
    return 0
