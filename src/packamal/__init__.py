"""Say whether a package is malicious, and why."""

__version__ = "0.1.0"
