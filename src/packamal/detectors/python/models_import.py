"""Imports made by calls, and code that is run by calls: `__import__`, `exec`, `eval`, `compile`, runpy."""

from __future__ import annotations

import ast
from typing import Final

from packamal.detectors.python import limits
from packamal.detectors.python.arguments import render
from packamal.detectors.python.constants import MAX_STEPS_SHOWN, plain, steps_of
from packamal.detectors.python.fold import MISSING
from packamal.detectors.python.hidden_names import hides_module
from packamal.detectors.python.layers import forget, run_constant
from packamal.detectors.python.models import model
from packamal.detectors.python.modules import import_value
from packamal.detectors.python.names import BUILTINS
from packamal.detectors.python.parse import parse_expression, parse_text
from packamal.detectors.python.record import Site, record_edge
from packamal.detectors.python.scope import Scope
from packamal.detectors.python.templates import text_value
from packamal.detectors.python.values import Map, Ref, Value, with_sources
from packamal.detectors.python.walk import Walk, base, run


@model("__import__", "importlib.import_module", "imp.load_module", "importlib.__import__", "pydoc.locate")
def _import(walk: Walk, name: str, site: Site) -> Value | None:
    argument = site.argument(0, "name")
    module = plain(argument) if argument is not None else MISSING
    if not isinstance(module, str) or not module or argument is None:
        return None
    if hides_module(argument, module):
        walk.note("rebuilt-name", site.node, module[:80])
    record_edge(walk, "import", module[: limits.MAX_WIDTH], site.node)
    if module.startswith("."):
        return Ref(module)
    from_list = site.argument(3, "fromlist")
    is_whole = name != "__import__" or (from_list is not None and plain(from_list) not in ((), None, ""))
    return import_value(walk, module if is_whole else module.partition(".")[0], site.node)


@model("exec", "execfile", "eval", "code.InteractiveInterpreter().runcode", "code.InteractiveInterpreter().runsource")
def _exec(walk: Walk, name: str, site: Site) -> Value | None:
    if not site.args:
        return None
    argument = site.args[0]
    if name == "execfile":
        record_edge(walk, "exec", render(argument) or "", site.node)
        return None
    text = _program(argument)
    if name == "eval" and text is not None and len(text) <= limits.MAX_EVAL_CHARS:
        return _eval(walk, site, argument, text)
    if text is None or not _run_in_place(walk, site, argument, text):
        run_constant(walk, argument, site, "python")
    return None


def _program(value: Value) -> str | None:
    known = plain(value)
    return known.decode("utf-8", "replace") if isinstance(known, bytes) else known if isinstance(known, str) else None


def _eval(walk: Walk, site: Site, argument: Value, text: str) -> Value | None:
    """A short expression is evaluated where it stands, so that what it names is known."""
    expression = parse_expression(text)
    if expression is None or len(walk.inlined) >= limits.MAX_INLINE_DEPTH or not walk.spend(len(text)):
        run_constant(walk, argument, site, "python")
        return None
    if len(text) >= limits.MIN_LAYER_BYTES and not isinstance(expression, ast.Name | ast.Attribute | ast.Constant):
        run_constant(walk, argument, site, "python")
    _move(expression, site.node)
    if isinstance(expression, ast.Name) and expression.id in BUILTINS:
        walk.note("rebuilt-name", site.node, expression.id[:80])
    value = base(walk, expression)
    return value if isinstance(value, Ref) else with_sources(value, site.src)


def _move(tree: ast.AST, to: ast.AST) -> None:
    line = getattr(to, "lineno", 0)
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            node.lineno = line


def _run_in_place(walk: Walk, site: Site, argument: Value, text: str) -> bool:
    """Read a constant program where it is run: it shares names with what is around it.

    True when it only unpacks another program, which is a layer by then; otherwise it becomes a layer itself.
    """
    session = walk.session
    if len(text) > limits.MAX_EXEC_CHARS or session.programs >= limits.MAX_PROGRAMS:
        return False
    tree = parse_text(text)
    if tree is None:
        return False
    size = session.size_of(tree)
    if size > limits.MAX_EXEC_NODES or not walk.spend(size):
        return False
    _move(tree, site.node)
    before, outer_steps = session.runs, session.outer_steps
    session.outer_steps = (*outer_steps, *steps_of(argument))[:MAX_STEPS_SHOWN]
    session.programs += 1
    outer, walk.scope = walk.scope, _names_for(walk, site)
    run(walk, tree.body)
    walk.scope = outer
    session.programs -= 1
    session.outer_steps = outer_steps
    if session.runs == before or not all(isinstance(node, _UNPACKING) for node in tree.body):
        return False
    forget(walk, argument)
    return True


def _names_for(walk: Walk, site: Site) -> Scope:
    """The names that a program sees: those around it, and those of the dictionaries it is given."""
    given = [value for value in (*site.args[1:3], *site.named.values()) if isinstance(value, Map)]
    if not given:
        return walk.scope
    scope = Scope(walk.scope, walk.module.scope)
    for names in given:
        scope.names.update((name, value) for name, value in names.items.items() if isinstance(name, str))
    return scope


_UNPACKING: Final = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign)


@model("compile", "codeop.compile_command", "types.CodeType", "textwrap.dedent", "inspect.cleandoc")
def _compile(walk: Walk, name: str, site: Site) -> Value | None:
    """Compiled text is still the text, for whoever runs it."""
    argument = site.argument(0, "source")
    if argument is None or name == "types.CodeType":
        return None
    return with_sources(argument, site.src)


@model("types.FunctionType")
def _function_type(walk: Walk, name: str, site: Site) -> Value | None:
    if site.args:
        run_constant(walk, site.args[0], site, "python")
    return None


@model("runpy.run_path", "runpy.run_module", "imp.load_source", "importlib.machinery.SourceFileLoader")
def _run_path(walk: Walk, name: str, site: Site) -> Value | None:
    position = 1 if "oad" in name else 0
    argument = site.argument(position, "path_name") or site.argument(0, "mod_name")
    target = render(text_value(argument)) if argument is not None else None
    record_edge(walk, "import" if name == "runpy.run_module" else "start", target or "", site.node)
    return None


@model("importlib.util.spec_from_file_location", "zipimport.zipimporter")
def _from_file(walk: Walk, name: str, site: Site) -> Value | None:
    argument = site.argument(1 if "spec" in name else 0, "location")
    record_edge(walk, "exec", (render(text_value(argument)) if argument is not None else None) or "", site.node)
    return None


@model("importlib.reload", "sys.modules.setdefault")
def _reload(walk: Walk, name: str, site: Site) -> Value | None:
    return site.args[0] if site.args else None


@model("ast.literal_eval", "json.loads")
def _literal(walk: Walk, name: str, site: Site) -> Value | None:
    """Literals as text are literals."""
    text = plain(site.args[0]) if site.args else MISSING
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if not isinstance(text, str) or len(text) > limits.MAX_CONST // 8:
        return None
    if name == "json.loads":
        text = _JSON_WORDS.get(text.strip(), text)
    expression = parse_expression(text)
    if expression is None or not walk.spend(len(text) // 4):
        return None
    for node in ast.walk(expression):
        if not isinstance(node, _LITERALS):
            return None
    _move(expression, site.node)
    return with_sources(base(walk, expression), site.src)


_JSON_WORDS: Final = {"true": "True", "false": "False", "null": "None"}
_LITERALS: Final = (
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.Dict,
    ast.Set,
    ast.UnaryOp,
    ast.unaryop,
    ast.expr_context,
    ast.BinOp,
    ast.operator,
)


@model("builtins.__getattribute__", "__getattribute__", "__getattr__")
def _builtin_member(walk: Walk, name: str, site: Site) -> Value | None:
    key = plain(site.args[-1]) if site.args else MISSING
    return Ref(key) if isinstance(key, str) else None
