"""Python read without running it: trees are evaluated abstractly, and what they do becomes facts."""

from packamal.detectors.python.read import read

__all__ = ["read"]
