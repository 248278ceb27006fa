"""The exception tree.

    PackamalError
    |-- UsageError              the user asked for something that cannot be (exit 2)
    |   |-- TargetError         not a target: bad purl, unsupported ecosystem, no such file
    |   |-- ReportError         not a report, or one of another schema
    |   `-- SettingsError       bad configuration value
    |-- AnalysisError           the analysis could not be done (exit 3, level incomplete)
    |   |-- NotFoundError       the index has no such package, version or file
    |   |-- FetchError          network, index or digest trouble
    |   `-- ArchiveError        not an archive we can read at all
    `-- RuleError               a rule, catalogue, list or weights file is wrong

Messages are one line, say what to do next, and hold no credentials.
"""

from __future__ import annotations


class PackamalError(Exception):
    """Root of everything Packamal raises on purpose."""


class UsageError(PackamalError):
    """The user asked for something that cannot be."""


class TargetError(UsageError):
    """The target cannot be understood or is not supported."""


class ReportError(UsageError):
    """What was given is no report, or one of a schema that is not read."""


class SettingsError(UsageError):
    """A configuration value is wrong."""


class AnalysisError(PackamalError):
    """The analysis could not be done."""


class NotFoundError(AnalysisError):
    """The index has no such package, version or file."""


class FetchError(AnalysisError):
    """The network or the index failed, or sent something that is not what it promised."""


class ArchiveError(AnalysisError):
    """The bytes are no archive that can be read at all."""


class RuleError(PackamalError):
    """A rule, catalogue, list or weights file is wrong."""
