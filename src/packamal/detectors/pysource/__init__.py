"""The Python front end: one walk over each module, with aliases, constants, layers and flows."""

from packamal.detectors.pysource.reading import read

__all__ = ["read"]
