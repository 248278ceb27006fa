"""Facts -> signals: what the code says becomes what that means, by the catalogue and the named lists."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from packamal.capability import Capability
from packamal.detectors.base import Observed
from packamal.detectors.catalogue import Catalogue, Entry, load_catalogue
from packamal.detectors.conditions import RECEIVER, Seen, argument
from packamal.detectors.facts import Arg, Call, FactFlow, Facts, Place, Text, Use
from packamal.detectors.linking import link_paths
from packamal.detectors.named_lists import NamedLists, load_lists
from packamal.detectors.prose import is_prose, is_unused_prose, used_texts
from packamal.detectors.sighting import Sightings, shorten
from packamal.detectors.started import may_start
from packamal.detectors.units import Unit
from packamal.model import TARGET_CHARS, Flow, Origin, Role, Signal

MAX_SIGNALS_PER_PLACE = 6
"""Of one capability in one unit: the seventh hit proves nothing that six do not."""

_WRITTEN = {Capability.FILE_WRITE, Capability.FILE_DROP, Capability.FILE_ARCHIVE}
_STARTS = {Capability.PROC_EXEC, Capability.PROC_SHELL, Capability.PROC_HIDDEN}
_DECODES = frozenset(name for name in Capability if name.startswith("decode."))
"""Their target is what a constant was decoded to, empty for what comes from outside."""

_STAYS_HERE = re.compile(
    r"[a-z]+://(?:localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1\])(?::[^/?#@]*)?(?=[/?#]|\Z)", re.IGNORECASE
)
"""An address of the machine itself: what goes there was there before."""
_COMMANDS = {Capability.PROC_SHELL, Capability.PROC_EXEC}
_COMMAND_MEANS = {
    Capability.PROC_DOWNLOAD,
    Capability.PROC_POWERSHELL,
    Capability.PROC_REVERSE_SHELL,
    Capability.PROC_INSTALL,
    Capability.PERSIST_SERVICE,
    Capability.PERSIST_STARTUP,
    Capability.CRYPTO_MINE,
    Capability.ANTI_AV,
}
"""What a whole command may say that its pieces do not."""

_NO_LABELS: frozenset[str] = frozenset()


def interpret(facts: Facts, units: Mapping[str, Unit], family: str, artifact: str) -> Observed:
    """Give meaning to the facts of one language; `family` names the catalogue, `artifact` the file judged."""
    return _Interpreter(facts, units, load_catalogue(family), artifact, family == "python").run()


class _Interpreter:
    def __init__(
        self, facts: Facts, units: Mapping[str, Unit], catalogue: Catalogue, artifact: str, follows_texts: bool
    ) -> None:
        self._facts = facts
        self._catalogue = catalogue
        self._units = units
        self._lists: NamedLists = load_lists()
        self._sightings = Sightings(artifact, units)
        self._signals: list[Signal] = []
        self._by_fact: dict[int, list[tuple[int, frozenset[str] | None]]] = defaultdict(list)
        self._counts: dict[tuple[Capability, str, Role, str], int] = defaultdict(int)
        self._told: set[tuple[Capability, str, str]] = set()
        """What a text said, with unit and function."""
        self._text_labels: dict[int, frozenset[str]] = {}
        self._calls = {call.id: call for call in facts.calls}
        self._used_texts = self._find_used_texts() if follows_texts else None
        self._sources = {flow.source for flow in facts.flows} | {flow.sink for flow in facts.flows}

    def run(self) -> Observed:
        for text in self._facts.texts:
            self._read_text(text)
        for call in self._facts.calls:
            self._read_call(call)
        for use in self._facts.uses:
            self._read_use(use)
        for note in self._facts.notes:
            for entry in self._catalogue.notes.get(note.kind, ()):
                self._add(-1, entry.capability, note.place, note.detail)
        flows = {*self._flows(), *link_paths(self._signals)}
        return Observed(tuple(self._signals), tuple(sorted(flows, key=lambda flow: (flow.source, flow.sink))))

    def _find_used_texts(self) -> frozenset[int]:
        return used_texts(self._facts, lambda callee: bool(self._catalogue.for_call(callee)))

    def _tells_only(self, text: Text) -> bool:
        """True for documentation and messages; only the front end for Python follows every text to its use."""
        unused = self._used_texts is not None and is_unused_prose(text, self._used_texts)
        return unused or is_prose(text.value)

    def _labels(self, arg: Arg) -> frozenset[str]:
        found = self._lists.labels(arg.text) if arg.text else _NO_LABELS
        for source in arg.sources:
            found |= self._text_labels.get(source, _NO_LABELS)
        return found

    @functools.cached_property
    def _networked(self) -> frozenset[int]:
        """Facts whose values reach the network: the only reason to speak of a secret that a caller gave."""
        reach = {call.id for call in self._facts.calls if any(map(_is_network, self._catalogue.for_call(call.callee)))}
        return frozenset(flow.source for flow in self._facts.flows if flow.sink in reach)

    def _callees(self, arg: Arg) -> Iterator[str]:
        return (self._calls[source].callee for source in arg.sources if source in self._calls)

    def _read_text(self, text: Text) -> None:
        labels = self._lists.labels(text.value)
        if not labels:
            return
        self._text_labels[text.id] = labels
        if self._tells_only(text):
            return
        for name in sorted(labels):
            capability = self._lists.by_name[name].signal
            if capability is not None:
                self._add(text.id, capability, text.place, text.value)
                self._told.add((capability, text.place.unit, text.place.function))

    def _read_call(self, call: Call) -> None:
        for entry in self._catalogue.for_call(call.callee):
            target = _target(call, entry)
            seen = Seen(call, target, self._labels, self._callees)
            if not all(condition(seen) for condition in entry.conditions):
                continue
            if target is not None and _is_network(entry) and _STAYS_HERE.match(target.text or ""):
                continue
            capability = self._refined(entry, target)
            shown = _shown(call, entry, target)
            self._add(call.id, capability, call.place, shown, entry.carries)
            if capability in _COMMANDS and target is not None and not target.is_const:
                self._read_command(call, target)
            elif target is not None and _is_network(entry):
                self._read_address(call, target)

    def _read_address(self, call: Call, address: Arg) -> None:
        """An address that stands elsewhere (a constant of the module) is also where the call is that talks to it."""
        for name in sorted(self._labels(address)):
            meant = self._lists.by_name[name].signal
            told = (meant, call.place.unit, call.place.function)
            if meant is not None and meant.family == "host" and told not in self._told:
                self._told.add((meant, call.place.unit, call.place.function))
                self._add(call.id, meant, call.place, address.text or "")

    def _read_command(self, call: Call, command: Arg) -> None:
        """A command that is put together says what it is only as a whole."""
        for name in sorted(self._lists.labels(command.text or "")):
            meant = self._lists.by_name[name].signal
            if meant in _COMMAND_MEANS and all(name not in self._text_labels.get(at, ()) for at in command.sources):
                self._add(call.id, meant, call.place, command.text or "")

    def _refined(self, entry: Entry, target: Arg | None) -> Capability:
        if target is not None and entry.refine:
            labels = self._labels(target)
            for name, capability in entry.refine:
                if name in labels:
                    return capability
        return entry.capability

    def _read_use(self, use: Use) -> None:
        for entry in self._catalogue.for_use(use.name):
            if entry.is_write != use.is_write:
                continue
            capability = entry.capability
            if capability is Capability.CRED_GIVEN and use.id not in self._networked:
                continue
            last = use.name.rpartition(".")[2]
            for name, refined in entry.refine:
                if name in self._lists.labels(last):
                    capability = refined
            self._add(use.id, capability, use.place, last if entry.names_itself else "")

    def _add(
        self, fact: int, capability: Capability, place: Place, target: str, carries: frozenset[str] | None = None
    ) -> None:
        role = self._sightings.role(place)
        key = (capability, place.unit, role, "flow" if fact in self._sources else "")
        self._counts[key] += 1
        if self._counts[key] > MAX_SIGNALS_PER_PLACE:
            return
        if fact >= 0:
            self._by_fact[fact].append((len(self._signals), carries))
        self._signals.append(
            Signal(
                id=capability,
                role=role,
                origin=Origin.STATIC,
                evidence=self._sightings.evidence(place),
                target=shorten(target, TARGET_CHARS),
                scope=self._scope(place),
                reason=self._sightings.reason(place),
            )
        )

    def _scope(self, place: Place) -> str:
        """The function a place is in; what a layer does at its top is done where the layer runs."""
        return ".".join(filter(None, (self._units[place.unit].function, place.function)))

    def _flows(self) -> Iterator[Flow]:
        for flow in self._facts.flows:
            if flow.source == flow.sink:
                continue
            for sink, carries in self._by_fact.get(flow.sink, ()):
                if carries is not None and flow.arg.partition(".")[0] not in carries:
                    continue
                for source, _ in self._by_fact.get(flow.source, ()):
                    if not self._is_data_of_command(source, sink, flow):
                        yield Flow(source, sink)

    def _is_data_of_command(self, source: int, sink: int, flow: FactFlow) -> bool:
        """True for a written file that a command is given as data, not to be run."""
        if self._signals[source].id not in _WRITTEN or self._signals[sink].id not in _STARTS:
            return False
        call = self._calls.get(flow.sink)
        return call is not None and not may_start(call, flow.arg)


def _is_network(entry: Entry) -> bool:
    return entry.capability.family == "net"


def _target(call: Call, entry: Entry) -> Arg | None:
    """The first listed argument whose text is known, else the first that is there at all."""
    present: Arg | None = None
    for key in entry.target:
        arg = argument(call, key)
        if arg is None:
            continue
        if arg.text or (key == RECEIVER and arg.sources):
            return arg
        present = present or arg
    return present


def _shown(call: Call, entry: Entry, target: Arg | None) -> str:
    if entry.capability in _DECODES:
        return call.result or next((arg.text for arg in call.args[:1] if _is_content(arg)), None) or ""
    return call.callee if entry.names_itself else _text_of(target)


def _is_content(arg: Arg) -> bool:
    """True for a constant that is decoded; options of commands are none."""
    return arg.is_const and bool(arg.text) and not str(arg.text).startswith("-")


def _text_of(arg: Arg | None) -> str:
    if arg is None:
        return ""
    if arg.text:
        return arg.text
    return " ".join(value.text for _, value in arg.fields if value.text)
