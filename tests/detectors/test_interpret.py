"""Facts become signals: conditions on arguments, refinement by named lists, flows, roles and evidence."""

import pytest

from packamal.capability import Capability
from packamal.detectors.facts import Arg, Call, FactFlow, Facts, Place, Text, Use
from packamal.detectors.interpret import MAX_SIGNALS_PER_PLACE, interpret
from packamal.detectors.units import Language, Unit
from packamal.model import Flow, Role

HERE = Place("setup.py", 2)
UNIT = Unit("setup.py", "setup.py", b"import os\nsecond line\n", Language.PYTHON, Role.INSTALL, "setup.py")


def const(value):
    return Arg(str(value), value, True)


def call(number, callee, *args, place=HERE, **named):
    return Call(number, callee, tuple(args), tuple(named.items()), place)


def run(facts, units=None):
    return interpret(facts, units or {"setup.py": UNIT}, "python", "a.tar.gz")


def ids(facts):
    return [signal.id.value for signal in run(facts).signals]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (call(1, "open", const("notes.txt")), ["file.read"]),
        (call(1, "open", const("notes.txt"), const("w")), ["file.write"]),
        (call(1, "open", const("notes.txt"), mode=const("ab")), ["file.write"]),
        (call(1, "open", const("/home/u/.aws/credentials")), ["cred.read"]),
        (call(1, "open", const("a.exe"), const("wb")), ["file.drop"]),
        (call(1, "exec", Arg(None)), ["code.eval"]),
        (call(1, "exec", const("pass")), []),
        (call(1, "time.sleep", const(1)), []),
        (call(1, "time.sleep", const(3600)), ["gate.time"]),
        (call(1, "subprocess.run", const("id"), shell=const(True)), ["proc.shell", "proc.exec"]),
        (call(1, "os.getenv", const("API_TOKEN")), ["env.secret"]),
        (call(1, "nothing.known", const("x")), []),
        (call(1, "requests.post", const("http://localhost:8080/api")), []),
        (call(1, "requests.post", const("http://127.0.0.1")), []),
        (call(1, "requests.post", const("http://localhost:8080@exfil.example/")), ["net.send"]),
        (call(1, "requests.post", const("http://localhost.exfil.example/")), ["net.send"]),
    ],
)
def test_a_call_means(made, expected):
    assert ids(Facts(calls=[made])) == expected


def test_a_path_that_came_from_a_text_refines_the_call():
    facts = Facts(
        texts=[Text(5, "/home/u/.ssh/id_rsa", HERE)], calls=[call(1, "open", Arg(None, sources=frozenset({5})))]
    )
    assert "cred.read" in ids(facts)


def test_a_flow_between_facts_becomes_a_flow_between_signals():
    facts = Facts(
        uses=[Use(1, "os.environ", HERE)],
        calls=[call(2, "requests.post", const("https://exfil.example"), json=Arg(None, sources=frozenset({1})))],
        flows=[FactFlow(1, 2, "json")],
    )
    observed = run(facts)
    by_id = {signal.id: index for index, signal in enumerate(observed.signals)}
    assert observed.flows == (Flow(by_id[Capability.ENV_READ_ALL], by_id[Capability.NET_SEND]),)


def test_a_file_written_and_started_by_name_flows():
    facts = Facts(
        calls=[call(1, "open", const("/tmp/up.sh"), const("w")), call(2, "os.system", const("sh /tmp/up.sh"))]
    )
    assert run(facts).flows == (Flow(0, 1),)


def test_code_that_nothing_calls_has_the_call_role():
    place = HERE._replace(is_called=False)
    (signal,) = run(Facts(calls=[call(1, "os.system", const("id"), place=place)])).signals
    assert signal.role is Role.CALL


def test_evidence_shows_the_line():
    (signal,) = run(Facts(calls=[call(1, "os.system", const("id"))])).signals
    assert (signal.evidence.path, signal.evidence.line, signal.evidence.snippet) == ("setup.py", 2, "second line")


def test_evidence_of_a_layer_points_at_the_member_and_shows_what_was_decoded():
    layer = Unit(
        "setup.py!1", "setup.py", b"a\nb\nimport os\n", Language.PYTHON, Role.INSTALL, "", "setup.py", 2, ("base64",)
    )
    facts = Facts(calls=[call(1, "os.system", const("id"), place=Place("setup.py!1", 3))])
    (signal,) = run(facts, {"setup.py": UNIT, "setup.py!1": layer}).signals
    assert (signal.evidence.line, signal.evidence.snippet, signal.evidence.steps) == (2, "second line", ("base64",))
    assert "import os" in signal.evidence.decoded


def test_many_hits_alike_are_kept_as_a_few():
    facts = Facts(calls=[call(number, "os.system", const(str(number))) for number in range(50)])
    assert len(ids(facts)) == MAX_SIGNALS_PER_PLACE


def test_what_a_layer_does_is_done_in_the_function_that_runs_it():
    layer = Unit("setup.py!1", "setup.py", b"id\n", Language.SHELL, Role.INSTALL, parent="setup.py", function="run")
    facts = Facts(calls=[call(1, "os.system", const("id"), place=Place("setup.py!1", 1))])
    (signal,) = run(facts, {"setup.py": UNIT, "setup.py!1": layer}).signals
    assert signal.scope == "run"
