"""What code says, in any language: facts a front end reads out of units, without any idea of malice.

A front end walks each unit's tree once and evaluates abstractly. Canonical names:

* Python: the full dotted name after alias and assignment resolution: `subprocess.Popen`, `os.environ.get`,
  `urllib.request.urlopen`; builtins bare: `exec`, `open`, `getattr`, `__import__`.
* JavaScript: module without the `node:` prefix, then members: `child_process.exec`, `fs.readFileSync`, `fetch`,
  `process.env`; a default or namespace import is the module itself: `axios.post`, `axios` (called directly).
* `new X(...)` has callee `X` and `is_new`.
* A method on a call's result: `socket.socket().connect`, `open().write`, `requests.Session().post`,
  `https.request().write`. `await x` and `.then` callbacks are seen through: the value of the promise is the value.
* A method on something unknown: `?.sendall`; on a parameter likewise. On a constant: `str.join`, `bytes.decode`.
* A class deriving from a known one: methods called on `self` that are not defined locally resolve to `Base().method`.

Ids are positions in `Facts.calls` / `.uses` etc. are NOT used; each Call, Use and Text carries its own `id`, unique in
the Facts it stands in, so that flows can name it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Place(NamedTuple):
    """Where in which unit."""

    unit: str
    """Unit.name"""
    line: int
    """1-based line inside the unit's own text."""
    function: str = ""
    """Qualified name of the enclosing function or method; empty at module level. `Class.method`, `outer.inner`."""
    is_called: bool = True
    """False when the place is in a function that nothing in the package is seen to call while the unit is loaded;
    True at module level and in functions reached from it (and cmdclass `run` methods and the like for setup.py)."""
    condition: str = ""
    """Source text of the nearest enclosing `if` test (or `while`, `except`), at most 200 characters."""


class Arg(NamedTuple):
    """An argument as it could be evaluated.

    `text` is a rendering: exact for constants (bytes as latin-1), with `{name}` holes where only parts are known
    (`https://{host}/x`, `{os.getenv(TEMP)}/a.exe`), None when nothing is known. Capped at MAX_TEXT.
    """

    text: str | None = None
    const: object = None
    """The exact constant when `is_const`: str, bytes, int, float, bool, None, or a tuple of those."""
    is_const: bool = False
    ref: str = ""
    """Canonical dotted name when the argument is a reference (`os.environ`, `subprocess.Popen`, a local function)."""
    sources: frozenset[int] = frozenset()
    """Ids of the facts (Call, Use, Text) whose values it was made from, transitively, over functions where known."""
    steps: tuple[str, ...] = ()
    """Decode steps that made it, outermost first: ('base64', 'zlib')."""
    fields: tuple[tuple[str, Arg], ...] = ()
    """For a dict or object literal (or one built by assignments): its known keys. For a list or tuple: '0', '1', ..."""


MAX_TEXT = 4096


class Call(NamedTuple):
    """A call, also one made by a decorator, a `new`, a tagged template or an `import()` of a computed name."""

    id: int
    callee: str
    args: tuple[Arg, ...]
    named: tuple[tuple[str, Arg], ...]
    """Keyword arguments. JavaScript has none."""
    place: Place
    receiver: Arg | None = None
    """The value a method is called on, when it is not a module."""
    is_new: bool = False
    result: str = ""
    """What a decoder made of a constant, as text, at most MAX_TEXT characters; empty where it is not known."""


class Use(NamedTuple):
    """A canonical attribute read without a call (`os.environ`, `process.env.HOME`, `document.cookie`), or a write
    when `is_write` (`window.fetch = ...`, `sys.meta_path`), then `value` is what is written. Also a parameter, or an
    attribute of something unknown, whose name says that it holds a secret: `parameter.private_key`."""

    id: int
    name: str
    place: Place
    is_write: bool = False
    value: Arg | None = None


class Text(NamedTuple):
    """A constant that stands in the source or was assembled: one fact for each literal of at least MIN_TEXT
    characters and each folded result (the whole, not the intermediate steps)."""

    id: int
    value: str
    """At most MAX_TEXT characters; bytes as latin-1."""
    place: Place
    is_assembled: bool = False
    """True when built from parts or decoded, so that it does not stand in the source as such."""
    steps: tuple[str, ...] = ()


MIN_TEXT = 4


class Layer(NamedTuple):
    """A constant that was decoded, or that runs as code; it becomes a unit of its own and is read again."""

    data: bytes
    """Text as UTF-8."""
    place: Place
    steps: tuple[str, ...]
    is_executed: bool
    language: str = ""
    """`python`, `javascript`, `shell`, `powershell` where the callee says it (exec, Function, os.system), or empty."""
    via: int = -1
    """Id of the Call that runs it."""


class Edge(NamedTuple):
    """Imports, starts or reads another unit of the package."""

    kind: str
    """import, start (a process or worker runs it), exec (its content is run as code), read (its content is read)."""
    target: str
    """What the source says: dotted module with leading dots for Python, specifier for JavaScript, else a path."""
    place: Place


class FactFlow(NamedTuple):
    """The value of fact `source` reaches an argument of call `sink` (or the value written by a Use)."""

    source: int
    sink: int
    arg: str
    """'0', '1', ... or the keyword, or 'receiver', or 'value'; a field inside a literal as '1.headers'."""


class Note(NamedTuple):
    """What a front end saw about the text itself: a fact id from the closed list below, and where."""

    kind: str
    """limit (an evaluation limit was reached), hex-names, string-array, packed, minified, control-flow-flattening,
    dead-long-line (code behind 200+ blanks), odd-encoding, fallback-parser, unparsable, computed-member or
    rebuilt-name."""
    place: Place
    detail: str = ""


@dataclass(slots=True)
class Facts:
    """All facts of the units of one language in one artifact."""

    calls: list[Call] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    flows: list[FactFlow] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    """(unit name, one line) for what could not be read at all: makes the report incomplete."""
