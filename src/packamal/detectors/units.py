"""A unit is a piece of text or bytes with a role: a member of the artifact, or a layer decoded out of one."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from packamal.model import Role


class Language(enum.StrEnum):
    """What a unit is written in; decides which front end reads it."""

    PYTHON = "python"
    JAVASCRIPT = "javascript"
    TYPESCRIPT = "typescript"
    SHELL = "shell"
    POWERSHELL = "powershell"
    BATCH = "batch"
    JSON = "json"
    TOML = "toml"
    YAML = "yaml"
    MARKDOWN = "markdown"
    TEXT = "text"
    BINARY = "binary"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit.

    `path` is the member's path, the same for all layers of a member. `name` is unique in the artifact: the path, for a
    second copy `path#2`, for a layer `path!1`, `path!1!2`.
    """

    name: str
    path: str
    data: bytes
    language: Language
    role: Role = Role.NEVER
    reason: str = ""
    """How it is reached, for people: `package.json scripts.postinstall -> lib/setup.js`."""
    parent: str = ""
    """Name of the unit a layer was decoded from."""
    line: int = 0
    """Line in the member where a layer starts; added evidence points there. 0 for members."""
    steps: tuple[str, ...] = ()
    """The layers taken off, outermost first."""
    is_executed: bool = True
    """For a layer: seen to be run (exec, eval, shell), not merely decoded."""
    function: str = ""
    """Function of the member in which a layer stands; empty at module level and for members."""
