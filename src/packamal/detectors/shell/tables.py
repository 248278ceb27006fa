"""What is known of commands: which wrap others, which interpret code, which options carry what."""

from __future__ import annotations

from typing import NamedTuple

_PLAIN_WRAPPERS = """
sudo doas nohup exec command builtin time setsid env call xargs nice ionice stdbuf busybox cross-env cross-env-shell
unbuffer start then do proxychains torsocks torify winpty dotenv parallel watch caffeinate disown
"""
WRAPPERS = dict.fromkeys(_PLAIN_WRAPPERS.split(), 0) | {"timeout": 1, "gtimeout": 1, "chroot": 1}
"""Command -> plain words that stand between it and the command it starts."""
WRAPPER_VALUES = frozenset(("-u", "-g", "-n", "-I", "-P", "-L", "-k", "-s", "-d", "-D", "-C", "--user", "--signal"))
"""Options of wrappers that take a value in the next word."""
SILENT = frozenset(("[", "[[", "test", ":", "true", "false", "exit", "return", "shift", "]", "]]", "((", "let", "not"))
"""Commands that do nothing but decide."""
HIDING = frozenset(("nohup", "setsid", "start", "disown"))


class Interpreter(NamedTuple):
    """How an interpreter takes code."""

    language: str
    """`shell`, `python`, `javascript`, `powershell`; other languages by their name."""
    code_options: tuple[str, ...] = ()
    valued: tuple[str, ...] = ()
    """Options that take a value in the next word."""


_SHELL = Interpreter("shell", ("-c", "-lc", "-ic", "-ec", "-xc"), ("-o", "--rcfile", "--init-file"))
_PYTHON = Interpreter("python", ("-c",), ("-W", "-X"))
_NODE = Interpreter("javascript", ("-e", "--eval", "-p", "--print", "-pe"), ("-r", "--require", "--loader", "--import"))
INTERPRETERS = {
    **dict.fromkeys(["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "su"], _SHELL),
    **dict.fromkeys(["python", "pypy", "py"], _PYTHON),
    **dict.fromkeys(["node", "nodejs", "bun", "ts-node", "tsx", "electron", "nodemon", "forever", "pm2"], _NODE),
    **dict.fromkeys(["wscript", "cscript", "mshta"], Interpreter("vbscript")),
    **dict.fromkeys(["powershell", "pwsh"], Interpreter("powershell")),
    **dict.fromkeys(["rundll32", "regsvr32"], Interpreter("native")),
    "deno": Interpreter("javascript", ("eval",)),
    "perl": Interpreter("perl", ("-e", "-E", "-ne", "-pe", "-MIO", "-MSocket")),
    "ruby": Interpreter("ruby", ("-e",), ("-r",)),
    "php": Interpreter("php", ("-r",)),
    "lua": Interpreter("lua", ("-e",)),
    "osascript": Interpreter("applescript", ("-e",), ("-l",)),
    "java": Interpreter("java", (), ("-cp", "-classpath")),
    "cmd": Interpreter("shell", ("/c", "/k", "/r")),
    "eval": Interpreter("shell"),
}
VERBS = frozenset(("run", "start", "restart", "x", "launch", "exec"))
"""First words of runners (deno run, forever start, pm2 start) that are no file."""

_OPTIONS: dict[str, dict[str, str]] = {
    "curl": {
        "data": "-d --data --data-binary --data-raw --data-urlencode --data-ascii --json -F --form --form-string",
        "upload": "-T --upload-file",
        "header": "-H --header -A --user-agent -e --referer -b --cookie",
        "user": "-u --user",
        "output": "-o --output",
        "method": "-X --request",
        "url": "--url",
        "proxy": "-x --proxy --socks5-hostname",
        "config": "-K --config",
        "": "-m --max-time --connect-timeout --retry --retry-delay -w --write-out -c -E --cacert --resolve -D -r",
    },
    "wget": {
        "output": "-O --output-document",
        "directory": "-P --directory-prefix",
        "data": "--post-data --body-data",
        "upload": "--post-file --body-file",
        "header": "--header -U --user-agent --referer",
        "method": "--method",
        "list": "-i --input-file",
        "": "-o -a -t -T --tries --timeout -e",
    },
    "nc": {"program": "-e -c --exec --sh-exec", "port": "-p", "": "-s -w -x"},
    "bitsadmin": {"job": "/transfer", "": "/priority"},
    "openssl": {"input": "-in", "output": "-out", "key": "-k -K -pass", "url": "-connect", "": "-iv"},
    "git": {"setting": "-c", "": "-C"},
    "schtasks": {"name": "/tn", "program": "/tr", "": "/sc /ru /st /rl"},
    "reg": {"name": "/v", "data": "/d", "": "/t"},
    "ssh": {"tunnel": "-R -L", "": "-i -p -o -l"},
    "scp": {"": "-i -P -o"},
}
NAMED_OPTIONS = {
    command: {option: name for name, options in table.items() for option in options.split()}
    for command, table in _OPTIONS.items()
}
"""Command -> option -> the name its value goes by; an empty name is a value nobody asks for."""
SAME_AS = {"ncat": "nc", "netcat": "nc", "wget2": "wget", "sftp": "scp", "rsync": "scp"}
BARE_HOST_COMMANDS = frozenset(("curl", "wget", "http", "https", "xh", "lynx", "aria2c", "axel", "fetch"))
"""Commands whose address needs no scheme."""
_ADDRESS_COMMANDS = """
links elinks w3m mshta certutil bitsadmin git start xdg-open open explorer regsvr32 deno curlie lwp-download ftp tftp
pip npm finger msiexec scp ssh rsync
"""
URL_COMMANDS = BARE_HOST_COMMANDS | frozenset(_ADDRESS_COMMANDS.split())
"""Commands whose first word with a scheme is an address."""
