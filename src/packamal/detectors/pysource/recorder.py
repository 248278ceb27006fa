"""Turn what the walk meets into facts with ids."""

from __future__ import annotations

from packamal.detectors.decode import marshal_source
from packamal.detectors.facts import MAX_TEXT, MIN_TEXT, Call, Edge, FactFlow, Facts, Layer, Note, Place, Text, Use
from packamal.detectors.pysource.values import Value, rendered

MIN_LAYER = 40
"""Bytes of a decoded constant that is read again though nothing is seen to run it."""
RUNNERS = {
    "exec": "python",
    "eval": "python",
    "compile": "python",
    "os.system": "shell",
    "os.popen": "shell",
    "subprocess.getoutput": "shell",
    "Function": "javascript",
    "vm.runInThisContext": "javascript",
    "vm.runInNewContext": "javascript",
    "vm.Script": "javascript",
    "child_process.exec": "shell",
    "child_process.execSync": "shell",
}
PROCESSES = (
    "subprocess.Popen",
    "subprocess.run",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
)


class Recorder:
    """Collects the facts of one artifact."""

    def __init__(self) -> None:
        self.facts = Facts()
        self._next = 0
        self._layers: set[bytes] = set()

    def _id(self) -> int:
        self._next += 1
        return self._next

    def text(self, value: object, place: Place, assembled: bool = False, steps: tuple[str, ...] = ()) -> frozenset[int]:
        """A text worth looking at; returns its source."""
        shown = rendered(value)
        if len(shown) < MIN_TEXT:
            return frozenset()
        number = self._id()
        self.facts.texts.append(Text(number, shown[:MAX_TEXT], place, assembled, steps))
        return frozenset({number})

    def call(
        self, callee: str, arguments: list[Value], named: dict[str, Value], receiver: Value | None, place: Place
    ) -> int:
        """A call with all that flows into it; returns its id."""
        number = self._id()
        args = tuple(value.arg() for value in arguments)
        keywords = tuple((key, value.arg()) for key, value in named.items())
        shown = receiver.arg() if receiver is not None else None
        self.facts.calls.append(Call(number, callee, args, keywords, place, shown))
        for key, value in [*((str(index), value) for index, value in enumerate(arguments)), *named.items()]:
            self._flow(key, value, number)
        if receiver is not None:
            self._flow("receiver", receiver, number)
        self._run(callee, arguments, named, number, place)
        return number

    def _flow(self, key: str, value: Value, sink: int) -> None:
        for source in sorted(value.sources):
            self.facts.flows.append(FactFlow(source, sink, key))
        for name, item in value.fields:
            for source in sorted(item.sources - value.sources):
                self.facts.flows.append(FactFlow(source, sink, f"{key}.{name}"))

    def _run(self, callee: str, arguments: list[Value], named: dict[str, Value], number: int, place: Place) -> None:
        language = RUNNERS.get(callee, "shell" if callee in PROCESSES else "")
        if not language or not arguments:
            return
        first = arguments[0]
        if callee in PROCESSES and first.fields:
            words = [item.shown() or "" for _, item in first.fields]
            self._inline(words, place, number)
            self.layer(" ".join(words), place, ("command",), ("shell", number))
            return
        if first.is_const and isinstance(first.const, str | bytes):
            if callee == "eval" and place.unit.endswith((".js", ".mjs", ".cjs", ".ts")):
                language = "javascript"
            self.layer(first.const, place, first.steps or ("code",), (language, number))

    def _inline(self, words: list[str], place: Place, number: int) -> None:
        if "-c" in words[:-1] and ("python" in words[0] or "sys.executable" in words[0]):
            self.layer(words[words.index("-c") + 1], place, ("command",), ("python", number))
        elif len(words) > 1 and ("python" in words[0] or "sys.executable" in words[0]):
            self.edge("start", words[1], place)

    def decoded(self, value: Value, place: Place) -> None:
        """A constant that came out of a codec."""
        if isinstance(value.const, str | bytes) and len(value.const) >= MIN_LAYER:
            self.layer(value.const, place, value.steps, None)

    def marshalled(self, data: bytes, place: Place, steps: tuple[str, ...]) -> None:
        """A code object in a constant, written out."""
        source = marshal_source(data)
        if source:
            self.layer(source, place, (*steps, "marshal"), ("python", -1))

    def layer(self, data: str | bytes, place: Place, steps: tuple[str, ...], run: tuple[str, int] | None) -> None:
        """A layer, once; `run` is the language and the call that runs it, None when it is only decoded."""
        content = data.encode("utf-8", "replace") if isinstance(data, str) else data
        if content not in self._layers and len(content) > 3:
            self._layers.add(content)
            self.facts.layers.append(Layer(content, place, steps, run is not None, *(run or ("", -1))))

    def use(self, name: str, place: Place, value: Value | None = None) -> frozenset[int]:
        """An attribute read, or written with a value; returns its source."""
        number = self._id()
        self.facts.uses.append(Use(number, name, place, value is not None, value.arg() if value else None))
        for source in sorted(value.sources) if value else ():
            self.facts.flows.append(FactFlow(source, number, "value"))
        return frozenset({number})

    def edge(self, kind: str, target: str, place: Place) -> None:
        """An import, start or read of a neighbour."""
        self.facts.edges.append(Edge(kind, target, place))

    def note(self, kind: str, place: Place, detail: str = "") -> None:
        """What the text itself shows."""
        self.facts.notes.append(Note(kind, place, detail))
