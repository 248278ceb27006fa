"""docs/cli.md: the help of every command, and the exit codes."""

from __future__ import annotations

import ast

import click

from documents import SOURCE, page, table
from packamal.cli import COMMANDS, program
from packamal.cli.exits import Exit

WIDTH = 100


def text() -> str:
    """The whole page."""
    root = click.Context(program, info_name="packamal", terminal_width=WIDTH, max_content_width=WIDTH)
    blocks = ["The result goes to standard output, everything else to standard error.", shown(program.get_help(root))]
    for name in COMMANDS:
        command = program.get_command(root, name)
        if command is not None:
            blocks += of_command(command, click.Context(command, root, name, terminal_width=WIDTH))
    return page("Command line", *blocks, "## Exit codes", table(("code", "name", "meaning"), codes()))


def of_command(command: click.Command, context: click.Context) -> list[str]:
    """A command's help, and that of its own commands."""
    blocks = [f"## {context.command_path}", shown(command.get_help(context))]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                blocks += of_command(inner, click.Context(inner, context, name, terminal_width=WIDTH))
    return blocks


def shown(help_text: str) -> str:
    """As it stands on a terminal."""
    return f"```text\n{help_text.strip()}\n```"


def codes() -> list[tuple[int, str, str]]:
    """Every exit code with the text that stands under it."""
    module = ast.parse((SOURCE / "cli" / "exits.py").read_bytes())
    [body] = [node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name == Exit.__name__]
    texts = [
        node.value.value for node in body[1:] if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ]
    return [(int(code), code.name.lower().replace("_", " "), str(text)) for code, text in zip(Exit, texts, strict=True)]
