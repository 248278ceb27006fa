"""Every limit of the evaluator, with its reason: hostile code must not buy time or memory."""

from __future__ import annotations

from typing import Final

MAX_SOURCE_BYTES: Final = 64 * 1024 * 1024
"""Larger units are not parsed: decoding alone would double them."""
MAX_TOKENS: Final = 1_500_000
"""Estimated by punctuation; a tree costs about a kilobyte for each, so this bounds a unit's tree to 1.5 GB... in the
worst case, in practice a tenth of it."""
MAX_NESTING: Final = 400
"""Open brackets; the parser itself gives up at 200."""
RECURSION: Final = 4_000
"""Python frames while reading: deep trees need them, and three frames go down one level of a tree."""

MAX_STEPS: Final = 150_000
"""Tree nodes evaluated again in one unit by loops and inlined calls: about 0.7 seconds."""
FEW_STEPS: Final = 4_000
"""The same in a unit in which the gate finds nothing: no decoded text that could run, no way to reach anything."""
LEAST_STEPS: Final = 40_000
STEPS_PER_CHARACTER: Final = 10
"""What is decoded stands in the unit: small ones get so many for each character, so that a benchmark's loop ends."""
MAX_PACKAGE_STEPS: Final = 2_000_000
"""The same for a whole package."""
MAX_ROUNDS: Final = 20_000
"""Iterations of one loop."""
MAX_CALL_DEPTH: Final = 24
"""Functions read on demand inside one another; deeper ones are read on their own."""
MAX_INLINE_DEPTH: Final = 8
"""Lambdas and small functions evaluated inside one another; obfuscators nest lambdas deeper than people do."""
MAX_INLINE_FUNCTIONS: Final = 3
"""The same for functions with a body of statements, as the design says."""
MIN_INLINE_STEPS: Final = 20_000
"""Tree nodes that evaluating functions again may cost in every unit, however small."""
INLINE_SHARE: Final = 0.05
"""The same for a large unit, for each character; a node stands for about five characters."""
MAX_INLINE_SIZE: Final = 250
"""Tree nodes of a function that is evaluated again for its arguments."""

MAX_CONST: Final = 8 * 1024 * 1024
"""Characters or bytes of a folded constant."""
MAX_WIDTH: Final = 4_096
"""Width in formats and paddings."""
MAX_BITS: Final = 65_536
"""Bits of a folded integer."""
MAX_VARIANTS: Final = 8
"""Calls recorded for one place in the source under different constant arguments."""
MAX_FIELDS: Final = 64
"""Elements of a literal shown in an argument."""
MAX_LAYER_BYTES: Final = 8 * 1024 * 1024
"""Size of a layer handed on."""
MIN_LAYER_BYTES: Final = 40
"""Shorter decoded constants are names and addresses; they stay texts."""
MAX_LAYERS: Final = 64
"""Layers of one unit."""
MAX_LAZY_BYTES: Final = 48 * 1024
"""Source of modules that were not given but are reached, for one package."""
MAX_LAZY_UNIT: Final = 12 * 1024
"""Size of one such module: settings and helpers are small."""
MAX_EVAL_CHARS: Final = 4_000
"""Text of an `eval` that is evaluated in place."""
MAX_EXEC_CHARS: Final = 2_000_000
MAX_EXEC_NODES: Final = 12_000
"""Text and tree of an `exec` that is read in place; larger ones are only layers."""
MAX_PROGRAMS: Final = 100
"""Programs that run one another by `exec`, read in place inside one another."""
MAX_TOLERANT_BYTES: Final = 2 * 1024 * 1024
"""Source given to the tolerant parser; noise can hold it for seconds."""
