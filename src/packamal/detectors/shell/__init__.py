"""Reads shell and batch scripts and command strings, and PowerShell, into the facts all languages share.

Canonical callees: `shell.<command>` (`shell.curl`, `shell.bash`), `shell.start` for a file that is started,
`shell.source` for one that is read in, `shell.read`, `shell.write` and `shell.append` for redirections, `shell.tcp`
for bash's sockets; `shell.env.NAME` is the use of a variable the text does not set itself. Named arguments: `url`,
`data`, `header`, `output`, `method`, `program`, `code`, `script`, `stdin`, `content`, and `hidden` (sent to the
background, or without a window).
"""

from packamal.detectors.shell.reader import read

__all__ = ["read"]
