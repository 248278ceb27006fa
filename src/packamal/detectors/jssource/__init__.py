"""The JavaScript front end: one walk over each module's tree, with aliases, constants, callbacks and flows."""

from packamal.detectors.jssource.reading import read

__all__ = ["read"]
