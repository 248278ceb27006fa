"""When the files of a Python distribution run: the build of an sdist, the start of the interpreter, imports."""

from __future__ import annotations

import configparser
import posixpath
import re
import tomllib
from collections.abc import Iterator
from typing import NamedTuple

from packamal.detectors.entry import Plan
from packamal.detectors.resolve import resolve_python
from packamal.detectors.tree import FileTree, join, normal
from packamal.detectors.units import Language, Unit
from packamal.model import Role

MAX_CONFIG_BYTES = 1_000_000
"""Build settings are a few kB."""
BUILD_FILES = ("setup.py", "pyproject.toml", "setup.cfg", "PKG-INFO")
NEVER_INSTALLED = frozenset(
    (
        "setup",
        "conftest",
        "noxfile",
        "tasks",
        "fabfile",
        "versioneer",
        "manage",
        "doc",
        "docs",
        "test",
        "tests",
        "tools",
    )
) | {"example", "examples", "benchmark", "benchmarks", "demo", "samples", "scripts"}
"""Modules at the top of an sdist that are tools of the project unless the build names them."""
_PTH_CODE = re.compile(rb"^import[ \t]", re.M)
_STARTUP_NAMES = frozenset({"sitecustomize", "usercustomize"})
_SITE = re.compile(r"(?:^|/)(?:site|dist)-packages\Z|\.data/(?:purelib|platlib)\Z")
_NAME = re.compile(r"[A-Za-z_]\w*")
_STATIC_VERSION = re.compile(rb"^__version__\s*(?::[^=\n]+)?=\s*['\"]", re.M)


def plan_wheel(tree: FileTree, units: tuple[Unit, ...]) -> Plan:
    """Find where running begins in an installed wheel."""
    plan = Plan()
    tops = ("", *tree.site_folders)
    for unit in units:
        folder, _, name = unit.path.rpartition("/")
        if folder in tops or _SITE.search(folder):
            _startup(unit, name, plan)
        if folder.endswith(".data/scripts"):
            plan.add([unit.path], Role.IMPORT, "installed as a command")
    for top in tops:
        _packages(tree, top, plan)
    _entry_points(tree, plan)
    return plan


def plan_sdist(tree: FileTree, units: tuple[Unit, ...]) -> Plan:
    """Find where running begins when an sdist is built, installed and imported."""
    plan = Plan()
    for top in _tops(tree):
        _build(tree, top, plan)
        for base in (top, *(join(top, name) for name in ("src", "lib", "python"))):
            if base in tree.folders:
                _packages(tree, base, plan, _installed_names(tree, top))
    for unit in units:
        _startup(unit, posixpath.basename(unit.path), plan)
    _entry_points(tree, plan)
    return plan


def _tops(tree: FileTree) -> list[str]:
    """Folders that may be the project's root: the shallowest that hold a build file."""
    folders = {posixpath.dirname(path) for name in BUILD_FILES for path in tree.names.get(name, ())}
    folders = {folder for folder in folders if not folder.endswith(".egg-info")}
    least = min((_depth(folder) for folder in folders), default=0)
    return sorted(folder for folder in folders if _depth(folder) == least) or [""]


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0


def _startup(unit: Unit, name: str, plan: Plan) -> None:
    """Files that every start of the interpreter reads."""
    stem, _, suffix = name.partition(".")
    if name.endswith(".pth") and _PTH_CODE.search(unit.data):
        plan.add([unit.path], Role.STARTUP, f"{name} (read at every start of Python)")
        plan.units.append(
            Unit(
                name=f"{unit.name}!import",
                path=unit.path,
                data=_code_lines(unit.data),
                language=Language.PYTHON,
                role=Role.STARTUP,
                reason=f"{name} import line",
                parent=unit.name,
                line=1,
            )
        )
    elif stem in _STARTUP_NAMES and suffix.startswith(("py", "so")):
        plan.add([unit.path], Role.STARTUP, f"{name} (imported at every start of Python)")


def _code_lines(data: bytes) -> bytes:
    """Only the lines that run, at their own line numbers."""
    return b"\n".join(line if _PTH_CODE.match(line) else b"" for line in data.split(b"\n"))


def _packages(tree: FileTree, top: str, plan: Plan, installed: Installed | None = None) -> None:
    """Top-level modules and the topmost `__init__` of each branch."""
    prefix = top + "/" if top else ""
    for key, paths in tree.modules.items():
        if not key.startswith(prefix):
            continue
        inner = key[len(prefix) :]
        folder, _, name = inner.rpartition("/")
        if folder and name == "__init__" and not _inside_package(tree, prefix, folder):
            if installed is not None and not _is_installed(folder.partition("/")[0], installed):
                continue
            plan.add(paths, Role.IMPORT, f"import {folder.replace('/', '.')}")
        elif not folder and (installed is None or _is_installed(name, installed)):
            plan.add(paths, Role.IMPORT, f"import {name}")


def _inside_package(tree: FileTree, prefix: str, folder: str) -> bool:
    parts = folder.split("/")
    return any(tree.is_package(prefix + "/".join(parts[:count])) for count in range(1, len(parts)))


class Installed(NamedTuple):
    """Top-level names of an sdist that end up installed."""

    listed: frozenset[str]
    """By its own top_level.txt; empty when it has none."""
    mentioned: frozenset[str]
    """Words of its build files."""


def _installed_names(tree: FileTree, top: str) -> Installed:
    listed = [tree.contents[path] for path in tree.names.get("top_level.txt", ()) if path.startswith(top)]
    built = [tree.contents.get(join(top, name), b"") for name in BUILD_FILES[:3]]
    return Installed(_words(listed), _words(built))


def _words(texts: list[bytes]) -> frozenset[str]:
    return frozenset(word for text in texts for word in _NAME.findall(text[:MAX_CONFIG_BYTES].decode("latin-1")))


def _is_installed(name: str, installed: Installed) -> bool:
    if name in installed.listed:
        return True
    if name in NEVER_INSTALLED:
        return False
    return not installed.listed or name in installed.mentioned


def _entry_points(tree: FileTree, plan: Plan) -> None:
    """Commands and plug-ins: other programs import them, or a person runs them."""
    for path in tree.names.get("entry_points.txt", ()):
        for group, name, value in _ini(tree.contents[path]):
            module = value.partition(":")[0].strip()
            anchor = join(posixpath.dirname(posixpath.dirname(path)), "x")
            plan.add(list(resolve_python(module, anchor, tree)), Role.IMPORT, f"entry point {group} {name}")


def _ini(data: bytes) -> Iterator[tuple[str, str, str]]:
    """(section, key, value) of an ini file; nothing when it is none."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",))
    try:
        parser.read_string(data[:MAX_CONFIG_BYTES].decode("utf-8", "replace"))
    except configparser.Error:
        return
    for section in parser.sections():
        for key, value in parser.items(section):
            yield section, key, value


def _build(tree: FileTree, top: str, plan: Plan) -> None:
    """What a build front end runs to make a wheel of the sdist."""
    setup = join(top, "setup.py")
    plan.add([path for path in (setup,) if path in tree], Role.INSTALL, "setup.py (run when the sdist is installed)")
    plan.add([path for path in (join(top, "setup.cfg"),) if path in tree], Role.INSTALL, "setup.cfg")
    for _, key, value in _ini(tree.contents.get(join(top, "setup.cfg"), b"")):
        for module in _modules_named(key, value):
            _run_at_build(tree, top, plan, module, f"setup.cfg {key}")
    _pyproject(tree, top, plan)


def _modules_named(key: str, value: str) -> list[str]:
    """Modules that setuptools imports because setup.cfg names them."""
    if key == "cmdclass":
        return [word.rpartition(".")[0] for word in re.findall(r"=\s*([\w.]+)", value)]
    if value.startswith("attr:"):
        return ["?" + value.removeprefix("attr:").strip().rpartition(".")[0]]
    return []


def _run_at_build(tree: FileTree, top: str, plan: Plan, module: str, reason: str) -> None:
    """Enter a module the build imports; after `?` only if its version cannot be read without importing it."""
    found = resolve_python(module.lstrip("?"), join(top, "setup.py"), tree)
    if module.startswith("?") and found and _STATIC_VERSION.search(tree.contents[found[-1]]):
        return
    plan.add(found, Role.INSTALL, reason)


def _pyproject(tree: FileTree, top: str, plan: Plan) -> None:
    path = join(top, "pyproject.toml")
    if path not in tree:
        return
    plan.add([path], Role.INSTALL, "pyproject.toml")
    try:
        settings = tomllib.loads(tree.contents[path][:MAX_CONFIG_BYTES].decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    backend, places = _at(settings, "build-system", "build-backend"), _at(settings, "build-system", "backend-path")
    if isinstance(backend, str) and isinstance(places, list):
        for place in (text for text in places if isinstance(text, str)):
            anchor = join(normal(top, place), "x")
            found = resolve_python(backend.partition(":")[0], anchor, tree)
            plan.add(found, Role.INSTALL, "pyproject.toml build-backend")
    for keys, reason in _HOOKS:
        value = _at(settings, *keys)
        if value is not None:
            script = value if isinstance(value, str) else "hatch_build.py"
            plan.add([p for p in (normal(top, script),) if p in tree], Role.INSTALL, f"pyproject.toml {reason}")
    for module, reason in _named_modules(settings):
        _run_at_build(tree, top, plan, module, f"pyproject.toml {reason}")


_HOOKS = (
    (("tool", "hatch", "build", "hooks", "custom", "path"), "hatch build hook"),
    (("tool", "hatch", "build", "hooks", "custom"), "hatch build hook"),
    (("tool", "hatch", "metadata", "hooks", "custom", "path"), "hatch metadata hook"),
    (("tool", "hatch", "metadata", "hooks", "custom"), "hatch metadata hook"),
    (("tool", "hatch", "build", "targets", "wheel", "hooks", "custom"), "hatch build hook"),
    (("tool", "poetry", "build"), "poetry build script"),
    (("tool", "poetry", "build", "script"), "poetry build script"),
    (("tool", "pdm", "build", "custom-hook"), "pdm build hook"),
    (("tool", "pdm", "build", "setup-script"), "pdm build hook"),
)


def _named_modules(settings: dict[str, object]) -> Iterator[tuple[str, str]]:
    dynamic = _at(settings, "tool", "setuptools", "dynamic")
    for value in dynamic.values() if isinstance(dynamic, dict) else ():
        attribute = value.get("attr") if isinstance(value, dict) else None
        if isinstance(attribute, str):
            yield "?" + attribute.rpartition(".")[0], "dynamic attr"
    commands = _at(settings, "tool", "setuptools", "cmdclass")
    for value in commands.values() if isinstance(commands, dict) else ():
        if isinstance(value, str):
            yield value.rpartition(".")[0], "cmdclass"


def _at(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
