"""Bytecode of every version comes out as statements that parse and say the same."""

import ast
import base64
import pathlib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from packamal.detectors.decode import marshal_source
from packamal.detectors.decode.instructions import likely_version
from packamal.detectors.decode.limits import MAX_RENDERED
from packamal.detectors.decode.marshalled import read_marshal

STREAMS = {
    version: base64.b64decode(text)
    for version, text in yaml.safe_load(pathlib.Path(__file__).with_name("streams.yaml").read_text()).items()
}


def calls_of(source):
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("version", STREAMS)
def test_calls_imports_and_definitions_are_written(version):
    source = marshal_source(STREAMS[version])
    tree = ast.parse(source)
    assert {"main", "os.system", "os.environ.get", "g.send", "g.collect", "j.dumps", "open", "post"} <= calls_of(source)
    assert "import json as j" in source
    assert "from base64 import b64decode" in source
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert {"Gatherer", "collect", "send", "main"} <= names


@pytest.mark.parametrize("version", [version for version in STREAMS if version >= "3"])
def test_arguments_keep_their_keywords(version):
    source = marshal_source(STREAMS[version])
    post = next(
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and ast.unparse(node.func) == "post"
    )
    assert {word.arg for word in post.keywords} == {"data", "headers"}
    assert ast.unparse(post.keywords[0].value) == "j.dumps(data)"


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_version_is_found_by_what_the_code_holds(version):
    code = read_marshal(STREAMS[version])
    assert ".".join(map(str, likely_version(code))) == version


@pytest.mark.parametrize("version", STREAMS)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_damaged_bytecode_still_ends_in_text(version, at, junk):
    raw = STREAMS[version]
    at = min(at, len(raw) - len(junk))
    assert isinstance(marshal_source(raw[:at] + junk + raw[at + len(junk) :]), str)


def test_a_value_that_doubles_stays_small():
    import marshal

    body = compile("x = 'xxxxxxxx'\n" + "x = f'{x}{x}'\n" * 5 + "y = x\n", "d", "exec")
    doubling = body.co_code[:2] + bytes(body.co_code[2:]) * 1
    source = marshal_source(marshal.dumps(body.replace(co_code=doubling)))
    assert len(source) <= MAX_RENDERED
