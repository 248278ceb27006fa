"""Compiled Python and pickles are told by what they hold, and their code becomes layers."""

import marshal
import os
import pickle

import pytest

from packamal.detectors import bytecode, pickles
from packamal.detectors.units import Language, Unit

HEADER = b"\xa7\r\r\n" + bytes(12)
CODE = HEADER + marshal.dumps(compile("import os\nos.system('harmless')\n", "m.py", "exec"))


class _Runs:
    def __reduce__(self):
        return os.system, ("harmless",)


class _Opens:
    def __reduce__(self):
        return eval, ("1 + 1",)


def test_compiled_code_without_its_source_is_told(seen):
    assert seen(bytecode.detect, {"a/m.pyc": CODE}) == [("bytecode.only", "a/m.pyc")]
    assert seen(bytecode.detect, {"a/data.bin": CODE}) == [("bytecode.only", "a/data.bin")]
    assert seen(bytecode.detect, {"a/__pycache__/m.cpython-311.opt-1.pyc": CODE, "a/m.py": b""}) == []
    assert seen(bytecode.detect, {"a/m.pyc": CODE, "a/m.py": b""}) == []


def test_compiled_code_becomes_a_python_layer():
    unit = Unit("a/m.pyc", "a/m.pyc", CODE, Language.BINARY)
    (layer,) = bytecode.layers_of(unit, {"a/m.pyc": unit})
    assert layer.language is Language.PYTHON
    assert (layer.parent, layer.steps, layer.path) == ("a/m.pyc", ("marshal",), "a/m.pyc")
    assert b"system" in layer.data
    assert bytecode.layers_of(unit, {"a/m.pyc": unit, "a/m.py": unit}) == ()


def test_a_pickle_that_calls_becomes_a_layer_too():
    raw = pickle.dumps(_Runs())
    unit = Unit("model.pkl", "model.pkl", raw, Language.BINARY)
    (layer,) = bytecode.layers_of(unit, {})
    assert b"os.system('harmless')" in layer.data


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_runs_something_is_told_whatever_its_protocol(seen, protocol):
    assert seen(pickles.detect, {"m.pkl": pickle.dumps({"a": _Runs()}, protocol)}) == [("pickle.code", "os.system")]
    assert seen(pickles.detect, {"m.pkl": pickle.dumps([_Opens()], protocol)}) == [("pickle.code", "eval")]


def test_a_binary_pickle_needs_no_name(seen):
    assert seen(pickles.detect, {"weights": pickle.dumps(_Runs())}) == [("pickle.code", "os.system")]


def test_a_hidden_import_is_found_by_the_machine(seen):
    sneaky = b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94" + b"\x8c\x05numpy0\x8c\x05array0" + b"\x93\x8c\x02id\x85R."
    assert seen(pickles.detect, {"m.pkl": sneaky}) == [("pickle.code", "os.system")]


def test_data_is_data(seen):
    import collections
    import datetime

    plain = {"a": [1, 2.5, None], "when": datetime.datetime(2026, 1, 1), "c": collections.Counter("os system")}
    for protocol in range(6):
        assert seen(pickles.detect, {"m.pkl": pickle.dumps(plain, protocol)}) == []
    assert seen(pickles.detect, {"m.dat": b"cos(x) is a function\nof x."}) == []
