"""How Packamal looks at a package: front ends that read facts, a catalogue that gives them meaning, and detectors."""

from __future__ import annotations

from packamal.detectors import binary, bytecode, images, invisible, known_bad, metadata, pickles, typosquat, yara
from packamal.detectors.base import Detector

DETECTORS: dict[str, Detector] = {
    "yara": yara.detect,
    "binary": binary.detect,
    "bytecode": bytecode.detect,
    "images": images.detect,
    "pickles": pickles.detect,
    "invisible": invisible.detect,
    "metadata": metadata.detect,
    "known-bad": known_bad.detect,
    "typosquat": typosquat.detect,
}
"""Every way of looking at a whole package, in order of running."""
