"""What each opcode does to the machine, for all versions at once: a name means the same wherever it exists."""

from __future__ import annotations

from collections.abc import Callable

from packamal.detectors.decode.instructions import Instruction
from packamal.detectors.decode.machine import NULL, Machine
from packamal.detectors.decode.spelling import UNKNOWN, attribute_of, callable_text

_WORDS = {
    "ADD": "+", "SUBTRACT": "-", "MULTIPLY": "*", "MODULO": "%", "XOR": "^", "OR": "|", "AND": "&", "LSHIFT": "<<",
    "RSHIFT": ">>", "POWER": "**", "TRUE_DIVIDE": "/", "FLOOR_DIVIDE": "//", "DIVIDE": "/", "MATRIX_MULTIPLY": "@",
}  # fmt: skip
Effect = Callable[[Machine, int], None]


def apply(machine: Machine, instruction: Instruction) -> None:
    """Do one instruction; those without an effect on values are passed over."""
    name, argument, start, after = instruction
    machine.arrive(start)
    effect = EFFECTS.get(name)
    if name == "FOR_ITER":
        machine.iterate(argument, after)
    elif effect is not None:
        effect(machine, argument)
    elif name.startswith(("BINARY_", "INPLACE_")):
        word = _WORDS.get(name.partition("_")[2])
        if word is not None:
            machine.operate(word)
    elif name.startswith("POP_JUMP") or name.endswith("_OR_POP"):
        machine.test(name)


def _import(machine: Machine, index: int) -> None:
    machine.pops(2)
    machine.push(f"import {machine.name_path(index)}")


def _import_from(machine: Machine, index: int) -> None:
    module = machine.pop()
    machine.push(module)
    machine.push(f"from {module.removeprefix('import ') or '.'} import {machine.name(index)}")


def _import_star(machine: Machine, _: int) -> None:
    machine.write(f"from {machine.pop().removeprefix('import ')} import *")


def _store_attribute(machine: Machine, index: int) -> None:
    value, target = machine.pops(2)
    name = machine.raw_name(index)
    place = attribute_of(target, name)
    machine.write(f"{place} = {value}" if "getattr(" not in place else f"setattr({target}, {name!r}, {value})")


def _store_item(machine: Machine, _: int) -> None:
    value, target, index = machine.pops(3)
    machine.write(f"{callable_text(target)}[{index}] = {value}")


def _two_locals(machine: Machine, argument: int) -> None:
    machine.push(machine.local(argument >> 4))
    machine.push(machine.local(argument & 15))


def _store_two(machine: Machine, argument: int) -> None:
    machine.store(machine.local(argument >> 4))
    machine.store(machine.local(argument & 15))


def _store_and_load(machine: Machine, argument: int) -> None:
    machine.store(machine.local(argument >> 4))
    machine.push(machine.local(argument & 15))


def _negated(operator: str) -> Effect:
    return lambda machine, _: machine.push(f"({operator}{machine.pop()})")


def _slice(machine: Machine, _: int) -> None:
    value, start, end = machine.pops(3)
    machine.push(f"{callable_text(value)}[{start}:{end}]")


def _slice_27(has_start: bool, has_end: bool) -> Effect:
    def effect(machine: Machine, _: int) -> None:
        end = machine.pop() if has_end else ""
        start = machine.pop() if has_start else ""
        machine.push(f"{callable_text(machine.pop())}[{start}:{end}]")

    return effect


def _run_statement(machine: Machine, _: int) -> None:
    code, space, _locals = machine.pops(3)
    machine.write(f"exec({code}, {space})")


def _print(machine: Machine, _: int) -> None:
    machine.write(f"print({machine.pop()})")


def _raise(machine: Machine, count: int) -> None:
    values = machine.pops(count)
    if values and values[0].endswith(")"):
        machine.write(values[0])


def _format_with_specification(machine: Machine, _: int) -> None:
    machine.pop()
    machine.formatted(0)


def _with(machine: Machine, _: int) -> None:
    """The exit function goes below what `__enter__` gives, which is the value itself to us."""
    value = machine.pop()
    machine.push(UNKNOWN)
    machine.push(value)


def _push_local(machine: Machine, index: int) -> None:
    machine.push(machine.local(index))


def _load_super(machine: Machine, argument: int) -> None:
    machine.pops(3)
    text = attribute_of("super()", machine.raw_name(argument >> 2))
    machine.push_callable(text) if argument & 1 else machine.push(text)


def _load_from_mapping(machine: Machine, index: int) -> None:
    machine.drop(1)
    machine.push(machine.name(index))


def _return_constant(machine: Machine, index: int) -> None:
    machine.constant(index)
    machine.give_back()


def _store_pair(machine: Machine, _: int) -> None:
    """Put a pair into the dict below it (2.7)."""
    mapping, value, key = machine.pops(3)
    inner = mapping[1:-1]
    machine.push("{" + (f"{inner}, " if inner else "") + f"{key}: {value}" + "}")


def _add_pair(machine: Machine, depth: int) -> None:
    key, value = machine.pops(2)
    machine.grow(depth, f"{key}: {value}", "{}")


def _yield(machine: Machine, _: int) -> None:
    machine.write(f"yield {machine.pop()}")
    machine.push("None")


def _copy_two(machine: Machine, _: int) -> None:
    machine.copy(2)
    machine.copy(2)


EFFECTS: dict[str, Effect] = {
    "LOAD_CONST": Machine.constant,
    "LOAD_SMALL_INT": lambda m, a: m.push(str(a)),
    "LOAD_NAME": lambda m, a: m.push(m.name(a)),
    "LOAD_GLOBAL": Machine.load_global,
    **dict.fromkeys(("LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_AND_CLEAR", "LOAD_FAST_BORROW"), _push_local),
    **dict.fromkeys(("LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW"), _two_locals),
    **dict.fromkeys(("LOAD_DEREF", "LOAD_CLOSURE", "LOAD_CLASSDEREF"), lambda m, a: m.push(m.cell(a))),
    "LOAD_FROM_DICT_OR_GLOBALS": _load_from_mapping,
    "LOAD_ATTR": Machine.attribute,
    "LOAD_METHOD": Machine.method,
    "LOAD_SUPER_ATTR": _load_super,
    "LOAD_BUILD_CLASS": lambda m, _: m.push("__build_class__"),
    "LOAD_LOCALS": lambda m, _: m.push("locals()"),
    "PUSH_NULL": lambda m, _: m.push(NULL),
    **dict.fromkeys(("STORE_NAME", "STORE_GLOBAL"), lambda m, a: m.store(m.name(a))),
    "STORE_FAST": lambda m, a: m.store(m.local(a)),
    "STORE_DEREF": lambda m, a: m.store(m.cell(a)),
    "STORE_FAST_STORE_FAST": _store_two,
    "STORE_FAST_LOAD_FAST": _store_and_load,
    "STORE_ATTR": _store_attribute,
    "STORE_SUBSCR": _store_item,
    "IMPORT_NAME": _import,
    "IMPORT_FROM": _import_from,
    "IMPORT_STAR": _import_star,
    "CALL_INTRINSIC_1": lambda m, a: _import_star(m, a) if a == 2 else None,
    "CALL": Machine.call,
    "CALL_METHOD": Machine.call,
    "CALL_FUNCTION": lambda m, a: m.call_27(a) if m.is_old else m.call(a),
    "CALL_FUNCTION_KW": Machine.call_with_names,
    "CALL_KW": Machine.call_with_names,
    "CALL_FUNCTION_EX": Machine.call_spread,
    "KW_NAMES": Machine.name_keywords,
    "MAKE_FUNCTION": Machine.make_function,
    "MAKE_CLOSURE": Machine.make_function,
    "SET_FUNCTION_ATTRIBUTE": Machine.set_on_function,
    "BINARY_OP": Machine.binary,
    "BINARY_SUBSCR": lambda m, _: m.subscript(),
    "BINARY_SLICE": _slice,
    "BUILD_SLICE": Machine.slice,
    "SLICE+0": _slice_27(False, False),
    "SLICE+1": _slice_27(True, False),
    "SLICE+2": _slice_27(False, True),
    "SLICE+3": _slice_27(True, True),
    "COMPARE_OP": Machine.compare,
    "IS_OP": lambda m, _: m.operate("is"),
    "CONTAINS_OP": lambda m, _: m.operate("in"),
    "UNARY_NOT": _negated("not "),
    "UNARY_NEGATIVE": _negated("-"),
    "UNARY_POSITIVE": _negated("+"),
    "UNARY_INVERT": _negated("~"),
    "BUILD_TUPLE": lambda m, a: m.display(a, "(", ")"),
    "BUILD_LIST": lambda m, a: m.display(a, "[", "]"),
    "BUILD_SET": lambda m, a: m.display(a, "{", "}"),
    "BUILD_MAP": lambda m, a: m.mapping(0 if m.is_old else a),
    "STORE_MAP": _store_pair,
    "BUILD_CONST_KEY_MAP": Machine.named_mapping,
    "BUILD_STRING": Machine.joined,
    "FORMAT_VALUE": Machine.formatted,
    "FORMAT_SIMPLE": lambda m, _: m.formatted(0),
    "FORMAT_WITH_SPEC": _format_with_specification,
    "LIST_EXTEND": lambda m, a: m.grow(a, f"*{m.pop()}", "[]"),
    "SET_UPDATE": lambda m, a: m.grow(a, f"*{m.pop()}", "{}"),
    "DICT_UPDATE": lambda m, a: m.grow(a, f"**{m.pop()}", "{}"),
    "DICT_MERGE": lambda m, a: m.grow(a, f"**{m.pop()}", "{}"),
    "LIST_APPEND": lambda m, a: m.grow(a, m.pop(), "[]"),
    "SET_ADD": lambda m, a: m.grow(a, m.pop(), "{}"),
    "MAP_ADD": _add_pair,
    "YIELD_VALUE": _yield,
    "POP_TOP": lambda m, _: m.discard(),
    "PRINT_EXPR": lambda m, _: m.discard(),
    "PRINT_ITEM": _print,
    "EXEC_STMT": _run_statement,
    "RETURN_VALUE": lambda m, _: m.give_back(),
    "RETURN_CONST": _return_constant,
    "RAISE_VARARGS": _raise,
    "END_FOR": lambda m, _: m.end_loop(),
    "POP_ITER": lambda m, _: m.drop(1),
    "UNPACK_SEQUENCE": Machine.unpack,
    "SWAP": Machine.swap,
    "COPY": Machine.copy,
    "DUP_TOP": lambda m, _: m.copy(1),
    "DUP_TOP_TWO": _copy_two,
    "ROT_TWO": lambda m, _: m.rotate(2),
    "ROT_THREE": lambda m, _: m.rotate(3),
    "ROT_FOUR": lambda m, _: m.rotate(4),
    "ROT_N": Machine.rotate,
    "SETUP_WITH": _with,
    "BEFORE_WITH": _with,
    "BEFORE_ASYNC_WITH": _with,
    "LOAD_SPECIAL": lambda m, _: m.push(UNKNOWN),
}
