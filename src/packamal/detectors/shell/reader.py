"""The front end for shell, batch and PowerShell units."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from packamal.detectors.encodings import decode_text
from packamal.detectors.facts import Facts
from packamal.detectors.shell.commands import Run
from packamal.detectors.shell.ledger import Ledger, Where
from packamal.detectors.shell.lexer import MAX_SOURCE, Dialect
from packamal.detectors.shell.powershell import Script
from packamal.detectors.shell.powershell_calls import Calls
from packamal.detectors.units import Language, Unit

_FUNCTION = re.compile(r"^[ \t]*(?:function[ \t]+)?([A-Za-z_][\w-]*)[ \t]*\(\)", re.M)
_POWERSHELL_FUNCTION = re.compile(r"\bfunction\s+([\w-]+)", re.I)
_WINDOWS = re.compile(
    r"%[A-Za-z_]\w*%|\b[A-Za-z]:\\|^\s*@echo\s+off|^\s*(?:start|cmd|powershell|certutil|reg|taskkill|schtasks)(?:\.exe)?\s+[/-]",
    re.I | re.M,
)
_POSIX = re.compile(r"\$[({A-Za-z]|`|^\s*(?:fi|done|esac)\b|/dev/null|/bin/", re.M)


def read(units: Sequence[Unit], package: Mapping[str, Unit]) -> Facts:
    """Read the facts of shell, batch and PowerShell units. Never runs anything, never raises for hostile input."""
    facts = Facts()
    for unit in units:
        text = decode_text(unit.data)
        if unit.language is Language.POWERSHELL:
            _read_powershell(facts, unit, text)
        else:
            _read_shell(facts, unit, text)
    return facts


def _read_shell(facts: Facts, unit: Unit, text: str) -> None:
    names = frozenset(_FUNCTION.findall(text))
    called = frozenset(name for name in names if _is_called(name, text))
    run = Run(Ledger(facts, unit, called), _dialect(unit, text))
    run.text(text, Where(1))


def _read_powershell(facts: Facts, unit: Unit, text: str) -> None:
    names = frozenset(_POWERSHELL_FUNCTION.findall(text))
    ledger = Ledger(facts, unit, frozenset(name for name in names if _is_called(name, text)))
    Script(text[:MAX_SOURCE], ledger, Calls(ledger, Run(ledger, Dialect.BATCH)), Where(1)).read()


def _is_called(name: str, text: str) -> bool:
    return len(re.findall(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)) > 1


def _dialect(unit: Unit, text: str) -> Dialect:
    if unit.language is Language.BATCH:
        return Dialect.BATCH
    is_script = text.startswith("#!") or unit.path.endswith((".sh", ".bash", ".zsh"))
    is_windows = not is_script and _WINDOWS.search(text) and not _POSIX.search(text)
    return Dialect.BATCH if is_windows else Dialect.POSIX
