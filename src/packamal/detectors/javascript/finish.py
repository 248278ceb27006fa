"""What was recorded to facts: places, flows, texts, layers, once it is known which functions are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from packamal.detectors.facts import MAX_TEXT, Arg, Call, Edge, FactFlow, Facts, Layer, Note, Text, Use
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.module import Module, Spot
from packamal.detectors.javascript.nodes import Function
from packamal.detectors.javascript.values import MAX_SOURCES

MIN_LAYER = 40
"""Bytes of a decoded constant that are read again although nothing is seen to run them."""
MIN_PIECE = 4
MAX_REACH = 400
"""Arguments that one fact flows into; past that it says nothing about any of them."""
FEW_SOURCES = 4
"""Facts in one argument that are still told apart."""
_HOLE = re.compile(r"\{[^{}]*\}")


def finish(m: Machine, modules: Sequence[Module]) -> Facts:
    """Make the facts."""
    facts = Facts()
    ids: dict[str, int] = {}
    for module in modules:
        _literals(m, module, facts, ids)
    _assembled(m, modules, facts, ids)
    for record in m.record.calls:
        place = record.spot.module.place(record.spot)
        arguments = tuple([_traced(argument, ids) for argument in record.arguments])
        receiver = _traced(record.receiver, ids) if record.receiver is not None else None
        result = m.record.results.get(record.id, "")
        facts.calls.append(Call(record.id, record.callee, arguments, (), place, receiver, record.is_new, result))
        for at, argument in enumerate(arguments):
            facts.flows.extend(_flows(argument, record.id, str(at)))
        if receiver is not None:
            facts.flows.extend(FactFlow(source, record.id, "receiver") for source in sorted(receiver.sources))
    facts.flows.extend(_into_files(facts.calls))
    _uses(m, facts, ids)
    facts.flows[:] = _telling(facts.flows)
    _layers(m, facts)
    for (kind, target, _, _), spot in m.record.edges.items():
        facts.edges.append(Edge(kind, target, spot.module.place(spot)))
    for kind, detail, spot in m.record.notes:
        facts.notes.append(Note(kind, spot.module.place(spot), detail))
    return facts


def _telling(flows: Sequence[FactFlow]) -> list[FactFlow]:
    """Flows without those of facts that reach everything, such as a configuration that a whole bundle passes around;
    what such a fact reaches nearly alone is kept."""
    reach = Counter(flow.source for flow in flows)
    everywhere = {source for source, count in reach.items() if count > MAX_REACH}
    if not everywhere:
        return list(flows)
    company = Counter((flow.sink, flow.arg) for flow in flows)
    return [flow for flow in flows if flow.source not in everywhere or company[flow.sink, flow.arg] <= FEW_SOURCES]


def _into_files(calls: Sequence[Call]) -> Iterator[FactFlow]:
    """What is written to a stream goes into the file that it was opened on."""
    opened = {call.id for call in calls if call.callee.endswith(".createWriteStream")}
    for call in calls:
        if call.receiver is None or not call.callee.endswith(
            (".createWriteStream().write", ".createWriteStream().end")
        ):
            continue
        for stream in sorted(call.receiver.sources & opened):
            carried = {source for arg in call.args for source in arg.sources if source != stream}
            yield from (FactFlow(source, stream, "content") for source in sorted(carried))


def _uses(m: Machine, facts: Facts, ids: dict[str, int]) -> None:
    for use in m.record.uses:
        value = _traced(use.value, ids) if use.value is not None else None
        facts.uses.append(Use(use.id, use.name, use.spot.module.place(use.spot), use.is_write, value))
        if value is not None:
            facts.flows.extend(_flows(value, use.id, "value"))


def _literals(m: Machine, module: Module, facts: Facts, ids: dict[str, int]) -> None:
    """One text for each value, two where it stands both in code that is called and in code that is not."""
    if module.program is None:
        return
    seen: set[tuple[str, bool]] = set()
    for value, start, function in module.program.texts:
        owner = function if isinstance(function, Function) else None
        is_called = owner is None or owner.is_called
        if (value, is_called) in seen or (value, True) in seen:
            continue
        seen.add((value, is_called))
        _text(m, facts, ids, value, Spot(module, start, owner, None))


def _text(m: Machine, facts: Facts, ids: dict[str, int], value: str, spot: Spot) -> None:
    number = m.record.number()
    facts.texts.append(Text(number, value[:MAX_TEXT], spot.module.place(spot)))
    ids.setdefault(value, number)


def _made(facts: Facts, steps: tuple[str, ...]) -> None:
    """Mark the last text as assembled."""
    facts.texts[-1] = facts.texts[-1]._replace(is_assembled=True, steps=steps)


def _assembled(m: Machine, modules: Sequence[Module], facts: Facts, ids: dict[str, int]) -> None:
    literals = {id(module): {value for value, _, _ in module.program.texts} for module in modules if module.program}
    for (owner, value), (_, spot, steps) in m.record.assembled.items():
        if value not in literals.get(owner, ()):
            _text(m, facts, ids, value, spot)
            _made(facts, steps)
    for constant, at in m.decoded_at.items():
        origin = m.origin(constant)
        if origin.steps and constant not in ids:
            text = constant.decode("latin-1") if isinstance(constant, bytes) else str(constant)
            _text(m, facts, ids, text, at)
            _made(facts, origin.steps)


def _traced(argument: Arg, ids: dict[str, int]) -> Arg:
    """An argument with the texts it holds among its sources."""
    found: set[int] = set()
    text = argument.text
    if isinstance(argument.const, str):
        text = argument.const
        if text in ids:
            found.add(ids[text])
    elif text is not None and not argument.is_const:
        pieces = _HOLE.split(text)
        found.update(ids[piece] for piece in pieces if len(piece) >= MIN_PIECE and piece in ids)
    if argument.fields:
        fields = tuple([(key, _traced(value, ids)) for key, value in argument.fields])
        for _, value in fields:
            found |= value.sources
        argument = argument._replace(fields=fields)
    if found <= argument.sources:
        return argument
    return argument._replace(sources=frozenset(sorted(argument.sources | found)[: 2 * MAX_SOURCES]))


def _flows(argument: Arg, sink: int, name: str) -> Iterator[FactFlow]:
    """Flows into an argument; those into a field of it are named by the field."""
    inner: set[int] = set()
    for key, value in argument.fields:
        inner |= value.sources
        for source in sorted(value.sources):
            yield FactFlow(source, sink, f"{name}.{key}")
    for source in sorted(argument.sources - inner):
        yield FactFlow(source, sink, name)


def _layers(m: Machine, facts: Facts) -> None:
    executed = {content for content, is_executed, _ in m.record.layers if is_executed}
    for (content, is_executed, language), about in m.record.layers.items():
        if is_executed or content not in executed:
            place = about.spot.module.place(about.spot)
            facts.layers.append(Layer(content, place, about.steps, is_executed, language, about.via))
    taken = {content for content, _, _ in m.record.layers}
    for value, spot in m.decoded_at.items():
        origin = m.origin(value)
        content = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
        if len(content) >= MIN_LAYER and origin.steps and content not in taken and value not in m.decoded_further:
            taken.add(content)
            facts.layers.append(Layer(content, spot.module.place(spot), origin.steps, False))
