"""Pickles, model files among them, that call what no data needs to call."""

from __future__ import annotations

import functools
import posixpath
import re

from packamal.capability import Capability
from packamal.detectors.base import Observed, Package
from packamal.detectors.decode import PickleReading, read_pickle
from packamal.detectors.units import Unit
from packamal.detectors.witness import Witness

_NAMES = ".pkl .pickle .p .pck .pcl .pt .pth .ckpt .joblib .dill .bin .dat .model .sav .npy"
_SUFFIXES = frozenset(_NAMES.split())
_BINARY_START = re.compile(rb"\x80[\x02-\x05][\x95cX\x8c\x8a}\](KN\x88-\x8e]")
_TEXT_START = re.compile(rb"[cI(}\])]")
_MODULES = """
os posix nt subprocess sys socket pty commands shutil webbrowser importlib runpy ctypes _ctypes pip urllib
urllib.request requests httpx aiohttp http.client ftplib smtplib telnetlib asyncio multiprocessing code codeop
bdb pdb timeit cProfile profile trace imp marshal pickle _pickle dill cloudpickle types zipimport pkgutil tempfile
pathlib concurrent.futures signal platform getpass winreg _winreg psutil paramiko fabric torch.hub
"""
_DANGEROUS_MODULES = frozenset(_MODULES.split())
_BUILTINS = """
eval exec execfile compile open __import__ getattr setattr delattr apply input breakpoint globals vars
"""
_DANGEROUS_BUILTINS = frozenset(_BUILTINS.split())
_DATA_TYPES = """
pathlib.PosixPath pathlib.PurePosixPath pathlib.WindowsPath pathlib.PureWindowsPath pathlib.Path pathlib.PurePath
types.SimpleNamespace types.MappingProxyType types.GenericAlias
"""
_HARMLESS = frozenset(_DATA_TYPES.split())
_PARENTS = ("subprocess", "os", "socket", "asyncio", "pip")
"""Modules whose submodules do the same."""
_PLAIN_OPCODES = (
    rb"[.0-2NQRbade(uts\]})lo\x81\x85-\x89\x8f-\x92\x94\x97\x98]|[qhK\x80\x82].|M..|[rjJ\x84].{4}|\x83..|[G\x95].{8}"
    rb"|[IFLpgP][^\n]{0,300}\n"
)
"""Opcodes that neither carry text nor import."""
_PLAIN = re.compile(rb"(?:" + _PLAIN_OPCODES + rb")+", re.S)
_SHORT = 48
"""Bytes of a text that is passed over together with what surrounds it."""
_MEMO = re.compile(rb"(?:\x94|q.|r.{4})*", re.S)
_SIZES = {88: 4, 140: 1, 85: 1, 84: 4, 66: 4, 67: 1, 141: 8, 142: 8, 150: 8, 138: 1, 139: 4}
"""Opcode of a text or of bytes -> bytes of its length."""
_STACK_GLOBAL = 0x93
_GLOBAL = re.compile(rb"c([^\n]{1,200})\n([^\n]{1,200})\n")


def detect(package: Package) -> Observed:
    """Read every pickle for the calls it would make."""
    witness = Witness(package)
    for unit in package.units:
        reading = read_unit(unit)
        if reading is not None and (called := dangerous_calls(reading)):
            witness.saw(unit, Capability.PICKLE_CODE, ", ".join(called))
    _may_act.cache_clear()
    return witness.observed()


def read_unit(unit: Unit) -> PickleReading | None:
    """Read a unit that is a pickle by its name and first bytes; None for others, and for those that name no module."""
    data = unit.data
    if data[:1] == b"\x80" and _BINARY_START.match(data):
        return read_pickle(data) if _may_act(data) else None
    suffix = posixpath.splitext(unit.path)[1].lower()
    if suffix in _SUFFIXES and _TEXT_START.match(data) and b"." in data:
        return read_pickle(data) if _may_act(data) else None
    return None


@functools.cache
def _run() -> re.Pattern[bytes]:
    """Plain opcodes and short texts; slow to compile, so only where a pickle turns up."""
    texts = b"|".join(
        b"X\\x%02x\\0\\0\\0.{%d}|[\x8cUC]\\x%02x.{%d}" % (size, size, size, size) for size in range(_SHORT)
    )
    return re.compile(b"(?:" + _PLAIN_OPCODES + b"|" + texts + b")++", re.S)


@functools.lru_cache(maxsize=4096)
def _may_act(data: bytes) -> bool:
    """Walk the opcodes, quicker than a machine: false only where every import is seen whole and is harmless.

    Members are asked for their layers first and for their signals later: the answer is kept until `detect` is done.
    """
    at = 0
    while at < len(data):
        start, run = at, _run().match(data, at)
        at = run.end() if run is not None else at
        if at == len(data):
            break
        width = _SIZES.get(data[at])
        if width is not None:
            at += 1 + width + int.from_bytes(data[at + 1 : at + 1 + width], "little")
            continue
        named = _GLOBAL.match(data, at)
        if named is None and data[at] != _STACK_GLOBAL:
            return True
        names = named.groups() if named is not None else _last_texts(data, start, at)
        if b"" in names or _is_dangerous(b".".join(names).decode("latin-1")):
            return True
        at = named.end() if named is not None else at + 1
    return False


def _last_texts(data: bytes, at: int, end: int) -> tuple[bytes, bytes]:
    """The two texts that a run leaves on the stack; empty where something else lies there."""
    texts = (b"", b"")
    while at < end:
        plain = _PLAIN.match(data, at, end)
        if plain is not None:
            texts = texts if _MEMO.fullmatch(plain.group()) else (b"", b"")
            at = plain.end()
            continue
        start = at + 1 + _SIZES[data[at]]
        at = start + int.from_bytes(data[at + 1 : start], "little")
        texts = (texts[1], data[start:at])
    return texts


def dangerous_calls(reading: PickleReading) -> list[str]:
    """List the names a pickle imports that do more than rebuild data."""
    return [name for name in reading.globals if _is_dangerous(name)]


def _is_dangerous(name: str) -> bool:
    if name in _HARMLESS:
        return False
    name = name.removeprefix("__builtin__.").removeprefix("builtins.")
    module, _, attribute = name.rpartition(".")
    if not module:
        return attribute in _DANGEROUS_BUILTINS
    return module in _DANGEROUS_MODULES or module.partition(".")[0] in _PARENTS
