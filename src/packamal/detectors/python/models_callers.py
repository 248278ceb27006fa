"""Library calls that call a function they are given: threads, executors, map, partial, event loops."""

from __future__ import annotations

import ast
from typing import Final

from packamal.detectors.python.classes import find
from packamal.detectors.python.constants import elements, plain
from packamal.detectors.python.evaluate_calls import apply
from packamal.detectors.python.evaluate_operators import fold_binary
from packamal.detectors.python.functions import call_function
from packamal.detectors.python.models import model
from packamal.detectors.python.namespaces import get_attribute
from packamal.detectors.python.record import Site
from packamal.detectors.python.subscripts import absorb, item
from packamal.detectors.python.values import (
    Class,
    Const,
    Function,
    Instance,
    Join,
    Map,
    Method,
    Partial,
    Ref,
    Result,
    Seq,
    Unknown,
    Value,
    deep_sources,
    join_all,
    options,
    union,
    with_sources,
)
from packamal.detectors.python.walk import Walk

_CALLABLE: Final = (Function, Class, Partial, Method, Ref, Join)
_MAX_CALLS: Final = 20_000


@model("threading.Thread", "multiprocessing.Process", "threading.Timer", "multiprocessing.context.Process")
def _thread(walk: Walk, name: str, site: Site) -> Value | None:
    position = 1
    target = site.argument(position, "target") or site.named.get("function")
    args = site.argument(3 if "Timer" not in name else 2, "args")
    named = site.named.get("kwargs")
    _started(walk, target, args, named, site)
    return None


def _started(walk: Walk, target: Value | None, args: Value | None, named: Value | None, site: Site) -> Value | None:
    if target is None:
        return None
    given = elements(args) if args is not None else []
    extra = deep_sources(args) if given is None and args is not None else frozenset()
    keywords = {str(key): value for key, value in named.items.items()} if isinstance(named, Map) else {}
    results = [
        apply(walk, option, Site(site.node, list(given or []), dict(keywords), None, extra))
        for option in options(target)
        if isinstance(option, _LOCAL) or (isinstance(option, Ref) and option.name != "?")
    ]
    return join_all(results) if results else None


_LOCAL: Final = (Function, Class, Partial)


@model("_thread.start_new_thread", "thread.start_new_thread")
def _new_thread(walk: Walk, name: str, site: Site) -> Value | None:
    _started(walk, site.argument(0), site.argument(1), None, site)
    return None


@model(
    "?.submit",
    "?.apply_async",
    "?.call_soon",
    "?.add_callback",
    "?.apply",
    "atexit.register",
    "asyncio.to_thread",
    "asyncio.get_event_loop().call_soon",
)
def _submit(walk: Walk, name: str, site: Site) -> Value | None:
    """`executor.submit(f, *args)`: the result stands for the future, too."""
    target = site.argument(0)
    if not isinstance(target, Function | Class | Partial):
        return None
    rest = site.args[1:]
    if name.endswith("apply_async") or name == "apply":
        rest = list(elements(rest[0]) or []) if rest else []
    value = apply(walk, target, Site(site.node, rest, dict(site.named), None, site.extra))
    return with_sources(value, site.src)


@model(
    "pynput.keyboard.Listener",
    "pynput.mouse.Listener",
    "keyboard.on_press",
    "keyboard.on_release",
    "keyboard.hook",
    "keyboard.add_hotkey",
    "mouse.hook",
    "mouse.on_click",
    "websocket.WebSocketApp",
    "telegram.ext.CommandHandler",
    "telegram.ext.MessageHandler",
    "sched.scheduler().enter",
    "schedule.every().do",
    "?.do",
    "?.add_job",
)
def _listen(walk: Walk, name: str, site: Site) -> Value | None:
    """What listens, or runs on a schedule, calls the functions it is given."""
    for value in (*site.args, *site.named.values()):
        if isinstance(value, Function):
            call_function(walk, value, Site(site.node, [], {}, None, site.src - {site.fact}))
    return None


@model("?.run_in_executor", "?.call_later", "?.call_at", "?.after", "loop.run_in_executor")
def _executor(walk: Walk, name: str, site: Site) -> Value | None:
    target = site.argument(1)
    if not isinstance(target, Function | Class | Partial):
        return None
    return with_sources(apply(walk, target, Site(site.node, site.args[2:], {}, None, site.extra)), site.src)


@model(
    "asyncio.run",
    "asyncio.create_task",
    "asyncio.ensure_future",
    "asyncio.wait_for",
    "asyncio.shield",
    "asyncio.get_event_loop().run_until_complete",
    "asyncio.new_event_loop().run_until_complete",
    "?.run_until_complete",
    "?.create_task",
    "trio.run",
    "anyio.run",
    "asyncio.run_coroutine_threadsafe",
)
def _run(walk: Walk, name: str, site: Site) -> Value | None:
    """A coroutine is read where it is called, so its value is the value."""
    target = site.argument(0)
    if isinstance(target, Function):
        return apply(walk, target, Site(site.node, site.args[1:], {}))
    return None if target is None else with_sources(target, site.src)


@model("asyncio.gather", "asyncio.wait", "asyncio.as_completed")
def _gather(walk: Walk, name: str, site: Site) -> Value | None:
    return Seq(list(site.args), site.src, bool(site.extra))


@model("map", "filter", "?.map", "?.imap", "?.starmap", "itertools.starmap", "?.imap_unordered", "?.map_async")
def _map(walk: Walk, name: str, site: Site) -> Value | None:
    if len(site.args) < 2:
        return None
    function = site.args[0]
    if not isinstance(function, _CALLABLE):
        return Unknown(site.src)
    columns = [elements(arg) for arg in site.args[1:]]
    known = [column for column in columns if column is not None]
    if len(known) < len(columns) or not known[0] or len(known[0]) > _MAX_CALLS:
        value = _one_call(walk, function, [_some(arg) for arg in site.args[1:]], site)
        return Seq([value], union(site.src, value.src), True)
    return _map_known(walk, name, function, known, site)


def _some(value: Value) -> Value:
    return Unknown(deep_sources(value))


def _one_call(walk: Walk, function: Value, args: list[Value], site: Site) -> Value:
    return apply(walk, function, Site(site.node, args, {}))


def _map_known(walk: Walk, name: str, function: Value, columns: list[list[Value]], site: Site) -> Value:
    made: list[Value] = []
    before, walk.is_repeat = walk.is_repeat, True
    for row in zip(*columns, strict=False):
        args = list(elements(row[0]) or row) if name.endswith("starmap") else list(row)
        value = _one_call(walk, function, args, site)
        if name != "filter":
            made.append(value)
        elif not isinstance(value, Const) or value.value:
            made.append(row[0])
        if not walk.spend(8):
            break
    walk.is_repeat = before
    return Seq(made, site.src)


@model("functools.reduce")
def _reduce(walk: Walk, name: str, site: Site) -> Value | None:
    items = elements(site.args[1]) if len(site.args) > 1 else None
    if items is None or not items or len(items) > _MAX_CALLS:
        return None
    value = site.args[2] if len(site.args) > 2 else items.pop(0)
    before, walk.is_repeat = walk.is_repeat, True
    for part in items:
        value = _one_call(walk, site.args[0], [value, part], site)
        if not walk.spend(8):
            break
    walk.is_repeat = before
    return value


@model("functools.partial", "functools.partialmethod")
def _partial(walk: Walk, name: str, site: Site) -> Value | None:
    if not site.args:
        return None
    target = site.args[0]
    rest = tuple(site.args[1:])
    if isinstance(target, Function):
        named = {**(target.named or {}), **site.named}
        return Function(target.record, target.receiver, (*target.bound, *rest), named)
    return Partial(_plain_ref(target), rest, dict(site.named))


def _plain_ref(value: Value) -> Value:
    return Ref(value.name) if value.__class__ is Ref and "(" not in value.name else value


@model(
    "threading.Thread().start",
    "multiprocessing.Process().start",
    "threading.Thread().run",
    "multiprocessing.Process().run",
    "threading.Thread().__init__",
)
def _start(walk: Walk, name: str, site: Site) -> Value | None:
    """An object of a class derived from a thread runs its own `run`."""
    owner = site.owner
    if name.endswith("__init__"):
        return _thread(walk, "threading.Thread", site)
    if isinstance(owner, Instance):
        method = find(owner.record, "run")
        if isinstance(method, Function):
            return call_function(walk, Function(method.record, owner), Site(site.node, [], {}))
    return None


_ADDERS_WORDS: Final = (
    "append attach write writestr writelines add add_field add_file add_header set_payload update extend "
    "insert push put setdefault send_header setRequestHeader add_embed add_attachment writerow writerows "
)
_ADDERS: Final = _ADDERS_WORDS.split()


@model(*(f"?.{name}" for name in _ADDERS))
def _add(walk: Walk, name: str, site: Site) -> Value | None:
    """What is added to an object is in it from then on."""
    if site.owner is not None:
        absorb(walk, site.owner, site.src)
    return None


@model("setuptools.setup", "setup", "skbuild.setup", "distutils.setup")
def _setup(walk: Walk, name: str, site: Site) -> Value | None:
    """Command classes given to `setup` are run by it."""
    commands = site.named.get("cmdclass")
    values = list(commands.items.values()) if isinstance(commands, Map) else []
    for value in values:
        for option in options(value):
            if isinstance(option, Class):
                _run_command(walk, option, site)
    return None


_COMMAND_METHODS: Final = (
    "__init__",
    "initialize_options",
    "finalize_options",
    "run",
    "build_extensions",
    "build_extension",
)


def _run_command(walk: Walk, command: Class, site: Site) -> None:
    for method_name in _COMMAND_METHODS:
        method = find(command.record, method_name)
        if isinstance(method, Function):
            call_function(walk, Function(method.record, command.record.shared), Site(site.node, [], {}))


_OPERATORS: Final[dict[str, type[ast.operator]]] = {
    "add": ast.Add,
    "concat": ast.Add,
    "xor": ast.BitXor,
    "mod": ast.Mod,
    "mul": ast.Mult,
    "sub": ast.Sub,
}


@model("operator.add", "operator.xor", "operator.concat", "operator.mod", "operator.mul", "operator.sub")
def _binary(walk: Walk, name: str, site: Site) -> Value | None:
    if len(site.args) != 2:
        return None
    left, right = site.args
    if isinstance(left, Const) and isinstance(right, Const):
        return fold_binary(_OPERATORS[name.rpartition(".")[2]], left, right)
    return None


@model("operator.attrgetter()", "operator.itemgetter()", "operator.methodcaller()")
def _getter(walk: Walk, name: str, site: Site) -> Value | None:
    """What a getter made by the operator module gives when it is called."""
    maker = site.owner
    key = plain(maker.args[0]) if isinstance(maker, Result) and maker.args else None
    if not site.args or not isinstance(key, str) or not isinstance(maker, Result):
        return None
    if name.startswith("operator.itemgetter"):
        return item(walk, site.args[0], maker.args[0], site.node)
    value = site.args[0]
    if value.__class__ is Ref and "(" not in value.name:
        value = _plain_ref(value)
    for part in key.split("."):
        value = get_attribute(walk, value, part)
    if name.startswith("operator.methodcaller"):
        return apply(walk, value, Site(site.node, list(maker.args[1:]), {}))
    return value
