"""Walks bytecode once, from top to bottom, over a stack of source texts: what comes out are its statements.

Jumps are not followed: branches and loops stand one behind the other, which keeps every call with its arguments and
loses only which of them run. The stack never runs empty; what is not known is `_unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from packamal.detectors.decode.instructions import Version, jump_unit
from packamal.detectors.decode.limits import MAX_ARGUMENT, MAX_WRITTEN
from packamal.detectors.decode.marshalled import Code
from packamal.detectors.decode.spelling import JOINABLE, UNKNOWN, attribute_of, callable_text, identifier, literal

NULL = "NULL"
"""What newer versions push below a function that is no method."""
_GROWING = "growing display "
"""Stands on the stack for a display that is still being filled."""
MAX_STACK = 2_000
_OPERATORS = ["+", "&", "//", "<<", "@", "*", "%", "|", "**", ">>", "-", "/", "^"]
"""Operand of BINARY_OP; the in-place forms follow in the same order."""
_NOTHING = ("None(", f"{UNKNOWN}(")
"""Calls the walk made up: exits of `with`, values it lost."""
_SUBSCRIPT = 26
_COMPARISONS = ("<", "<=", "==", "!=", ">", ">=")
Define = Callable[[Code], str]
"""Writes a function's own statements and gives the name it goes by."""


class Machine:
    """One code object in the making: `lines` are its statements."""

    def __init__(self, code: Code, version: Version, define: Define) -> None:
        self.lines: list[str] = []
        self.codes: dict[str, Code] = {}
        self._code = code
        self._version = version
        self._define = define
        self._stack: list[str] = []
        self._keywords: tuple[str, ...] = ()
        self._functions: set[str] = set()
        self._growing: dict[str, tuple[str, list[str]]] = {}
        self._sequences = 0
        self._loop_ends: list[int] = []
        self._written = 0
        self._slices: dict[str, str] = {}

    @property
    def is_old(self) -> bool:
        """True for Python 2."""
        return self._version < (3, 0)

    def push(self, text: str) -> None:
        """Push a value's source text."""
        self._written += len(text)
        if len(self._stack) < MAX_STACK:
            self._stack.append(text if len(text) <= MAX_ARGUMENT and self._written <= MAX_WRITTEN else UNKNOWN)

    def pop(self) -> str:
        """Take the top value, `_unknown` where there is none."""
        text = self._stack.pop() if self._stack else UNKNOWN
        if text not in self._growing:
            return text
        brackets, items = self._growing[text]
        return f"{brackets[0]}{', '.join(items)}{brackets[1]}"

    def pops(self, count: int) -> list[str]:
        """Take several values, in the order they were pushed."""
        return [self.pop() for _ in range(min(count, MAX_STACK))][::-1]

    def drop(self, count: int) -> None:
        """Forget values."""
        for _ in range(count):
            self.pop()

    def write(self, line: str) -> None:
        """Write a statement."""
        self.lines.append(line)

    # names and constants

    def constant(self, index: int) -> None:
        """Push a constant; code objects go by a name until a function is made of them."""
        value = self._code.consts[index] if index < len(self._code.consts) else None
        if isinstance(value, Code):
            key = f"code_{len(self.codes)}"
            self.codes[key] = value
            self.push(key)
        else:
            self.push(literal(value))

    def name(self, index: int) -> str:
        """A name of the names table."""
        return identifier(self._code.names[index]) if index < len(self._code.names) else UNKNOWN

    def name_path(self, index: int) -> str:
        """A dotted module name of the names table."""
        return ".".join(identifier(part) for part in self.raw_name(index).split("."))

    def local(self, index: int) -> str:
        """A local variable's name."""
        return identifier(self._code.varnames[index]) if index < len(self._code.varnames) else UNKNOWN

    def cell(self, index: int) -> str:
        """A cell or free variable's name; from 3.11 on they are numbered with the locals."""
        if self._version >= (3, 11):
            return self.local(index)
        return identifier(self._code.freevars[index]) if index < len(self._code.freevars) else UNKNOWN

    def load_global(self, argument: int) -> None:
        """Push a global; from 3.11 on the lowest bit asks for a NULL as well."""
        if self._version >= (3, 11):
            if argument & 1 and self._version < (3, 13):
                self.push(NULL)
            self.push(self.name(argument >> 1))
            if argument & 1 and self._version >= (3, 13):
                self.push(NULL)
        else:
            self.push(self.name(argument))

    def attribute(self, argument: int) -> None:
        """Replace an object by its attribute; from 3.12 on the lowest bit says that it is called next."""
        new = self._version >= (3, 12)
        text = attribute_of(self.pop(), self.raw_name(argument >> 1 if new else argument))
        self.push_callable(text) if new and argument & 1 else self.push(text)

    def method(self, argument: int) -> None:
        """Replace an object by a method that is called next."""
        self.push_callable(attribute_of(self.pop(), self.raw_name(argument)))

    def push_callable(self, text: str) -> None:
        """Push a function and the NULL beside it, in the version's order."""
        for item in (text, NULL) if self._version >= (3, 13) else (NULL, text):
            self.push(item)

    def raw_name(self, index: int) -> str:
        """A name as the table spells it."""
        return self._code.names[index] if index < len(self._code.names) else UNKNOWN

    def store(self, target: str) -> None:
        """Write an assignment, an import where that is what is stored."""
        value = self.pop()
        if value.startswith("import "):
            module = value.removeprefix("import ")
            self.write(value if module.partition(".")[0] == target else f"{value} as {target}")
            self.push(UNKNOWN)
            self.pop()
        elif value.startswith("from "):
            self.write(value if value.endswith(f" import {target}") else f"{value} as {target}")
        elif value != target:
            self.write(f"{target} = {value}")

    def discard(self) -> None:
        """Write what was computed and not kept, when it did something."""
        value = self.pop()
        if value.endswith(")") and "(" in value and not value.startswith(_NOTHING):
            self.write(value)

    # calls

    def call(self, count: int) -> None:
        """Call with positional arguments, and keywords named before (3.11, 3.12)."""
        arguments = self.pops(count)
        if self._keywords:
            start = max(0, len(arguments) - len(self._keywords))
            arguments[start:] = [
                f"{key}={value}" for key, value in zip(self._keywords, arguments[start:], strict=False)
            ]
            self._keywords = ()
        self._finish_call(arguments)

    def call_with_names(self, count: int) -> None:
        """Call whose last constant names the keywords (3.6 to 3.10, 3.13)."""
        names = tuple(identifier(word) for word in re.findall(r"'([^']*)'", self.pop()))
        self._keywords = names
        self.call(count)

    def call_27(self, argument: int) -> None:
        """Call of 2.7: keywords stand as pairs."""
        pairs = self.pops(2 * (argument >> 8))
        arguments = self.pops(argument & 255)
        arguments += [f"{key.strip(chr(39))}={value}" for key, value in zip(pairs[::2], pairs[1::2], strict=True)]
        self._finish_call(arguments)

    def call_spread(self, argument: int) -> None:
        """Call with packed arguments."""
        has_mapping = argument & 1 or self._version >= (3, 14)
        mapping = self.pop() if has_mapping else NULL
        arguments = [f"*{self.pop()}"] + ([f"**{mapping}"] if mapping != NULL else [])
        self._finish_call(arguments)

    def _finish_call(self, arguments: list[str]) -> None:
        function = self.pop()
        if function == NULL:
            function = self.pop()
        elif self._stack and self._stack[-1] == NULL:
            self.pop()
        elif (3, 11) <= self._version < (3, 13) and self._stack and self._stack[-1] in self._functions:
            # A comprehension is called with its iterator in the place of `self`.
            arguments, function = [function, *arguments], self.pop()
        if function == "__build_class__" and len(arguments) > 1:
            self._make_class(arguments)
            return
        self.push(f"{callable_text(function)}({', '.join(item for item in arguments if item != NULL)})")

    def _make_class(self, arguments: list[str]) -> None:
        """Turn the function that holds a class body into the class; it takes the function, the name, the bases."""
        body, _, *bases = arguments
        head = f"def {body}("
        at = next((at for at in reversed(range(len(self.lines))) if self.lines[at].startswith(head)), None)
        if at is not None:
            self.lines[at] = f"class {body}({', '.join(bases)}):"
        self.push(body)

    def name_keywords(self, index: int) -> None:
        """Remember the keywords of the next call (3.11, 3.12)."""
        value = self._code.consts[index] if index < len(self._code.consts) else ()
        self._keywords = tuple(identifier(str(item)) for item in value) if isinstance(value, tuple) else ()

    def make_function(self, argument: int) -> None:
        """Write a function and push its name; before 3.11 its qualified name stands above its code."""
        if (3, 0) <= self._version < (3, 11):
            self.pop()
        code = self.codes.get(self.pop())
        if self._version < (3, 0):
            self.pops(argument)
        elif self._version < (3, 13):
            self.pops(bin(argument & 15).count("1"))
        if code is None:
            self.push(UNKNOWN)
            return
        name = self._define(code)
        self._functions.add(name)
        self.push(name)

    def set_on_function(self, _: int) -> None:
        """Drop defaults, annotations or cells that are put on a function (3.13)."""
        function = self.pop()
        self.pop()
        self.push(function)

    # operators and displays

    def operate(self, operator: str) -> None:
        """Apply a binary operator."""
        left, right = self.pops(2)
        self.push(f"({left} {operator} {right})")

    def binary(self, argument: int) -> None:
        """Apply BINARY_OP (3.11)."""
        if argument == _SUBSCRIPT:
            self.subscript()
        else:
            self.operate(_OPERATORS[argument % len(_OPERATORS)])

    def compare(self, argument: int) -> None:
        """Compare; the operator's place in the argument moved with the versions."""
        index = argument >> 5 if self._version >= (3, 13) else argument >> 4 if self._version >= (3, 12) else argument
        left, right = self.pops(2)
        operator = _COMPARISONS[index] if index < len(_COMPARISONS) else "in"
        self.push(f"({left} {operator} {right})")

    def subscript(self) -> None:
        """Index a value."""
        value, index = self.pops(2)
        self.push(f"{callable_text(value)}[{self._slices.get(index, index)}]")

    def slice(self, count: int) -> None:
        """Build a slice; inside an index it is written with colons."""
        parts = self.pops(count)
        text = f"slice({', '.join(parts)})"
        self._slices[text] = ":".join("" if part == "None" else part for part in parts)
        self.push(text)

    def display(self, count: int, opening: str, closing: str) -> None:
        """Build a tuple, list or set."""
        items = self.pops(count)
        tail = "," if closing == ")" and len(items) == 1 else ""
        self.push(f"{opening}{', '.join(items)}{tail}{closing}")

    def mapping(self, count: int) -> None:
        """Build a dict of pairs."""
        items = self.pops(2 * count)
        pairs = (f"{key}: {value}" for key, value in zip(items[::2], items[1::2], strict=True))
        self.push("{" + ", ".join(pairs) + "}")

    def named_mapping(self, count: int) -> None:
        """Build a dict whose keys are one constant."""
        keys = re.findall(r"'(?:[^'\\]|\\.)*'|\"[^\"]*\"|[\w.]+", self.pop())
        pairs = (f"{key}: {value}" for key, value in zip(keys, self.pops(count), strict=False))
        self.push("{" + ", ".join(pairs) + "}")

    def formatted(self, argument: int) -> None:
        """Turn a value into text, with or without a format."""
        if argument & 4 == 4:
            self.pop()
        self.push(f"str({self.pop()})")

    def joined(self, count: int) -> None:
        """Join the parts of an f-string."""
        self.push("(" + " + ".join(self.pops(count) or ["''"]) + ")")

    def grow(self, depth: int, item: str, brackets: str) -> None:
        """Add an item to the display at a depth; the pieces are joined when it is taken, not before."""
        if not 0 < depth <= len(self._stack):
            return
        target = self._stack[-depth]
        if target not in self._growing:
            inner = target[1:-1].rstrip(", ") if target[:1] in "[{(" else ""
            name = f"{_GROWING}{len(self._growing)}"
            self._growing[name] = (brackets, [inner] if inner else [])
            self._stack[-depth] = name
        self._written += len(item)
        if self._written <= MAX_WRITTEN:
            self._growing[self._stack[-depth]][1].append(item)

    # control

    def test(self, name: str) -> None:
        """Drop a condition; one that calls something is kept as a statement."""
        value = self.pop()
        if value.endswith(")") and JOINABLE.match(value):
            self.write(value)
        if name.endswith("_OR_POP"):
            self.push(value)

    def iterate(self, argument: int, after: int) -> None:
        """Push one item of what is iterated, and note where the loop ends, which drops the iterator (before 3.12)."""
        if self._version < (3, 12):
            self._loop_ends.append(after + argument * jump_unit(self._version))
        source = self._stack[-1] if self._stack else UNKNOWN
        self.push(f"next(iter({source}))")

    def arrive(self, offset: int) -> None:
        """Leave the loops that end here."""
        while self._loop_ends and self._loop_ends[-1] <= offset:
            self._loop_ends.pop()
            self.pop()

    def end_loop(self) -> None:
        """END_FOR: drops the iterator in 3.12, leaves that to the next instruction from 3.13 on."""
        if self._version < (3, 13):
            self.pop()

    def give_back(self) -> None:
        """Write a return."""
        value = self.pop()
        if value != "None":
            self.write(f"return {value}")

    def unpack(self, count: int) -> None:
        """Push the items of a sequence, first on top."""
        value = self.pop()
        if not value.isidentifier():
            self._sequences += 1
            name = f"sequence_{self._sequences}"
            self.write(f"{name} = {value}")
            value = name
        for index in reversed(range(min(count, MAX_STACK))):
            self.push(f"{value}[{index}]")

    def swap(self, depth: int) -> None:
        """Swap the top with a deeper entry."""
        if 1 < depth <= len(self._stack):
            self._stack[-1], self._stack[-depth] = self._stack[-depth], self._stack[-1]

    def copy(self, depth: int) -> None:
        """Push a copy of a deeper entry."""
        self.push(self._stack[-depth] if 0 < depth <= len(self._stack) else UNKNOWN)

    def rotate(self, depth: int) -> None:
        """Move the top below `depth` - 1 others."""
        if 1 < depth <= len(self._stack):
            self._stack.insert(len(self._stack) - depth, self._stack.pop())
