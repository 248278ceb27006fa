"""Layers: constants that came out of decoding, and constants that run as code in some language."""

from __future__ import annotations

from typing import Final

from packamal.detectors.decode import is_text
from packamal.detectors.python import limits
from packamal.detectors.python.arguments import code_of, text_of
from packamal.detectors.python.constants import MAX_STEPS_SHOWN, plain
from packamal.detectors.python.fold import MISSING
from packamal.detectors.python.record import Site, record_edge
from packamal.detectors.python.session import RawLayer
from packamal.detectors.python.values import Const, Result, Template, Value, options
from packamal.detectors.python.walk import Walk

_MAGIC: Final = (
    b"MZ",
    b"\x7fELF",
    b"PK\x03\x04",
    b"\xfe\xed\xfa",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\xe3\0\0\0",
)


def content_of(value: Value) -> object:
    """Bytes of a bundled file that was read; MISSING for anything else."""
    if isinstance(value, Result) and value.content is not None and len(value.content.data) <= limits.MAX_CONST:
        return value.content.data
    return MISSING


def _encoded(raw: object) -> bytes | None:
    if isinstance(raw, str):
        return raw.encode("utf-8", "surrogatepass")
    return raw if isinstance(raw, bytes) else None


def decoded(walk: Walk, site: Site, before: Value, raw: str | bytes, step: str) -> Value:
    """The value of a decoded constant; kept as a layer until it is decoded further or run."""
    steps = before.steps if isinstance(before, Const) else ()
    value = Const(raw, site.src, steps if steps[-1:] == (step,) else (*steps, step), True)
    forget(walk, before)
    walk.session.results.setdefault(site.fact, text_of(raw))
    known = _encoded(raw)
    if known is not None and len(known) >= limits.MIN_LAYER_BYTES and (known.startswith(_MAGIC) or is_text(known)):
        _keep(walk, RawLayer(known, walk.spot(site.node), value.steps, False, "", site.fact))
    return value


def forget(walk: Walk, value: Value) -> None:
    """What is decoded further was no last layer."""
    known = _encoded(value.value) if isinstance(value, Const) and value.steps else None
    if known is not None:
        key = (walk.module.unit.name, known)
        layer = walk.session.layers.get(key)
        if layer is not None and not layer.is_executed:
            del walk.session.layers[key]


def _keep(walk: Walk, layer: RawLayer) -> None:
    layers = walk.session.layers
    key = (walk.module.unit.name, layer.data)
    known = layers.get(key)
    if known is not None and (known.is_executed or not layer.is_executed):
        return
    if len(layer.data) > limits.MAX_LAYER_BYTES or (known is None and len(layers) >= limits.MAX_LAYERS):
        walk.session.notes.setdefault(("limit", key[0], "layers"), (layer.spot, "layers"))
        return
    layers[key] = layer


def run_constant(walk: Walk, value: Value, site: Site, language: str) -> None:
    """A value is run as code: constants become layers, bundled files are reached."""
    for option in options(value):
        if isinstance(option, Result) and option.content is not None:
            record_edge(walk, "exec", option.content.path, site.node)
        known = _encoded(plain(option))
        if known is not None and known.strip():
            steps = option.steps if isinstance(option, Const) else ()
            run_layer(walk, known, site, language, steps)


def run_layer(walk: Walk, text: bytes, site: Site, language: str, steps: tuple[str, ...] = ()) -> None:
    """Record text that runs as code."""
    walk.session.runs += 1
    steps = (*walk.session.outer_steps, *steps)[:MAX_STEPS_SHOWN]
    _keep(walk, RawLayer(text, walk.spot(site.node), steps, True, language, site.fact))


_LANGUAGES: Final = {
    "py": "python",
    "pyw": "python",
    "pth": "python",
    "js": "javascript",
    "mjs": "javascript",
    "cjs": "javascript",
    "sh": "shell",
    "bash": "shell",
    "zsh": "shell",
    "bashrc": "shell",
    "profile": "shell",
    "zshrc": "shell",
    "ps1": "powershell",
    "bat": "batch",
    "cmd": "batch",
    "vbs": "",
    "service": "",
    "desktop": "",
    "plist": "",
}


def language_of_path(path: str) -> str | None:
    """Language of a file that is written, by its name; empty for scripts without a front end, None for other files."""
    return _LANGUAGES.get(path.rpartition(".")[2].lower())


def written_constant(walk: Walk, value: Value, path: str | None, site: Site) -> None:
    """A constant is written to a file: code is a layer that is not run yet."""
    language = language_of_path(path) if path else None
    for option in options(value):
        known = _encoded(code_of(option) if isinstance(option, Template) else plain(option))
        if known is None or len(known) < limits.MIN_LAYER_BYTES:
            continue
        if language is not None or known.startswith(_MAGIC):
            steps = option.steps if isinstance(option, Const) else ()
            forget(walk, option)
            _keep(walk, RawLayer(known, walk.spot(site.node), steps, False, language or "", site.fact))
