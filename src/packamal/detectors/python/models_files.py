"""Files and paths: what a path is, what a bundled file holds, what is written under a name and read there again."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import Final

from packamal.detectors.python.arguments import render
from packamal.detectors.python.constants import constant, plain
from packamal.detectors.python.fold import MISSING
from packamal.detectors.python.layers import written_constant
from packamal.detectors.python.models import model
from packamal.detectors.python.record import Site, record_edge
from packamal.detectors.python.templates import join_path, parts_of, path_join, template, text_value
from packamal.detectors.python.values import (
    Const,
    Content,
    Result,
    Sources,
    Template,
    Value,
    deep_sources,
    union,
    with_sources,
)
from packamal.detectors.python.walk import Walk


@model("os.path.join", "posixpath.join", "ntpath.join")
def _join(walk: Walk, name: str, site: Site) -> Value | None:
    if not site.args or site.extra:
        return None
    return with_sources(join_path(site.args), site.src)


@model(
    "os.path.expanduser",
    "os.path.abspath",
    "os.path.realpath",
    "os.path.normpath",
    "os.fspath",
    "os.fsdecode",
    "os.fsencode",
    "os.path.normcase",
    "os.path.expandvars",
    "shlex.quote",
    "pipes.quote",
)
def _same_path(walk: Walk, name: str, site: Site) -> Value | None:
    """Spelled otherwise, still the same path; `~` and variables stay as they are written."""
    if not site.args:
        return None
    argument = text_value(site.args[0])
    if isinstance(argument, Const) and isinstance(argument.value, str):
        text = argument.value
        if name in ("os.path.abspath", "os.path.normpath", "os.path.realpath") and text:
            text = posixpath.normpath(text)
        return Template((text,), site.src) if "expand" in name else Const(text, site.src, argument.steps)
    return with_sources(argument, site.src) if isinstance(argument, Template) else None


@model("os.path.dirname", "os.path.basename", "os.path.splitext", "os.path.split")
def _path_part(walk: Walk, name: str, site: Site) -> Value | None:
    known = plain(text_value(site.args[0])) if site.args else MISSING
    if isinstance(known, str):
        return constant(_PARTS[name](known), site.src)
    argument = site.args[0] if site.args else None
    if isinstance(argument, Template) and name.endswith(("dirname", "basename")):
        return _part_of_template(argument, name.endswith("dirname"), site.src)
    return None


_PARTS: Final[dict[str, Callable[[str], object]]] = {
    "os.path.dirname": posixpath.dirname,
    "os.path.basename": posixpath.basename,
    "os.path.splitext": posixpath.splitext,
    "os.path.split": posixpath.split,
}


def _part_of_template(value: Template, is_folder: bool, src: Sources) -> Value | None:
    last = value.parts[-1] if value.parts else None
    if not isinstance(last, str) or "/" not in last:
        return None
    head, _, tail = last.rpartition("/")
    return template([*value.parts[:-1], head], src) if is_folder else Const(tail, src)


@model("pathlib.Path", "pathlib.Path.joinpath", "anyio.Path", "aiofiles.os.path")
def _path(walk: Walk, name: str, site: Site) -> Value | None:
    parts = site.args or [Const(".")]
    made = path_join(parts[0], parts[1:])
    return with_sources(made, site.src)


@model("pathlib.Path.home", "pathlib.Path().home", "pathlib.Path.cwd")
def _home(walk: Walk, name: str, site: Site) -> Value | None:
    text = Template(("~" if name.endswith("home") else ".",), site.src)
    return Result("pathlib.Path()", site.src, (text,), text)


@model("pathlib.Path().joinpath", "pathlib.Path().with_name")
def _joinpath(walk: Walk, name: str, site: Site) -> Value | None:
    owner = _path_of(site)
    if owner is None:
        return None
    if name.endswith("with_name"):
        owner = Const(posixpath.dirname(render(owner) or ""), owner.src)
    return with_sources(path_join(owner, site.args), site.src)


def _path_of(site: Site) -> Value | None:
    owner = site.owner
    return owner.text if isinstance(owner, Result) else None


@model(
    *(
        f"pathlib.Path().{name}"
        for name in ("expanduser", "resolve", "absolute", "as_posix", "__str__", "with_suffix", "rename", "__truediv__")
    )
)
def _path_itself(walk: Walk, name: str, site: Site) -> Value | None:
    owner = site.owner
    if name.endswith("__truediv__"):
        return _joinpath(walk, name, site)
    if name.endswith(("as_posix", "__str__")):
        path = _path_of(site)
        return None if path is None else with_sources(path, site.src)
    return with_sources(owner, site.src) if isinstance(owner, Result) else None


_OPENERS: Final = ("open", "codecs.open", "os.open", "os.fdopen", "aiofiles.open", "gzip.open", "bz2.open", "lzma.open")


@model(*_OPENERS, "zipfile.ZipFile", "tarfile.open", "sqlite3.connect", "PIL.Image.open")
def _open(walk: Walk, name: str, site: Site) -> Value | None:
    argument = site.argument(0, "file")
    if argument is None:
        return None
    return _opened(walk, name, site, text_value(argument), plain(site.argument(1, "mode") or Const("r")))


def _opened(walk: Walk, name: str, site: Site, path: Value, mode: object) -> Result:
    made = Result(name + "()", site.src, [path, *site.args[1:]], path)
    text = render(path)
    if not text or not _is_telling(text):
        return made
    if isinstance(mode, str) and set(mode) & set("wax+"):
        made.args = [path, Const("w")]
    else:
        made.src = union(made.src, frozenset((walk.session.file_token(text),)))
        made.content = _bundled(walk, path, text, site)
    return made


def _is_telling(path: str) -> bool:
    return len(path) > 1 and not (path.startswith("{") and path.endswith("}") and "/" not in path)


def _bundled(walk: Walk, path: Value, text: str, site: Site) -> Content | None:
    """The file of the package that is read, when the path names one."""
    unit = walk.session.package.get(text) or walk.session.package.get(_beside(walk, text))
    if unit is None:
        return None
    record_edge(walk, "read", unit.path, site.node)
    return Content(unit.path, unit.data)


def _beside(walk: Walk, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(walk.module.unit.path), path))


@model("open().read", *(f"{name}().read" for name in _OPENERS[1:]), "open().readlines", "open().readline")
def _read(walk: Walk, name: str, site: Site) -> Value | None:
    owner = site.owner
    made = Result(name + "()", site.src, [])
    if isinstance(owner, Result):
        made.content = owner.content
    return made


@model("pathlib.Path().read_text", "pathlib.Path().read_bytes", "pathlib.Path().open")
def _read_path(walk: Walk, name: str, site: Site) -> Value | None:
    path = _path_of(site)
    if path is None:
        return None
    if name.endswith("open"):
        return _opened(walk, "open", site, path, plain(site.argument(0, "mode") or Const("r")))
    opened = _opened(walk, "open", site, path, "r")
    made = Result(name + "()", opened.src, [])
    made.content = opened.content
    return made


@model("pkgutil.get_data", "importlib.resources.read_text", "importlib.resources.read_binary")
def _resource(walk: Walk, name: str, site: Site) -> Value | None:
    inside = plain(site.argument(1, "resource") or Const(""))
    if not isinstance(inside, str) or not inside:
        return None
    made = Result(name + "()", site.src, site.args)
    made.content = _bundled(walk, Const(inside), inside, site)
    return made


@model("open().write", "open().writelines", *(f"{name}().write" for name in _OPENERS[1:]), "open().__enter__().write")
def _write(walk: Walk, name: str, site: Site) -> Value | None:
    owner = site.owner
    if isinstance(owner, Result) and site.args:
        _written(walk, site, render(owner.text) if owner.text is not None else None, site.args[0])
        owner.src = union(owner.src, deep_sources(site.args[0]))
    return None


@model("pathlib.Path().write_text", "pathlib.Path().write_bytes")
def _write_path(walk: Walk, name: str, site: Site) -> Value | None:
    path = _path_of(site)
    if path is not None and site.args:
        _written(walk, site, render(path), site.args[0])
    return None


def _written(walk: Walk, site: Site, path: str | None, value: Value) -> None:
    written_constant(walk, value, path, site)
    if path and _is_telling(path):
        session = walk.session
        session.link(session.file_token(path), union(deep_sources(value), frozenset((site.fact,))))


@model("urllib.request.urlretrieve", "urllib.request.FancyURLopener().retrieve", "wget.download", "gdown.download")
def _retrieve(walk: Walk, name: str, site: Site) -> Value | None:
    target = site.argument(1, "filename") or site.named.get("out") or site.named.get("output")
    path = render(text_value(target)) if target is not None else None
    if path and _is_telling(path):
        walk.session.link(walk.session.file_token(path), site.src)
    return None


@model("shutil.copy", "shutil.copyfile", "shutil.copy2", "shutil.move", "os.rename", "os.replace")
def _copy(walk: Walk, name: str, site: Site) -> Value | None:
    if len(site.args) < 2:
        return None
    source, target = (render(text_value(value)) for value in site.args[:2])
    src = site.src
    if source and _is_telling(source):
        src = union(src, frozenset((walk.session.file_token(source),)))
    if target and _is_telling(target):
        walk.session.link(walk.session.file_token(target), src)
    return None


@model("?.save", "?.shot", "?.screenshot", "?.savefig", "?.to_csv", "?.to_json", "?.tofile", "cv2.imwrite")
def _save(walk: Walk, name: str, site: Site) -> Value | None:
    """What is saved under a name is in the file of that name: screenshots, recordings, tables."""
    given = [*site.args[:1], *(site.named[key] for key in ("output", "filename", "fp", "path") if key in site.named)]
    for value in given:
        path = render(value)
        if path and _is_telling(path):
            walk.session.link(walk.session.file_token(path), site.src)
    return None


@model("shutil.make_archive")
def _make_archive(walk: Walk, name: str, site: Site) -> Value | None:
    parts = [site.argument(0, "base_name"), site.argument(1, "format")]
    known = [part for part in parts if part is not None]
    if len(known) < 2:
        return None
    made = template([*parts_of(text_value(known[0])), ".", *parts_of(known[1])], site.src)
    path = render(made)
    if path:
        walk.session.link(walk.session.file_token(path), site.src)
    return made


@model("zipfile.ZipFile().write", "zipfile.ZipFile().writestr", "tarfile.open().add", "zipfile.ZipFile().extractall")
def _archive(walk: Walk, name: str, site: Site) -> Value | None:
    owner = site.owner
    if not isinstance(owner, Result):
        return None
    path = render(owner.text) if owner.text is not None else None
    owner.src = union(owner.src, site.src)
    if path and _is_telling(path) and not name.endswith("extractall"):
        walk.session.link(walk.session.file_token(path), site.src)
    return None
