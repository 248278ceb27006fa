"""The values that travel through Packamal: what was judged, what it does, and the answer.

Frozen, slotted, free of behaviour beyond small facts about themselves. One definition serves the JSON report, the
database column and the API schema: `pydantic.TypeAdapter(Report)` at the edges validates and describes them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import ClassVar

from packamal.capability import Capability

SCHEMA_VERSION = "1.0"


class Level(enum.StrEnum):
    """The answer, mildest first; `incomplete` is no degree of badness but the absence of an answer."""

    CLEAN = "clean"
    SUSPICIOUS = "suspicious"
    MALICIOUS = "malicious"
    INCOMPLETE = "incomplete"


class Severity(enum.StrEnum):
    """How bad a finding is if it is true."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Confidence(enum.StrEnum):
    """How sure a finding is to be true."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Role(enum.StrEnum):
    """When a file's code runs, the strongest way it is reached; strongest first."""

    INSTALL = "install"
    STARTUP = "startup"
    IMPORT = "import"
    CALL = "call"
    NEVER = "never"

    @property
    def strength(self) -> int:
        """Larger is stronger: install 4 ... never 0."""
        return _STRENGTH[self]


_STRENGTH = {Role.INSTALL: 4, Role.STARTUP: 3, Role.IMPORT: 2, Role.CALL: 1, Role.NEVER: 0}


class Origin(enum.StrEnum):
    """Who saw a signal."""

    STATIC = "static"
    SANDBOX = "sandbox"
    METADATA = "metadata"
    DIFF = "diff"


class Relation(enum.StrEnum):
    """How closely the signals of a finding hang together; strongest first."""

    FLOW = "flow"
    FUNCTION = "function"
    FILE = "file"
    PACKAGE = "package"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file that was judged."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    purl: str
    """Canonical purl with version; empty for a local file whose metadata names no package."""
    filename: str
    sha256: str
    """Lower-case hex of the file's bytes; for a directory, of the sorted (path, digest) list."""
    size_bytes: int
    kind: str = ""
    """wheel, sdist, npm, directory, or the archive's format."""
    published_at: str = ""
    """ISO 8601 in UTC as the index says, or empty."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where to look."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    artifact: str = ""
    """File name of the artifact; empty when there is only the package."""
    path: str = ""
    """Member path inside the artifact, as the archive spells it."""
    line: int = 0
    """1-based; 0 where lines mean nothing."""
    snippet: str = ""
    """The source text there, one to three lines, at most SNIPPET_CHARS."""
    decoded: str = ""
    """What stood there once the layers were taken off, around the hit; empty when nothing was decoded."""
    steps: tuple[str, ...] = ()
    """The layers taken off, outermost first: base64, zlib, ..."""


SNIPPET_CHARS = 240
DECODED_CHARS = 1200


@dataclass(frozen=True, slots=True)
class Signal:
    """One capability seen once."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    id: Capability
    role: Role
    origin: Origin
    evidence: Evidence
    target: str = ""
    """What it is about, where known: host or URL, path, command, module, environment name. Capped at TARGET_CHARS."""
    scope: str = ""
    """Enclosing function's qualified name; empty at module level."""
    reason: str = ""
    """How the file is reached: `package.json scripts.postinstall -> lib/setup.js`."""


TARGET_CHARS = 300


@dataclass(frozen=True, slots=True)
class Flow:
    """The value of one signal reaches another: indices into the report's signals."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    source: int
    sink: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim, with its proof."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    rule: str
    """Lower-case path, stable for ever: exfil/env-to-http."""
    title: str
    says: str
    """The claim in a sentence a person understands."""
    severity: Severity
    confidence: Confidence
    role: Role
    """The weakest role among the signals that carry the claim."""
    relation: Relation
    techniques: tuple[str, ...] = ()
    """MITRE ATT&CK ids."""
    evidence: tuple[Evidence, ...] = ()
    suppressed: str = ""
    """Why the team accepts it; a suppressed finding is shown and does not count. Empty: it counts."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One term of the verdict's sum."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    rule: str
    points: int
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    level: Level
    score: int
    """0 to 100."""
    reasons: tuple[Reason, ...] = ()
    """In order of weight, heaviest first."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that did not run or was not read; makes a report incomplete unless `is_partial` is false."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    stage: str
    """resolve, fetch, archive, python, javascript, yara, metadata, ..."""
    message: str
    """One line, no traceback, says what to do where something can be done."""
    path: str = ""
    is_partial: bool = True
    """True when part of the package was not judged, so that clean cannot be said."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything about one target, immutable and versioned."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    target: str
    """What the user asked for, as typed (credentials taken out)."""
    purl: str
    """The exact package, or empty for a local thing without a name."""
    verdict: Verdict
    artifacts: tuple[Artifact, ...] = ()
    findings: tuple[Finding, ...] = ()
    """Strongest first."""
    signals: tuple[Signal, ...] = ()
    flows: tuple[Flow, ...] = ()
    errors: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader should know: which version was newest, which wheels were not judged."""
    timings_ms: dict[str, int] = field(default_factory=dict)
    files: int = 0
    """Members read."""
    tool_version: str = ""
    rules_version: str = ""
    """12 hex digits over catalogue, rules, lists and weights."""
    schema_version: str = SCHEMA_VERSION
