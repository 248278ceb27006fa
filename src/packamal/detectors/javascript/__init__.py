"""Reads JavaScript and TypeScript."""

from packamal.detectors.javascript.read import read

__all__ = ["read"]
