"""Where running begins: the values that an ecosystem's reading of the manifests hands to the spreading of roles."""

from __future__ import annotations

from dataclasses import dataclass, field

from packamal.detectors.facts import Edge
from packamal.detectors.units import Unit
from packamal.model import Role


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that the ecosystem's own tools run or load."""

    path: str
    role: Role
    reason: str


@dataclass(slots=True)
class Plan:
    """All beginnings of one artifact."""

    entries: list[Entry] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    """Code that stands inside a manifest: a lifecycle script, a `.pth` line."""
    edges: list[Edge] = field(default_factory=list)
    """What those units start."""

    def add(self, paths: tuple[str, ...] | list[str], role: Role, reason: str) -> None:
        """Enter files with one role and reason."""
        self.entries += [Entry(path, role, reason) for path in paths]

    def join(self, other: Plan) -> None:
        """Take over what another plan found."""
        self.entries += other.entries
        self.units += other.units
        self.edges += other.edges
