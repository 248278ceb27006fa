"""What building an sdist runs: setup.py, the modules its settings name, an in-tree build back end, build hooks."""

from __future__ import annotations

import configparser
import posixpath
import re
import tomllib
from collections.abc import Iterator

from packamal.detectors.entry import Plan
from packamal.detectors.resolve import resolve_python
from packamal.detectors.tree import FileTree, join, normal
from packamal.model import Role

MAX_CONFIG_BYTES = 256_000
"""Build settings are a few kB."""
BUILD_FILES = ("setup.py", "pyproject.toml", "setup.cfg", "PKG-INFO")
_STATIC_VERSION = re.compile(rb"^__version__\s*(?::[^=\n]+)?=\s*['\"]", re.M)


def build_tops(tree: FileTree) -> list[str]:
    """Find the folders that may be the project's root: the shallowest that hold a build file."""
    folders = {posixpath.dirname(path) for name in BUILD_FILES for path in tree.names.get(name, ())}
    folders = {folder for folder in folders if not folder.endswith(".egg-info")}
    least = min((_depth(folder) for folder in folders), default=0)
    return sorted(folder for folder in folders if _depth(folder) == least) or [""]


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0


def read_ini(data: bytes) -> Iterator[tuple[str, str, str]]:
    """Yield (section, key, value) of an ini file; nothing when it is none."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",))
    try:
        parser.read_string(data[:MAX_CONFIG_BYTES].decode("utf-8", "replace"))
    except configparser.Error:
        return
    for section in parser.sections():
        for key, value in parser.items(section):
            yield section, key, value


def plan_build(tree: FileTree, top: str, plan: Plan) -> None:
    """Enter what a build front end runs to make a wheel of the sdist."""
    setup = join(top, "setup.py")
    plan.add([path for path in (setup,) if path in tree], Role.INSTALL, "setup.py (run when the sdist is installed)")
    plan.add([path for path in (join(top, "setup.cfg"),) if path in tree], Role.INSTALL, "setup.cfg")
    for _, key, value in read_ini(tree.contents.get(join(top, "setup.cfg"), b"")):
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
