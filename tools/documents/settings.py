"""docs/settings.md: every setting with its flag, variable and key."""

from __future__ import annotations

from documents import code, page, table
from packamal.config import FILE_VARIABLE, OPTIONS, TOML_TABLE, YAML_NAME
from packamal.server import config as server

INTRODUCTION = f"""
Later wins: the default, then the nearest `{YAML_NAME}` (or the table `{TOML_TABLE}]` in pyproject.toml) from the
working directory upwards (or the file that `{FILE_VARIABLE}` names), then the environment, then the flag.
"""
SUPPRESSIONS = f"""
## Suppressions

Accepted findings stand in `{YAML_NAME}` under `suppressions`. All patterns of an entry must match; `reason` is required
and shown with the report. An entry that matched nothing, or whose date has passed, is a warning; what it left out stays
in the JSON report.

```yaml
suppressions:
  - rule: exec/*
    purl: pkg:pypi/example@*
    path: "*/setup.py"
    sha256: ""            # of the artifact; empty: any content
    reason: our own package, builds an extension
    expires: 2027-06-30
```
"""

SERVICE = f"""
## The service

From the environment alone. A secret may stand in a file instead, named by the same variable with `{server.FILE_SUFFIX}`
at its end. What has no default must be said in the full shape, or it does not start; the embedded shape needs nothing.
"""


def text() -> str:
    """The whole page."""
    rows = [
        (code(f"--{option.key}"), code(option.variable), code(option.key), option.shown, option.help)
        for option in OPTIONS
    ]
    head = ("flag", "variable", "key in the file", "default", "meaning")
    service = [
        (code(option.variable), code(option.default) or ("" if option.default is None else "none"), option.help)
        for option in server.OPTIONS
    ]
    service_table = table(("variable", "default", "meaning"), service)
    return page("Settings", INTRODUCTION, table(head, rows), SUPPRESSIONS, SERVICE, service_table)
