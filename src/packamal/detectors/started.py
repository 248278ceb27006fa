"""Which words of a command are run by it: the program, and what an interpreter or a wrapper is given to run.

`openssl x509 -in FILE` reads the file, `python FILE` runs it; only the second makes a written file a dropped program.
"""

from __future__ import annotations

import re

from packamal.detectors.conditions import argument
from packamal.detectors.facts import Arg, Call

_SCRIPT_WORDS = "python python2 python3 pythonw py node perl ruby php sh bash zsh dash ksh deno bun"
_SCRIPT_RUNNERS = frozenset(_SCRIPT_WORDS.split())
"""Programs that run the first word that is no option, and pass the others to it."""
_WRAPPER_WORDS = (
    "cmd powershell pwsh start sudo su doas env nohup setsid nice timeout time xargs exec open xdg-open explorer wine "
    "wscript cscript mshta rundll32 regsvr32 msiexec installutil java chmod chflags xattr launchctl screen tmux "
    "systemd-run schtasks pip pip3 dpkg rpm insmod runas osascript awk make busybox"
)
_WRAPPERS = frozenset(_WRAPPER_WORDS.split())
"""Programs that may run any of their words."""
_TAKES_WORD = frozenset(("-m", "-c", "-e", "-W", "-X"))
_VERSION = re.compile(r"[\d.]+\Z")
_SEGMENT = re.compile(r"&&|\|\||[;|\n]|\$\(|`")
_WORD = re.compile(r"\{[^{}]*\}[^\s'\"]*|[^\s'\"]+")
_OPTION = re.compile(r"[-+/]\w[\w:=-]*|\d{3,4}|a?\+x")
_SCRIPT_SUFFIXES = (
    *(".py", ".pyw", ".js", ".mjs", ".cjs", ".sh", ".jar"),
    *(".ps1", ".bat", ".cmd", ".vbs", ".hta", ".exe", ".dll", ".scr"),
)
_SHELL_WORDS = frozenset((".", "&", "call", "source"))


def may_start(call: Call, place: str) -> bool:
    """Tell whether a command may run what stands at a place (`0`, `args`, `0.2`) of its arguments.

    Commands that are one text, and programs whose name is not known, may run anything. What stands in a list of words
    no one can say where is run only when the script is not known.
    """
    head, _, rest = place.partition(".")
    position = rest.partition(".")[0]
    words = argument(call, head)
    if words is None or position == "0" or not (position.isdigit() or words.fields):
        return True
    fields = [field for _, field in words.fields]
    program = _program(fields[0]) if fields else None
    if program is None or program in _WRAPPERS:
        return True
    if program not in _SCRIPT_RUNNERS:
        return False
    script = _script(fields)
    if position.isdigit():
        return int(position) <= script
    return script >= len(fields) or fields[script].text is None


def _program(word: Arg) -> str | None:
    text = "python" if word.ref == "sys.executable" else word.text
    if not text or text.endswith("}"):
        return None
    return _normal(text)


def _normal(program: str) -> str:
    """Name of a program without folder, `.exe` and version."""
    name = program.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    return _VERSION.sub("", name) or name


def _script(fields: list[Arg]) -> int:
    """Position of the script that an interpreter is given; of the word after `-m` or `-c`."""
    for index, field in enumerate(fields[1:], 1):
        if field.text in _TAKES_WORD:
            return index + 1
        if field.text is None or not field.text.startswith("-"):
            return index
    return len(fields)


def started(command: str) -> set[str]:
    """Base names of what a command in one text starts: its programs, or the files that interpreters are given.

    A file that is only an argument (`openssl ocsp -issuer FILE`) is not started.
    """
    found: set[str] = set()
    for segment in _SEGMENT.split(command):
        words = [word for word in words_of(segment) if not _OPTION.fullmatch(word)]
        named = next((at for at, word in enumerate(words) if not _is_runner(word)), len(words))
        found.update(map(base_name, words[: named + 1]))
        if named:  # an option's value may stand before the script: `-ExecutionPolicy Bypass -File stage.ps1`
            found.update(name for name in map(base_name, words) if name.lower().endswith(_SCRIPT_SUFFIXES))
    return found


def words_of(command: str) -> list[str]:
    """Words of a command, holes whole and without quotes."""
    return _WORD.findall(command)


def base_name(path: str) -> str:
    """Last part of a path, kept with its holes; empty where it says nothing (`{x}`)."""
    name = path.replace("\\", "/").rstrip("/").rpartition("/")[2].strip("'\" ")
    return "" if name.startswith("{") and name.endswith("}") and "." not in name.rpartition("}")[2] else name


def _is_runner(word: str) -> bool:
    name = _normal(word)
    return name in _SCRIPT_RUNNERS | _WRAPPERS | _SHELL_WORDS or "executable" in word or "execPath" in word
