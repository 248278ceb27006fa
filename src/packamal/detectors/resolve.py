"""Which files of the artifact a name in code means: Python's, Node's and a path's rules, over names only.

Nothing is looked up outside the artifact. A name that means several files (a module beside its compiled twin, the
packages above a module, all conditions of an `exports` map) yields them all.
"""

from __future__ import annotations

import posixpath
import re
import sys

from packamal.detectors.tree import MAX_FOLDERS, FileTree, climb, folder_of, join, normal, texts_in

_JS_SUFFIXES = ("", ".js", ".mjs", ".cjs", ".json", ".node", ".ts", ".tsx", ".jsx", ".mts", ".cts")
_TS_TWINS = {".js": (".ts", ".tsx"), ".mjs": (".mts",), ".cjs": (".cts",), ".jsx": (".tsx",)}
_HOLE = re.compile(r"\{[^{}]*\}")
MAX_TARGET = 1024
"""Longer than any path that archives may hold; what is longer names no file."""
MAX_NAMESAKES = 64
"""Files of the same name that are compared by their ends."""
MAX_CONDITIONS = 100
"""Files one key of an exports map may name."""
MAX_HOPS = 8
"""Main fields that point to folders that point to folders."""


def resolve_python(target: str, from_path: str, tree: FileTree) -> tuple[str, ...]:
    """Find the files an import of a dotted name runs, outermost package first; leading dots are relative."""
    if len(target) > MAX_TARGET:
        return ()
    key = from_path.rpartition("/")[0], target
    if key not in tree.resolved:
        tree.resolved[key] = _python(target, from_path, tree)
    return tree.resolved[key]


def _python(target: str, from_path: str, tree: FileTree) -> tuple[str, ...]:
    name = target.lstrip(".")
    parts = [part for part in name.split(".") if part]
    dots = len(target) - len(name)
    if dots:
        folder = folder_of(from_path)
        for _ in range(min(dots - 1, MAX_FOLDERS)):
            folder = folder_of(folder)
        return _follow(folder, parts, tree) or tuple(tree.modules.get(join(folder, "__init__"), ()))
    if not parts or parts[0] not in tree.module_names:
        return ()
    bases: tuple[str, ...] = tree.bases(from_path)
    if parts[0] not in sys.stdlib_module_names:
        bases += (folder_of(from_path),)
    return next((found for base in bases if (found := _follow(base, parts, tree))), ())


def _follow(folder: str, parts: list[str], tree: FileTree) -> tuple[str, ...]:
    found: list[str] = []
    for part in parts:
        folder = join(folder, part)
        here = [*tree.modules.get(join(folder, "__init__"), ()), *tree.modules.get(folder, ())]
        found += here
        if not here and folder not in tree.folders:
            break
    return tuple(found)


def resolve_javascript(target: str, from_path: str, tree: FileTree) -> tuple[str, ...]:
    """Find the files a module specifier means, by Node's rules with all conditions taken."""
    if len(target) > MAX_TARGET:
        return ()
    specifier = target.removeprefix("file://").partition("?")[0]
    folder = folder_of(from_path)
    if specifier.startswith((".", "/")):
        return file_or_folder(normal(folder, specifier), tree)
    if specifier.startswith("#"):
        top = tree.nearest_manifest(from_path)
        return () if top is None else _mapped(tree.manifest(top).get("imports"), specifier, top, tree)
    return _bare(specifier, from_path, tree)


def _bare(specifier: str, from_path: str, tree: FileTree) -> tuple[str, ...]:
    parts = specifier.split("/")
    count = 2 if specifier.startswith("@") else 1
    name, inner = "/".join(parts[:count]), "/".join(parts[count:])
    top = tree.nearest_manifest(from_path)
    if top is not None and tree.manifest(top).get("name") == name:
        return package_entry(top, inner, tree)
    inside = (join(join(folder, "node_modules"), name) for folder in climb(folder_of(from_path)))
    found = next((folder for folder in inside if folder in tree.folders), None)
    return package_entry(found, inner, tree) if found else ()


def package_entry(folder: str, inner: str, tree: FileTree) -> tuple[str, ...]:
    """Find what importing a package's folder (or something inside it) means."""
    exports = tree.manifest(folder).get("exports")
    if exports is not None:
        key = "./" + inner if inner else "."
        found = _mapped(exports, key, folder, tree)
        if found:
            return found
    return file_or_folder(join(folder, inner) if inner else folder, tree)


def _mapped(table: object, key: str, folder: str, tree: FileTree) -> tuple[str, ...]:
    """Look a key up in an `exports` or `imports` map, with one `*` as Node allows."""
    if not (isinstance(table, dict) and any(name.startswith((".", "#")) for name in table)):
        return _all(texts_in(table), "", folder, tree) if key == "." else ()
    if key in table:
        return _all(texts_in(table[key]), "", folder, tree)
    for pattern, value in table.items():
        head, star, tail = pattern.partition("*")
        if star and key.startswith(head) and key.endswith(tail) and len(key) >= len(head) + len(tail):
            return _all(texts_in(value), key[len(head) : len(key) - len(tail)], folder, tree)
    return ()


def _all(texts: list[str], star: str, folder: str, tree: FileTree) -> tuple[str, ...]:
    named = [text.replace("*", star) for text in texts[:MAX_CONDITIONS] if len(text) <= MAX_TARGET]
    return tuple(dict.fromkeys(path for text in named for path in file_or_folder(normal(folder, text), tree)))


def file_or_folder(path: str, tree: FileTree, hops: int = 0) -> tuple[str, ...]:
    """Find what Node loads for a path: the file, with a suffix added, or a folder's main or index."""
    found = next((path + suffix for suffix in _JS_SUFFIXES if path + suffix in tree), None)
    if found:
        return (found,)
    stem, suffix = posixpath.splitext(path)
    twin = next((stem + other for other in _TS_TWINS.get(suffix, ()) if stem + other in tree), None)
    if twin:
        return (twin,)
    if path not in tree.folders or hops > MAX_HOPS:
        return ()
    main = tree.manifest(path).get("main")
    if isinstance(main, str) and main and normal(path, main) != path:
        inside = file_or_folder(normal(path, main), tree, hops + 1)
        if inside:
            return inside
    index = join(path, "index")
    return next(((index + suffix,) for suffix in _JS_SUFFIXES[1:] if index + suffix in tree), ())


def resolve_path(target: str, from_path: str, tree: FileTree) -> tuple[str, ...]:
    """Find the file a path in code means, seen from the file's folder, then from each folder above, then by its end.

    Holes (`{here}/run.sh`) and absolute prefixes are dropped: code mostly builds such paths from its own place.
    """
    if len(target) > MAX_TARGET or not target.strip():
        return ()
    tail = _HOLE.split(target.removeprefix("file://"))[-1].replace("\\", "/").strip().lstrip("/")
    if not tail.strip("./"):
        return ()
    if posixpath.basename(tail) not in tree.names:
        return ()
    for folder in climb(folder_of(from_path)):
        path = normal(folder, tail)
        if path in tree:
            return (path,)
    return _by_end(tail, tree)


def _by_end(tail: str, tree: FileTree) -> tuple[str, ...]:
    """The one file whose path ends so; several mean we cannot know."""
    cleaned = posixpath.normpath(tail)
    while cleaned.startswith("../"):
        cleaned = cleaned[3:]
    named = tree.names.get(posixpath.basename(cleaned), ())
    found = [path for path in named[:MAX_NAMESAKES] if ("/" + path).endswith("/" + cleaned)]
    return (found[0],) if len(found) == 1 else ()
