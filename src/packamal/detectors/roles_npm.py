"""When the files of an npm package run: lifecycle scripts and what they start, native builds, entry points."""

from __future__ import annotations

import posixpath
import re

from packamal.detectors.commands import read_command
from packamal.detectors.entry import Plan
from packamal.detectors.facts import Edge, Place
from packamal.detectors.language import SCRIPTS, is_prose, language_of
from packamal.detectors.resolve import file_or_folder, resolve_python
from packamal.detectors.tree import FileTree, join, normal, texts_in
from packamal.detectors.units import Language, Unit
from packamal.model import Role

INSTALL_SCRIPTS = ("preinstall", "install", "postinstall")
"""npm runs these for every dependency."""
LOCAL_SCRIPTS = ("preprepare", "prepare", "postprepare", "prepublish")
"""npm runs these for a checkout or a git dependency only."""
ENTRY_FIELDS = ("main", "module", "browser", "jsnext:main", "unpkg", "jsdelivr", "react-native", "bin")
MAX_SCRIPTS = 200
"""Scripts followed from one manifest; they may run one another."""
MAX_ENTRIES = 2_000
"""Files one field of a manifest may name."""
MAX_GYP_BYTES = 256_000
"""Of one binding.gyp."""
MAX_GYP_COMMANDS = 50
_GYP_COMMAND = re.compile(rb"<!@?\(([^\n]{1,1000}?)\)[\"'\s,\]]")
_GYP_ACTION = re.compile(rb"[\"']action[\"']\s*:\s*\[([^\]]{1,4000})\]")


def plan_npm(tree: FileTree, kind: str) -> Plan:
    """Find where running begins in an npm package; `kind` directory counts as a checkout."""
    plan = Plan()
    manifests = sorted(path for path in tree.names.get("package.json", ()))
    top = min((path.count("/") for path in manifests), default=0)
    for path in manifests:
        folder = posixpath.dirname(path)
        if path.count("/") == top:
            _lifecycle(tree, folder, plan, _lifecycle_roles(kind))
            if not _entry_points(tree, folder, plan):
                _offered(tree, folder, plan)
            _native_build(tree, folder, plan)
        elif "/node_modules/" in "/" + path and posixpath.basename(posixpath.dirname(folder)) == "node_modules":
            _lifecycle(tree, folder, plan, dict.fromkeys(INSTALL_SCRIPTS, Role.INSTALL))
    return plan


def _lifecycle_roles(kind: str) -> dict[str, Role]:
    local = Role.INSTALL if kind == "directory" else Role.CALL
    return dict.fromkeys(INSTALL_SCRIPTS, Role.INSTALL) | dict.fromkeys(LOCAL_SCRIPTS, local)


def _lifecycle(tree: FileTree, folder: str, plan: Plan, roles: dict[str, Role]) -> None:
    scripts = tree.manifest(folder).get("scripts")
    if not isinstance(scripts, dict):
        return
    named = ((name, roles.get(name, Role.CALL)) for name in scripts)
    waiting = sorted(named, key=lambda script: -script[1].strength)[:MAX_SCRIPTS]
    done: set[str] = set()
    while waiting and len(done) < MAX_SCRIPTS:
        name, role = waiting.pop(0)
        command = scripts.get(name)
        if name in done or not isinstance(command, str):
            continue
        done.add(name)
        called = _script(tree, folder, (name, command, role), plan)
        followed = [(called_name, role) for called_name in called if called_name in scripts]
        waiting = sorted(followed + waiting, key=lambda script: -script[1].strength)


def _script(tree: FileTree, folder: str, script: tuple[str, str, Role], plan: Plan) -> list[str]:
    """Enter one script as a unit and what it starts as edges; returns the scripts it runs."""
    name, command, role = script
    path = join(folder, "package.json")
    line = _line_of(tree.contents[path], name)
    unit = Unit(
        name=f"{path}!{name}",
        path=path,
        data=command.encode("utf-8", "replace"),
        language=Language.SHELL,
        role=role,
        reason=f"package.json scripts.{name}",
        parent=path,
        line=line,
    )
    return enter_command(tree, folder, unit, plan)


def enter_command(tree: FileTree, folder: str, unit: Unit, plan: Plan) -> list[str]:
    """Enter a command that stands in a manifest: the unit itself, code on its line, edges to files it starts."""
    started = read_command(unit.data.decode("utf-8", "replace"))
    plan.units.append(unit)
    for number, (language, text) in enumerate(started.inline, 1):
        plan.units.append(
            Unit(
                name=f"{unit.name}!{number}",
                path=unit.path,
                data=text.encode("utf-8", "replace"),
                language=language,
                role=unit.role,
                reason=unit.reason,
                parent=unit.name,
                line=unit.line,
            )
        )
    place = Place(unit.name, 1)
    for word, is_loaded in started.words:
        found = file_or_folder(normal(folder, word), tree) if is_loaded or "." in word or "/" in word else ()
        if is_loaded and not found:
            found = resolve_python(word.replace("/", "."), join(folder, "x"), tree)
        if not found and "/" in word:
            found = _elsewhere(word, tree)
        plan.edges += [Edge("start", path, place) for path in found if is_loaded or not is_prose(path)]
    return [name for script in started.scripts for name in ("pre" + script, script, "post" + script)]


def _elsewhere(word: str, tree: FileTree) -> tuple[str, ...]:
    """The only file with the name of one that a command starts where none is: repacking moves files."""
    name = "/" + word.replace("\\", "/").rsplit("/", 1)[-1]
    named = [path for path in tree.contents if ("/" + path).endswith(name) and "/node_modules/" not in path]
    return tuple(named) if len(named) == 1 and len(name) > 1 else ()


def _line_of(data: bytes, key: str) -> int:
    position = data.find(b'"' + key.encode("utf-8", "replace") + b'"')
    return data.count(b"\n", 0, position) + 1 if position >= 0 else 1


def _entry_points(tree: FileTree, folder: str, plan: Plan) -> bool:
    """Enter what users load or run by the manifest; False when that is nothing."""
    manifest = tree.manifest(folder)
    known = len(plan.entries)
    for field in ENTRY_FIELDS:
        for text in texts_in(manifest.get(field))[:MAX_ENTRIES]:
            plan.add(file_or_folder(normal(folder, text), tree), Role.IMPORT, f"package.json {field}")
    for text in texts_in(manifest.get("exports"))[:MAX_ENTRIES]:
        if "*" not in text:
            plan.add(file_or_folder(normal(folder, text), tree), Role.IMPORT, "package.json exports")
    plan.add(file_or_folder(folder, tree), Role.IMPORT, "package.json main")
    folders = manifest.get("directories")
    commands = folders.get("bin") if isinstance(folders, dict) else None
    if isinstance(commands, str):
        start = normal(folder, commands) + "/"
        inside = [path for path in tree.contents if path.startswith(start)]
        plan.add(inside, Role.IMPORT, "package.json directories.bin")
    return len(plan.entries) > known


def _offered(tree: FileTree, folder: str, plan: Plan) -> None:
    """Without an entry point users load files by their own names: those beside the manifest."""
    start = join(folder, "")
    beside = [path for path in tree.contents if path.startswith(start) and "/" not in path[len(start) :]]
    code = [path for path in beside if language_of(path, tree.contents[path]) in SCRIPTS]
    plan.add(code, Role.IMPORT, "no entry point: loaded by name")


def _native_build(tree: FileTree, folder: str, plan: Plan) -> None:
    """npm builds a package with a binding.gyp at installation, unless the manifest says otherwise."""
    path = join(folder, "binding.gyp")
    if path not in tree or tree.manifest(folder).get("gypfile") is False:
        return
    plan.add([path], Role.INSTALL, "binding.gyp (node-gyp at installation)")
    data = tree.contents[path][:MAX_GYP_BYTES]
    commands = [match[1] for match in _GYP_COMMAND.finditer(data)]
    commands += [b" ".join(re.findall(rb"[\"']([^\"']+)[\"']", match[1])) for match in _GYP_ACTION.finditer(data)]
    for number, command in enumerate(commands[:MAX_GYP_COMMANDS], 1):
        unit = Unit(
            name=f"{path}!{number}",
            path=path,
            data=command,
            language=Language.SHELL,
            role=Role.INSTALL,
            reason="binding.gyp command",
            parent=path,
            line=data.count(b"\n", 0, max(data.find(command), 0)) + 1,
        )
        enter_command(tree, folder, unit, plan)
