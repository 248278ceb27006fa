"""Pickles and marshal streams are read as data: what they would do is written down, and nothing is done."""

import marshal
import os
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.detectors.decode import marshal_source, pickle_source, read_pickle, read_pyc_header
from packamal.detectors.decode.marshalled import Code, MarshalError, read_marshal
from packamal.detectors.decode.pickled import PickleReading

SOURCE = "import os\ndef send(x):\n    return os.system('echo ' + x)\nsend('fake')\n"


class _Runs:
    def __reduce__(self):
        return os.system, ("echo harmless",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_calls_shows_the_call(protocol):
    reading = read_pickle(pickle.dumps([1, _Runs(), {"a": 2}], protocol))
    assert reading.globals == ("os.system",)
    assert reading.calls == ("os.system",)
    assert "os.system('echo harmless')" in reading.source
    assert reading.is_whole


def test_plain_data_calls_nothing():
    assert pickle_source(pickle.dumps({"weights": [1.0, 2.0], "name": "x"})).strip() == ""


def test_pickles_one_behind_the_other_are_all_read():
    assert "os.system" in pickle_source(pickle.dumps(1) + pickle.dumps(_Runs()))


def test_a_pickle_that_doubles_its_memo_stays_small():
    doubling = b"\x80\x04]q\x00" + b"(h\x00h\x00tq\x00" * 5000 + b"."
    assert len(read_pickle(doubling).source) < 2**20


def test_code_is_read_from_a_marshal_stream():
    code = read_marshal(marshal.dumps(compile(SOURCE, "x.py", "exec")))
    assert isinstance(code, Code)
    assert "os" in code.names
    inner = next(item for item in code.consts if isinstance(item, Code))
    assert inner.name == "send"
    assert "echo " in inner.consts


def test_pseudo_source_names_what_the_code_uses():
    source = marshal_source(marshal.dumps(compile(SOURCE, "x.py", "exec")))
    assert "system" in source
    assert "'echo '" in source


def test_constants_are_read_as_themselves():
    value = (1, -5, 2**70, 1.5, 1j, "text", "ünï", b"raw", None, True, (1, (2,)), frozenset((3,)))
    assert read_marshal(marshal.dumps(value))[:11] == value[:11]


def test_deep_and_endless_streams_are_refused():
    with pytest.raises(MarshalError):
        read_marshal(b"(\x01\0\0\0" * 500)
    with pytest.raises(MarshalError):
        read_marshal(b"(\xff\xff\xff\x7f")


def test_a_compiled_file_is_known_by_its_magic():
    header = read_pyc_header(b"\xa7\r\r\n" + bytes(12) + b"\xe3")
    assert header is not None
    assert header.version == (3, 11)
    assert header.body_at == 16
    assert read_pyc_header(b"\x7fELF\r\n\0\0") is None


@given(st.binary(max_size=200))
def test_no_bytes_make_the_readers_raise(raw):
    assert isinstance(marshal_source(raw), str)
    assert isinstance(marshal_source(b"\xe3" + raw), str)
    assert isinstance(read_pickle(b"\x80\x04" + raw), PickleReading)
