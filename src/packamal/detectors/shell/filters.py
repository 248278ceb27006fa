"""What single commands give on, write, or run: the part of the shell reader that knows commands one by one."""

from __future__ import annotations

import re

from packamal.detectors.decode import decode
from packamal.detectors.facts import Arg
from packamal.detectors.shell import tables
from packamal.detectors.shell.ledger import constant, join
from packamal.detectors.shell.options import Line
from packamal.detectors.shell.tables import Interpreter

_ESCAPES = re.compile(r"\\(?:x[0-9A-Fa-f]{1,2}|0?[0-7]{1,3}|[nrtabefv\\])")
_ROT13 = re.compile(r"a-zA-Z|A-Za-z|a-z")
_STEPS = {
    "rev": "reverse",
    "gunzip": "gzip",
    "zcat": "gzip",
    "bunzip2": "bz2",
    "bzcat": "bz2",
    "xzcat": "lzma",
    "unxz": "lzma",
    "zstdcat": "zstd",
    "uudecode": "uu",
}
_LEADING_HOLE = re.compile(r"\{[^{}]*\}/*")
_URL_NAME = re.compile(r"[^/?#]+(?=[?#]|$)")
_POWERSHELL_CODE = re.compile(r"[-/](?:c|co|com|comm|comma|comman|command)$", re.I)
_POWERSHELL_ENCODED = re.compile(r"[-/](?:e|ec|en|enc|enco|encod|encode|encoded|encodedc\w{0,6})$", re.I)
_POWERSHELL_FILE = re.compile(r"[-/]f(?:i|il|ile)?$", re.I)
_POWERSHELL_VALUED = re.compile(r"[-/](?:ex\w*|ep|w|wi\w*|ver\w*|v|in\w*|out\w*|conf\w*|wo\w*)$", re.I)
_POWERSHELL_SWITCH = re.compile(r"[-/](?:no\w*|sta|mta|nop|noni|l\w*)$", re.I)


def output(line: Line, stdin: Arg | None) -> Arg | None:
    """Give the text a command writes where it is known, else None."""
    if line.name in ("echo", "printf", "write-output"):
        return _echoed(line)
    if stdin is None:
        return None
    if line.name in ("cat", "tee", "more") and not line.plain:
        return stdin
    if not stdin.is_const:
        return None
    step = _step(line)
    return _apply(step, stdin) if step else None


def _echoed(line: Line) -> Arg:
    words = list(line.args)
    interprets = line.name == "printf"
    while words and line.name == "echo" and (words[0].text or "") in ("-n", "-e", "-ne", "-en", "-E"):
        interprets = interprets or "e" in (words.pop(0).text or "")
    if line.name == "printf" and len(words) > 1 and (words[0].text or "").strip("\\n") in ("%s", "%b"):
        words.pop(0)
    whole = join(words, " ") if words else constant("")
    if interprets and whole.is_const:
        text = _ESCAPES.sub(_unescape, str(whole.const))
        return whole._replace(const=text, text=text[:4096])
    return whole


def _unescape(match: re.Match[str]) -> str:
    body = match.group()[1:]
    if body[0] == "x":
        return chr(int(body[1:], 16))
    if body.isdigit():
        return chr(int(body, 8) & 255)
    return {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "e": "\x1b"}.get(body, "")


def _step(line: Line) -> str:
    words = [arg.text or "" for arg in line.args]
    if line.name in ("base64", "base32", "basenc", "gbase64"):
        return line.name.removeprefix("g") if any(_is_decode_flag(word) for word in words) else ""
    if line.name == "xxd":
        return "hex" if any("r" in word for word in words if word.startswith("-")) else ""
    if line.name == "openssl":
        return "base64" if {"base64", "-base64", "-a", "enc"} & set(words) and "-d" in words else ""
    if line.name == "tr":
        return "rot13" if len(words) == 2 and _ROT13.match(words[0]) and words[1].lower().startswith("n-za-m") else ""
    if line.name == "python":
        return "base64" if "base64" in words and "-d" in words else ""
    return "gzip" if line.name == "gzip" and "-d" in words else _STEPS.get(line.name, "")


def _is_decode_flag(word: str) -> bool:
    return word == "--decode" or word == "-D" or (word.startswith("-") and not word.startswith("--") and "d" in word)


def _apply(step: str, stdin: Arg) -> Arg | None:
    raw = (
        str(stdin.const).encode("latin-1", "replace")
        if step in ("gzip", "bz2", "lzma", "zstd")
        else str(stdin.const).encode()
    )
    out = decode(step, raw)
    if out is None:
        return None
    try:
        text = out.decode("utf-8")
    except UnicodeDecodeError:
        text = out.decode("latin-1")
    return constant(text, (*stdin.steps, step))._replace(sources=stdin.sources)


def written_files(line: Line) -> list[str]:
    """List the files a command writes by its own options."""
    named = {key: arg.text or "" for key, arg in line.named}
    plain = [arg.text or "" for arg in line.plain]
    if "output" in named:
        return [named["output"]]
    if line.name in ("wget", "curl", "aria2c", "axel") and named.get("url"):
        match = _URL_NAME.search(named["url"].rpartition("/")[2])
        wants = line.name != "curl" or any(
            (arg.text or "").startswith("-") and "O" in (arg.text or "") for arg in line.args
        )
        return [match.group()] if match and wants else []
    if line.name in ("certutil", "bitsadmin", "cp", "mv", "copy", "move", "install", "ln") and len(plain) > 1:
        return [plain[-1]]
    if line.name in ("tee", "touch", "mkfifo"):
        return plain
    if line.name == "dd":
        return [word[3:] for word in plain if word.startswith("of=")]
    return []


def executed(line: Line) -> list[Arg]:
    """Give the command that `find -exec` or `fd -x` runs on what it finds; empty when there is none."""
    words = [arg.text or "" for arg in line.args]
    at = next((at for at, word in enumerate(words) if word in ("-exec", "-execdir", "-ok", "-x", "--exec")), None)
    if at is None:
        return []
    return [arg for arg in line.args[at + 1 :] if (arg.text or "") not in (";", "+", "{}")]


def local_path(path: str) -> str:
    """Write the path of a started file as the archive would: forward slashes, no variable in front."""
    return _LEADING_HOLE.sub("", path.replace("\\", "/"))


def file_key(path: str) -> str:
    """Reduce the spellings of one file's path to one."""
    return local_path(path).removeprefix("./").lower()


def interpreted(line: Line, interpreter: Interpreter) -> tuple[Arg | None, Arg | None]:
    """Find the code and the script among an interpreter's words: (code, script), both None when it reads its input."""
    if interpreter.language == "powershell":
        return _powershell(line)
    if line.name == "eval" and line.args:
        return join(list(line.args), " "), None
    skip = False
    for at, arg in enumerate(line.args):
        word = arg.text or ""
        if skip:
            skip = False
        elif word in interpreter.code_options or (line.name == "cmd" and word.lower() in interpreter.code_options):
            rest = line.args[at + 1 :]
            return (join(list(rest), " ") if line.name == "cmd" else rest[0] if rest else None), None
        elif word in interpreter.valued:
            skip = True
        elif line.name == "python" and word == "-m":
            return None, line.args[at + 1] if at + 1 < len(line.args) else None
        elif word == "-":
            return None, None
        elif not word.startswith("-") and word not in tables.VERBS and not (line.name == "su" and arg.is_const):
            return None, arg
    return None, None


def is_module(line: Line) -> bool:
    """Tell `python -m module`."""
    return any(arg.text == "-m" for arg in line.args)


def _powershell(line: Line) -> tuple[Arg | None, Arg | None]:
    args, at = line.args, 0
    while at < len(args):
        word = args[at].text or ""
        following = args[at + 1] if at + 1 < len(args) else None
        if _POWERSHELL_ENCODED.match(word) and following is not None:
            return _encoded(following), None
        if _POWERSHELL_FILE.match(word):
            return None, following
        if _POWERSHELL_CODE.match(word):
            return join(list(args[at + 1 :]), " ") if following is not None else None, None
        if _POWERSHELL_SWITCH.match(word):
            at += 1
        elif _POWERSHELL_VALUED.match(word):
            at += 2
        elif (word.startswith("./") or word.lower().endswith(".ps1")) and " " not in word:
            return None, args[at]
        else:
            return join(list(args[at:]), " "), None
    return None, None


def _encoded(arg: Arg) -> Arg:
    raw = decode("base64", (arg.text or "").encode()) if arg.is_const else None
    text = decode("utf_16_le", raw) if raw else None
    if text is None:
        return arg
    return constant(text.decode("utf-8", "replace"), ("base64", "utf_16_le"))._replace(sources=arg.sources)
