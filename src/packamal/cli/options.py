"""Makes click options out of the table of settings, and hands a command the settings in force."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from packamal import config
from packamal.config import Option, Settings
from packamal.render.safe import visible

SHORT = {"format": "-f", "output": "-o", "jobs": "-j", "quiet": "-q", "verbose": "-v"}
TALK = ("quiet", "verbose")
FACE = ("format", "output", "color", *TALK)
"""Options of every command that writes reports."""
Command = Callable[..., int]


class _Value(click.ParamType[str]):
    """Taken as typed: packamal.config parses it, wherever it came from."""

    def __init__(self, option: Option, words: tuple[str, ...]) -> None:
        self.name = option.metavar or "switch"
        self.words = words

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The words that fit, or files."""
        if self.name in ("FILE", "FOLDER"):
            return [CompletionItem(incomplete, type="dir" if self.name == "FOLDER" else "file")]
        return [CompletionItem(word) for word in self.words if word.startswith(incomplete)]


def with_settings(*names: str, words: tuple[str, ...] = ()) -> Callable[[Command], Command]:
    """Give a command these settings as flags; it gets `settings` first. `words` completes --format."""

    def decorate(function: Command) -> Command:
        @functools.wraps(function)
        def command(**given: Any) -> int:  # noqa: ANN401  click's own arguments go through untouched
            flags = {name: given.pop(name) for name in names}
            settings = config.load(flags)
            set_up_log(settings)
            return function(settings, **given)

        wrapped: Command = command
        for name in reversed(names):
            wrapped = _flag(config.BY_NAME[name], words if name == "format" else ())(wrapped)
        return wrapped

    return decorate


def _flag(option: Option, words: tuple[str, ...]) -> Callable[[Command], Command]:
    flag = f"--{option.key}"
    spelled = [*([SHORT[option.name]] if option.name in SHORT else []), flag, option.name]
    hint = f"{option.help} [default: {option.shown}] [env: {option.variable}]"
    if option.is_switch:
        return click.option(*spelled, is_flag=True, default=None, help=hint)
    plain = click.option(
        *spelled,
        type=_Value(option, words or option.words),
        metavar=option.metavar,
        multiple=option.is_listed,
        help=hint,
    )
    if option.name != "color":
        return plain
    return lambda function: click.option("--no-color", "color", flag_value="never", help="The same as --color never.")(
        plain(function)
    )


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message = f"packamal: {record.levelname.lower()}: {visible(record.getMessage(), 2000)}"
        return f"{message}\n{self.formatException(record.exc_info)}" if record.exc_info else message


def set_up_log(settings: Settings) -> None:
    """Warnings on standard error; everything with -v, errors alone with -q."""
    level = logging.DEBUG if settings.verbose else logging.ERROR if settings.quiet else logging.WARNING
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line())
    logger = logging.getLogger("packamal")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
