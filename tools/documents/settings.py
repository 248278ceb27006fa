"""docs/settings.md: every setting with its flag, variable and key."""

from __future__ import annotations

from documents import code, page, table
from packamal.config import OPTIONS, TOML_TABLE, YAML_NAME

INTRODUCTION = f"""
Later wins: the default, then the nearest `{YAML_NAME}` (or the table `{TOML_TABLE}]` in pyproject.toml) from the
working directory upwards, then the environment, then the flag.
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


def text() -> str:
    """The whole page."""
    rows = [
        (code(f"--{option.key}"), code(option.variable), code(option.key), option.shown, option.help)
        for option in OPTIONS
    ]
    head = ("flag", "variable", "key in the file", "default", "meaning")
    return page("Settings", INTRODUCTION, table(head, rows), SUPPRESSIONS)
