"""When the files of a Python distribution run: the build of an sdist, the start of the interpreter, imports."""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from packamal.detectors.entry import Plan
from packamal.detectors.resolve import resolve_python
from packamal.detectors.roles_build import BUILD_FILES, MAX_CONFIG_BYTES, build_tops, plan_build, read_ini
from packamal.detectors.tree import FileTree, climb, join
from packamal.detectors.units import Language, Unit
from packamal.model import Role

NEVER_INSTALLED = frozenset(
    ("setup", "conftest", "noxfile", "tasks", "fabfile", "versioneer", "manage", "doc", "docs", "test", "tests")
) | {"example", "examples", "benchmark", "benchmarks", "demo", "samples", "scripts", "tools"}
"""Names at the top of an sdist that are tools of the project unless it lists them as installed."""
SOURCE_FOLDERS = ("src", "lib", "python")
"""Where an sdist keeps what it installs, besides its top."""
MAX_EMPTY_BYTES = 20_000
"""A longer `__init__` is not empty, whatever it holds."""
_PTH_CODE = re.compile(rb"^import[ \t]", re.M)
_STARTUP_NAMES = frozenset({"sitecustomize", "usercustomize"})
_SITE = re.compile(r"(?:^|/)(?:site|dist)-packages\Z|\.data/(?:purelib|platlib)\Z")
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_NO_CODE = re.compile(rb"\"\"\".*?\"\"\"|\'\'\'.*?\'\'\'|#[^\n]*", re.S)
_LOADS = re.compile(
    rb"\b(?:from|import)[ \t]+([A-Za-z_]\w*)|\bfrom[ \t]*\.|__import__|import_module|__getattr__|\bexec\b"
)
_SEARCHES = re.compile(rb"find_(?:namespace_)?packages\b|=\s*find(?:_namespace)?:|\bpackages\.find\b")
_COMMAND = re.compile(rb"=\s*['\"]?([A-Za-z_][\w.]{0,200}):[A-Za-z_]\w*")


class _Installed(NamedTuple):
    """Top-level names of an sdist that end up installed."""

    listed: frozenset[str]
    """By its own top_level.txt; empty when it has none."""
    mentioned: frozenset[str]
    """Words of its build files."""
    is_searched: bool = False
    """The build files look for packages, so that the list of an earlier build says little."""

    def holds(self, name: str, is_package: bool) -> bool:
        """True when a name is listed, or likely to be installed: folders without `__init__` only when mentioned."""
        if name in self.listed:
            return True
        if name in NEVER_INSTALLED:
            return False
        return name in self.mentioned or (is_package and (self.is_searched or not self.listed))


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
        _importable(tree, top, plan)
    _entry_points(tree, plan)
    return plan


def plan_sdist(tree: FileTree, units: tuple[Unit, ...]) -> Plan:
    """Find where running begins when an sdist is built, installed and imported."""
    plan = Plan()
    bases: dict[str, _Installed] = {}
    for top in build_tops(tree):
        plan_build(tree, top, plan)
        _commands(tree, top, plan)
        found = [*(join(top, name) for name in SOURCE_FOLDERS if join(top, name) in tree.folders), top]
        bases |= dict.fromkeys(found, _installed_names(tree, top))
    for base, installed in bases.items():
        _importable(tree, base, plan, installed)
    for unit in units:
        folder, _, name = unit.path.rpartition("/")
        if folder in bases:
            _startup(unit, name, plan)
    _entry_points(tree, plan)
    return plan


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


def _importable(tree: FileTree, top: str, plan: Plan, installed: _Installed | None = None) -> None:
    """Enter what a user of the distribution has to import first: the topmost module or package of each branch, what
    is inside a package whose `__init__` loads none of it, and what runs as `python -m`."""
    base = _Base(tree, top + "/" if top else "")
    for key, paths in tree.modules.items():
        if not key.startswith(base.prefix):
            continue
        folder, _, name = key[len(base.prefix) :].rpartition("/")
        first = folder.partition("/")[0] or name
        is_named = installed is not None and first in installed.listed
        if not is_named and not _is_importable(key[len(base.prefix) :]):
            continue
        is_package = not folder or tree.is_package(base.prefix + first)
        if installed is not None and not installed.holds(first, is_package):
            continue
        if not folder or base.offers(folder, name):
            module = folder if name == "__init__" else join(folder, name)
            plan.add(paths, Role.IMPORT, f"import {module.replace('/', '.')}")


def _is_importable(path: str) -> bool:
    """True when an import statement can name it: no `vendored-build`, no `4 examples`."""
    return all(part.isidentifier() for part in path.split("/"))


class _Base:
    """A folder that is on Python's path once the distribution is installed."""

    def __init__(self, tree: FileTree, prefix: str) -> None:
        self.tree = tree
        self.prefix = prefix
        self._loading: dict[str, bool] = {}

    def offers(self, folder: str, name: str) -> bool:
        """True for a module or package below a folder that a user imports by its own name."""
        parent, _, own = folder.rpartition("/")
        if name == "__main__":
            return not parent
        if name == "__init__":
            return self._is_open(parent) and not (parent and own in NEVER_INSTALLED)
        is_aside = name.startswith("test_") or not NEVER_INSTALLED.isdisjoint([*folder.split("/"), name])
        return not is_aside and self._is_open(folder)

    def _is_open(self, folder: str) -> bool:
        """True when no package above loads modules of its own, so that users name what is inside."""
        return not any(self._loads_own(package) for package in climb(folder) if package)

    def _loads_own(self, folder: str) -> bool:
        if folder not in self._loading:
            paths = self.tree.modules.get(join(self.prefix + folder, "__init__"), ())
            self._loading[folder] = any(_loads(self.tree.contents[path], folder.partition("/")[0]) for path in paths)
        return self._loading[folder]


def _loads(text: bytes, top: str) -> bool:
    """True when an `__init__` imports from its package, may do so by a computed name, or is long."""
    found = _LOADS.finditer(_NO_CODE.sub(b"", text[:MAX_EMPTY_BYTES]))
    return len(text) > MAX_EMPTY_BYTES or any(match[1] in {None, top.encode()} for match in found)


def _installed_names(tree: FileTree, top: str) -> _Installed:
    listed = [tree.contents[path] for path in tree.names.get("top_level.txt", ()) if path.startswith(top)]
    built = [tree.contents.get(join(top, name), b"") for name in BUILD_FILES[:3]]
    return _Installed(_words(listed), _words(built), any(map(_SEARCHES.search, built)))


def _words(texts: list[bytes]) -> frozenset[str]:
    return frozenset(word for text in texts for word in _NAME.findall(text[:MAX_CONFIG_BYTES].decode("latin-1")))


def _commands(tree: FileTree, top: str, plan: Plan) -> None:
    """Commands and plug-ins as the build files declare them: `name = module:function`."""
    for name in BUILD_FILES[:3]:
        for module in dict.fromkeys(_COMMAND.findall(tree.contents.get(join(top, name), b"")[:MAX_CONFIG_BYTES])):
            found = resolve_python(module.decode("ascii"), join(top, "setup.py"), tree)
            plan.add(found, Role.IMPORT, f"{name} entry point {module.decode('ascii')}")


def _entry_points(tree: FileTree, plan: Plan) -> None:
    """Commands and plug-ins: other programs import them, or a person runs them."""
    for path in tree.names.get("entry_points.txt", ()):
        for group, name, value in read_ini(tree.contents[path]):
            anchor = join(posixpath.dirname(posixpath.dirname(path)), "x")
            found = resolve_python(value.partition(":")[0].strip(), anchor, tree)
            plan.add(found, Role.IMPORT, f"entry point {group} {name}")
