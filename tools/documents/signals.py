"""docs/signals.md: the vocabulary, and what raises each word of it."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping

from documents import SOURCE, code, page, table
from packamal.capability import MEANING, Capability
from packamal.strict_yaml import load_file

SHOWN_NAMES = 6
"""Names per cell; the catalogue holds the rest."""
FAMILIES = {
    "cred": "Secrets", "env": "Environment", "browser": "Browsers", "wallet": "Wallets", "messenger": "Messengers",
    "host": "Hosts and host facts", "file": "Files", "net": "Network", "proc": "Processes", "code": "Code",
    "decode": "Decoding", "persist": "Persistence", "agent": "Agents and editors", "ci": "Continuous integration",
    "publish": "Publishing", "module": "Modules", "input": "Input and watching", "crypto": "Cryptocurrency",
    "anti": "Anti-analysis", "gate": "Gates", "obf": "Obfuscation", "archive": "The archive", "binary": "Binaries",
    "image": "Images", "pickle": "Pickles", "bytecode": "Bytecode", "secret": "Embedded secrets",
    "pattern": "Known patterns", "meta": "Metadata", "for": "What speaks for the code",
}  # fmt: skip
"""In the order of the page; a family missing here would fail the build of the page."""


def text() -> str:
    """The whole page."""
    raised = sources()
    groups: dict[str, list[Capability]] = defaultdict(list)
    for capability in Capability:
        groups[capability.family].append(capability)
    blocks = [
        "A signal is one capability seen once, with its evidence. Source, sandbox, metadata and the comparison of "
        "versions speak this one closed vocabulary, and rules are written over it. No signal is bad by itself.",
        f"{len(Capability)} capabilities. A catalogue entry names calls and attributes; `list:` is a named list of "
        "texts in `catalogue/lists.yaml`; `seen by` names the modules below `detectors/` that look for it themselves.",
    ]
    for family, members in groups.items():
        rows = [
            (code(member), MEANING[member].title, MEANING[member].technique, raised.get(member, ""))
            for member in members
        ]
        blocks += [f"## {FAMILIES[family]}", table(("signal", "meaning", "ATT&CK", "raised by"), rows)]
    return page("Signals", *blocks)


def sources() -> dict[Capability, str]:
    """Capability -> what raises it, for people."""
    found: dict[Capability, list[str]] = defaultdict(list)
    for path in sorted((SOURCE / "catalogue").glob("*.yaml")):
        raw = load_file(path)
        if isinstance(raw, Mapping):
            entries = of_lists(raw) if path.stem == "lists" else of_language(path.stem, raw)
            for capability, words in entries:
                found[capability].append(words)
    for capability, modules in of_detectors().items():
        found[capability].append("seen by " + ", ".join(sorted(modules)))
    return {capability: "; ".join(dict.fromkeys(words)) for capability, words in found.items()}


def of_language(language: str, raw: Mapping[object, object]) -> Iterator[tuple[Capability, str]]:
    """What a language's catalogue says."""
    names: dict[Capability, list[str]] = defaultdict(list)
    for signal, rows in raw.items():
        for row in rows if isinstance(rows, list) else ():
            named = [name for key in ("call", "use", "note") for name in as_list(row.get(key))]
            names[Capability(str(signal))] += named
            for refined in dict(row.get("refine") or {}).values():
                names[Capability(str(refined))] += named
    for capability, found in names.items():
        unique = list(dict.fromkeys(found))
        more = f" and {len(unique) - SHOWN_NAMES} more" if len(unique) > SHOWN_NAMES else ""
        yield capability, f"{language}: {', '.join(map(code, unique[:SHOWN_NAMES]))}{more}"


def of_lists(raw: Mapping[object, object]) -> Iterator[tuple[Capability, str]]:
    """What a text of a named list says wherever it stands."""
    for name, row in raw.items():
        if isinstance(row, Mapping) and row.get("signal"):
            yield Capability(str(row["signal"])), f"list: {name}"


def of_detectors() -> dict[Capability, set[str]]:
    """Which modules of the detectors name a capability themselves."""
    found: dict[Capability, set[str]] = defaultdict(set)
    folder = SOURCE / "detectors"
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.Attribute) or node.attr not in Capability.__members__:
                continue
            if isinstance(node.value, ast.Name) and node.value.id == "Capability":
                found[Capability[node.attr]].add(code(path.relative_to(folder).with_suffix("")))
    return found


def as_list(value: object) -> list[str]:
    """A word or a list of words as a list."""
    if isinstance(value, list):
        return [str(item) for item in value]
    return [str(value)] if value else []
