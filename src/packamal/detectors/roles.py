"""Gives every member of an artifact its role: when its code runs, and how it is reached.

The ecosystem's manifests say where running begins; imports read off the bytes carry it on. Nothing is left out for its
name: tests, docs and data are `never` only until something that runs reaches them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from packamal.archive.members import Unpacked
from packamal.detectors.entry import Entry, Plan
from packamal.detectors.excerpts import excerpts_of
from packamal.detectors.language import SCRIPTS, language_of
from packamal.detectors.reach import spread_quickly
from packamal.detectors.roles_build import BUILD_FILES
from packamal.detectors.roles_npm import plan_npm
from packamal.detectors.roles_pypi import plan_sdist, plan_wheel
from packamal.detectors.tree import FileTree
from packamal.detectors.units import Language, Unit
from packamal.model import Role

LONE = "no manifest in the archive: taken as loaded"
_ASIDE = re.compile(
    r"(?:^|/)(?:tests?|__tests__|specs?|docs?|examples?|samples?|demos?|benchmarks?|fixtures?|\.github)/|"
    r"(?:^|/)(?:test_[^/]*|conftest|[^/]*_test)\.py\Z|\.(?:test|spec)\.[cm]?[jt]sx?\Z|\.d\.[cm]?ts\Z"
)


def assign(unpacked: Unpacked, kind: str, ecosystem: str) -> tuple[Unit, ...]:
    """Make a unit of every member (second copies are `path#2`) and of code inside manifests, with role and reason.

    Source too large to parse comes with excerpts, as layers.

    `kind`: wheel, sdist, npm, directory, or an archive format; `ecosystem`: pypi, npm, or empty when unknown.
    """
    members = _units(unpacked)
    tree = FileTree.of(members)
    plan = _plan(tree, members, kind, ecosystem)
    if not plan.entries and not plan.units:
        plan.entries += [Entry(unit.path, Role.IMPORT, LONE) for unit in members if _is_loadable(unit, SCRIPTS)]
    entered = _entered(members, plan.entries, _callable(kind, ecosystem))
    units = spread_quickly((*entered, *plan.units), plan.edges, tree)
    return (*units, *excerpts_of(units))


def _callable(kind: str, ecosystem: str) -> frozenset[Language]:
    """Languages whose files a user's call may reach although no reading shows how: a shell script that nothing of an
    sdist starts is a tool of its authors, for an import cannot run it."""
    if kind == "sdist":
        return frozenset({Language.PYTHON})
    is_python = ecosystem == "pypi" or kind == "wheel"
    return SCRIPTS - {Language.JAVASCRIPT, Language.TYPESCRIPT} if is_python else SCRIPTS


def _units(unpacked: Unpacked) -> tuple[Unit, ...]:
    units = []
    for member in unpacked.members:
        name = f"{member.path}#{member.copy + 1}" if member.copy else member.path
        units.append(Unit(name, member.path, member.data, language_of(member.path, member.data)))
    return tuple(units)


def _plan(tree: FileTree, members: tuple[Unit, ...], kind: str, ecosystem: str) -> Plan:
    """Read the manifests of the ecosystem, or of all that show a manifest when nobody knows."""
    plan = Plan()
    is_python = any(name in tree.names for name in (*BUILD_FILES, "METADATA"))
    is_built = any(name in tree.names for name in BUILD_FILES)
    if kind == "wheel" or (kind != "npm" and _looks_installed(tree) and not is_built):
        plan.join(plan_wheel(tree, members))
    elif kind == "sdist" or ecosystem == "pypi" or (kind != "npm" and ecosystem != "npm" and is_python):
        plan.join(plan_sdist(tree, members))
    if kind == "npm" or ecosystem == "npm" or (kind not in {"wheel", "sdist"} and "package.json" in tree.names):
        plan.join(plan_npm(tree, kind))
    return plan


def _looks_installed(tree: FileTree) -> bool:
    return any(path.count("/") == 1 and ".dist-info/" in path for path in tree.names.get("METADATA", ()))


def _is_loadable(unit: Unit, languages: frozenset[Language]) -> bool:
    return unit.language in languages and not _ASIDE.search(unit.path)


def _entered(members: tuple[Unit, ...], entries: list[Entry], languages: frozenset[Language]) -> Iterator[Unit]:
    """Members with the strongest role that a manifest gives them; otherwise on call for code, never for the rest."""
    best: dict[str, Entry] = {}
    for entry in entries:
        known = best.get(entry.path)
        if known is None or entry.role.strength > known.role.strength:
            best[entry.path] = entry
    for unit in members:
        found = best.get(unit.path)
        if found is not None:
            yield replace(unit, role=found.role, reason=found.reason)
        elif _is_loadable(unit, languages):
            yield replace(unit, role=Role.CALL)
        else:
            yield unit
