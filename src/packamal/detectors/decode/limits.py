"""The bounds every decoder keeps: packages are hostile, and a few kB may unfold to many GB."""

from __future__ import annotations

MAX_INPUT = 16 * 2**20
"""Bytes a decoder looks at; larger constants are no code anybody wrote."""
MAX_OUTPUT = 8 * 2**20
"""Bytes one step may yield; the rest is cut off. Payloads of real packages stay below 1 MB."""
MAX_SLOW_INPUT = 32 * 2**10
"""Bytes for decoders whose work grows with the square of the input (base36/58/62, punycode)."""
MAX_LOOP_INPUT = 512 * 2**10
"""Bytes for ciphers computed in Python, about 0.2 s."""
MAX_STEPS = 12
"""Layers `peel` takes off; generators of nested layers stop being code long before."""
MAX_OBJECTS = 200_000
"""Objects read from one marshal or pickle stream."""
MAX_DEPTH = 60
"""Nesting of a marshal stream; code nests functions, not arbitrary data."""
MAX_RENDERED = 6 * 2**20
"""Characters of pseudo source: a payload inside a payload is written out whole."""
MAX_ARGUMENT = 4 * 2**20
"""Characters of one rendered constant or call in pseudo source."""
MAX_WRITTEN = 64 * 2**20
"""Characters all values of one code object may take while it is walked; doubling a value stops there."""
