"""YAML for our own data files, read strictly: no repeated keys and no aliases, which PyYAML would accept in silence."""

from __future__ import annotations

from pathlib import Path

import yaml

from packamal.errors import RuleError

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Loader):  # type: ignore[valid-type, misc]
    """Refuses what a careful author would not write."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        """Build a mapping; a repeated key is an error."""
        keys = [key.value for key, _ in node.value]
        if repeated := sorted({key for key in keys if keys.count(key) > 1}):
            raise RuleError(f"repeated key {repeated[0]!r} in line {node.start_mark.line + 1}")
        mapping: dict[object, object] = super().construct_mapping(node, deep=deep)
        return mapping


def load(text: str, name: str) -> object:
    """Parse one document; raises RuleError with the file's name and line."""
    if any(isinstance(event, yaml.AliasEvent) for event in _events(text, name)):
        raise RuleError(f"{name}: aliases are not allowed")
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506, a SafeLoader underneath
    except yaml.YAMLError as error:
        raise RuleError(f"{name}: {' '.join(str(error).split())}") from error
    except RuleError as error:
        raise RuleError(f"{name}: {error}") from error


def _events(text: str, name: str) -> list[yaml.Event]:
    if "*" not in text or "&" not in text:
        return []
    try:
        return list(yaml.parse(text, Loader=_Loader))
    except yaml.YAMLError as error:
        raise RuleError(f"{name}: {' '.join(str(error).split())}") from error


def load_file(path: Path) -> object:
    """Parse one file; raises RuleError."""
    try:
        return load(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path.name}: cannot be read: {error}") from error
