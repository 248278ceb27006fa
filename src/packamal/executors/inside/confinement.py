"""How this process is shut in, as the kernel tells it, against the profile that was asked for. Linux alone.

Looked at before anything is fetched: a pod that a cluster let through without its walls is no place for a package.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from packamal.executors.kubernetes.settings import Profile

CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
FILTER = 2
"""Of the field Seccomp: a filter is in force (proc_pid_status(5))."""
ACCOUNTS = ("/var/run/secrets/", "/run/secrets/")
"""Whatever proves to somebody who a pod is gets mounted below: the cluster's own tokens and those of clouds."""
GUEST_MARK = "systemd.unit=kata-containers.target"
"""In the command line of the guest's kernel."""
GUEST_SHARE = "kataShared"
"""The share over which a guest gets its files (virtiofs), in the table of mounts."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What was found."""

    user_ids: tuple[int, ...]
    """Real, effective, saved, and of the file system."""
    group_ids: tuple[int, ...]
    """The same, then all others."""
    has_no_new_privileges: bool
    seccomp: int
    capabilities: int
    """Of all five sets together; 0: none can be had."""
    has_read_only_root: bool
    has_account: bool
    """A token of a service account or of a cloud is mounted."""
    is_guest: bool
    """A virtual machine of its own, as Kata marks it."""

    def shown(self) -> dict[str, object]:
        """For a line of JSON."""
        return asdict(self) | {"capabilities": f"{self.capabilities:016x}"}


def look(root: Path = Path("/")) -> Confinement:
    """Ask the kernel. Raises OSError, ValueError, KeyError where it does not tell."""
    status = _fields((root / "proc/self/status").read_text())
    mounts = (root / "proc/self/mountinfo").read_text()
    return Confinement(
        user_ids=_numbers(status["Uid"]),
        group_ids=_numbers(status["Gid"]) + _numbers(status["Groups"]),
        has_no_new_privileges=status["NoNewPrivs"] == "1",
        seccomp=int(status["Seccomp"]),
        capabilities=_united(status),
        has_read_only_root=bool(os.statvfs(root).f_flag & os.ST_RDONLY),
        has_account=_has_account(root, mounts),
        is_guest=GUEST_MARK in (root / "proc/cmdline").read_text() or GUEST_SHARE in mounts,
    )


def trouble(found: Confinement, profile: Profile) -> tuple[str, ...]:
    """What is not as the profile has it, for people; empty: all is."""
    wrong = {"a token of an account is mounted": found.has_account}
    if profile is not Profile.PRIVILEGED:
        wrong |= {
            "the user is root": 0 in found.user_ids,
            "the users differ": len(set(found.user_ids)) != 1,
            "a group is root": 0 in found.group_ids,
            "new privileges can be had": not found.has_no_new_privileges,
            "no seccomp filter is in force": found.seccomp != FILTER,
            "capabilities can be had": found.capabilities != 0,
            "the root file system can be written": not found.has_read_only_root,
        }
    if profile is Profile.KATA:
        wrong["there is no virtual machine of its own"] = not found.is_guest
    return tuple(words for words, is_so in wrong.items() if is_so)


def words(found: Confinement, profile: Profile) -> str:
    """One line for the report: which walls there were, not which were asked for alone."""
    walls = {
        f"user {found.user_ids[1]}": True,
        "no new privileges": found.has_no_new_privileges,
        "seccomp filter": found.seccomp == FILTER,
        "no capabilities": found.capabilities == 0,
        "read-only root": found.has_read_only_root,
        "a virtual machine of its own": found.is_guest,
    }
    return f"made in a Job, profile {profile.value}: {', '.join(wall for wall, is_so in walls.items() if is_so)}"


def _fields(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.splitlines())
    return {name: value.strip() for name, _, value in pairs}


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split())


def _united(status: Mapping[str, str]) -> int:
    united = 0
    for name in CAPABILITIES:
        united |= int(status[name], 16)
    return united


def _has_account(root: Path, mounts: str) -> bool:
    points = [words[4] for line in mounts.splitlines() if len(words := line.split()) > 4]
    folders = [root / folder.lstrip("/") / "kubernetes.io" for folder in ACCOUNTS]
    return any(point.startswith(ACCOUNTS) for point in points) or any(os.path.lexists(folder) for folder in folders)
