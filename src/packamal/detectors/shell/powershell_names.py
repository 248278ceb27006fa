"""How PowerShell spells things: aliases, parameters, types, and the one name each goes by in the facts."""

from __future__ import annotations

_ALIASES = {
    "Invoke-WebRequest": "iwr curl wget",
    "Invoke-RestMethod": "irm",
    "Invoke-Expression": "iex",
    "Invoke-Command": "icm",
    "Start-Process": "saps start",
    "Stop-Process": "kill spps",
    "Get-Content": "gc cat type",
    "Set-Content": "sc",
    "Add-Content": "ac",
    "Out-File": "",
    "Copy-Item": "cp copy cpi",
    "Move-Item": "mv move mi",
    "Remove-Item": "rm del erase rd rmdir ri",
    "New-Item": "ni mkdir md",
    "Get-ChildItem": "gci dir ls",
    "Get-Process": "ps gps",
    "Get-WmiObject": "gwmi",
    "Get-CimInstance": "gcim",
    "New-Object": "",
    "ForEach-Object": "% foreach",
    "Where-Object": "? where",
    "Write-Output": "echo write",
    "Import-Module": "ipmo",
    "Expand-Archive": "",
    "Compress-Archive": "",
    "Start-BitsTransfer": "",
    "Start-Job": "sajb",
    "Start-Sleep": "sleep",
    "Set-ItemProperty": "sp",
    "New-ItemProperty": "",
    "Register-ScheduledTask": "",
    "New-ScheduledTaskAction": "",
    "New-Service": "",
    "Set-MpPreference": "",
    "Add-MpPreference": "",
    "Set-ExecutionPolicy": "",
    "Add-Type": "",
    "Get-Clipboard": "gcb",
    "Set-Clipboard": "scb",
    "Test-Connection": "",
    "Resolve-DnsName": "",
    "Send-MailMessage": "",
    "Unblock-File": "",
    "Get-ItemProperty": "gp",
    "Set-Alias": "sal",
    "Get-Variable": "gv",
    "Set-Variable": "sv set",
    "Get-Command": "gcm",
    "Join-Path": "",
    "Select-Object": "select",
    "ConvertTo-Json": "",
    "ConvertFrom-Json": "",
    "Out-Null": "",
    "Register-WmiEvent": "",
    "Get-Credential": "",
}
CMDLETS = {name.lower(): name for name in _ALIASES} | {
    alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()
}
"""Lower-case spelling -> the name of the cmdlet."""
PARAMETERS = {
    "uri": "url",
    "source": "url",
    "body": "data",
    "infile": "data",
    "outfile": "output",
    "destination": "output",
    "destinationpath": "output",
    "method": "method",
    "headers": "header",
    "useragent": "header",
    "command": "code",
    "scriptblock": "code",
    "filepath": "program",
    "argumentlist": "arguments",
    "args": "arguments",
    "path": "path",
    "literalpath": "path",
    "windowstyle": "window",
    "value": "content",
    "inputobject": "content",
    "execute": "program",
    "argument": "arguments",
}
"""Parameter in lower case -> the name its value goes by, the same as for shell commands."""
_SWITCHES = """
usebasicparsing force recurse wait nonewwindow passthru asbytestream raw verbose skipcertificatecheck confirm hidden
file directory asplaintext
"""
SWITCHES = frozenset(_SWITCHES.split())
"""Parameters without a value."""
FIRST = {
    "Invoke-WebRequest": "url",
    "Invoke-RestMethod": "url",
    "Start-BitsTransfer": "url",
    "Invoke-Expression": "code",
    "Invoke-Command": "code",
    "Start-Job": "code",
    "Start-Process": "program",
    "Get-Content": "path",
    "Set-Content": "path",
    "Add-Content": "path",
    "Out-File": "path",
    "Remove-Item": "path",
    "Get-ChildItem": "path",
    "Copy-Item": "path",
    "Compress-Archive": "path",
}
"""Cmdlet -> what its first word without a parameter is."""
SECOND = {"Start-BitsTransfer": "output", "Copy-Item": "output", "Set-Content": "content", "Add-Content": "content"}
_TYPES = """
Convert Net.WebClient Net.Http.HttpClient Net.WebRequest Net.HttpWebRequest Net.Sockets.TcpClient Net.Sockets.Socket
Net.Dns Net.ServicePointManager IO.File IO.Path IO.MemoryStream IO.StreamReader IO.Compression.GzipStream
IO.Compression.DeflateStream Reflection.Assembly Diagnostics.Process Diagnostics.ProcessStartInfo Environment
Text.Encoding ScriptBlock AppDomain Runtime.InteropServices.Marshal Windows.Forms.Clipboard Drawing.Graphics
Security.Cryptography.Aes Security.Cryptography.ProtectedData Management.Automation.PSObject Microsoft.Win32.Registry
WScript.Shell Shell.Application MSXML2.XMLHTTP Msxml2.ServerXMLHTTP ADODB.Stream Scripting.FileSystemObject
"""
TYPES = {name.lower(): name for name in _TYPES.split()}
"""Type in lower case without `System.` -> its name."""


def cmdlet(word: str) -> str:
    """Give the canonical cmdlet of a command word, empty for an outer command."""
    known = CMDLETS.get(word.lower())
    if known is not None:
        return known
    verb, dash, noun = word.partition("-")
    return word if dash and verb.isalpha() and noun.isalnum() and verb[:1].isupper() else ""


def type_name(word: str) -> str:
    """Give the canonical name of a .NET type or COM class."""
    bare = word.strip().strip("'\"")
    bare = bare[7:] if bare.lower().startswith("system.") else bare
    return TYPES.get(bare.lower(), bare)
