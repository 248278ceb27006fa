"""Whether a computed name hides something: plug-ins compute names too, but not those of `os` out of pieces."""

from __future__ import annotations

from typing import Final

from packamal.detectors.python.values import Const, Join, Ref, Result, Template, Unknown, Value, options

_REACHING_WORDS: Final = (
    "builtins os sys subprocess importlib ctypes socket base64 binascii marshal types zlib codecs pickle shutil urllib "
    "requests httpx http platform getpass tempfile threading winreg webbrowser runpy pty imp code"
)
_REACHING: Final = frozenset(_REACHING_WORDS.split())
"""Modules whose members run, send, decode or persist."""
_DECODERS: Final = frozenset(("decode", "fromhex", "unhexlify", "decrypt", "decompress", "translate", "b64decode"))


def hides_module(name: Value, module: str) -> bool:
    """Tell whether the name of an imported module is put together so that it cannot be read."""
    if not isinstance(name, Const):
        return False
    return bool(name.steps) or (name.is_assembled and module.partition(".")[0] in _REACHING)


def hides_member(owner: Value, name: Value) -> bool:
    """Tell whether `getattr(owner, name)` reaches into a module under a name that is decoded or put together."""
    modules = [option.name for option in options(owner) if isinstance(option, Ref)]
    is_reaching = any("(" not in module and module.partition(".")[0] in _REACHING for module in modules)
    if isinstance(name, Const):
        is_module = any("(" not in module or _is_import(module) for module in modules)
        return (bool(name.steps) and is_module) or (name.is_assembled and is_reaching)
    if isinstance(name, Join):
        return False
    return _is_decoded(name) and (is_reaching or any(map(_is_import, modules)))


def _is_import(name: str) -> bool:
    return name.startswith(("__import__()", "importlib.import_module()"))


def _is_decoded(name: Value) -> bool:
    """A text that is decoded at run time; a family prefix with a hole (`AF_` + kind) is a look-up in a table."""
    if isinstance(name, Template):
        return any(isinstance(part, Value) and _is_decoded(part) for part in name.parts)
    told = name.name if isinstance(name, Result) else name.label if isinstance(name, Unknown) else ""
    return not _DECODERS.isdisjoint(told.replace("()", "").split("."))
