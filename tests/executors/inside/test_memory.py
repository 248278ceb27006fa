"""What the kernel counted, whichever version of control groups it has."""

from __future__ import annotations

import pytest

from packamal.executors.inside.memory import oom_kills


@pytest.mark.parametrize(
    ("path", "text", "count"),
    [
        ("sys/fs/cgroup/memory.events", "low 0\noom 7\noom_kill 3\noom_group_kill 0\n", 3),
        ("sys/fs/cgroup/memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", 2),
        ("sys/fs/cgroup/memory.events", "oom_kill many\n", 0),
        ("elsewhere", "oom_kill 9\n", 0),
    ],
)
def test_kills_are_counted_where_somebody_counts(tmp_path, path, text, count):
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text)
    assert oom_kills(tmp_path) == count
