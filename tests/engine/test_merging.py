"""Signals of several detectors become one list without loss."""

from packamal.capability import Capability
from packamal.detectors.base import Observed
from packamal.engine.merging import merge
from packamal.engine.trimming import MAX_ALIKE, trim
from packamal.model import Evidence, Flow, Origin, Problem, Role, Signal


def signal(name, line=1):
    return Signal(Capability(name), Role.IMPORT, Origin.STATIC, Evidence("a", "b.py", line))


def test_flows_are_renumbered():
    one = Observed((signal("net.send"),))
    two = Observed((signal("env.read.all"), signal("net.fetch")), (Flow(0, 1),))
    merged = merge([one, two])
    assert [(merged.signals[f.source].id, merged.signals[f.sink].id) for f in merged.flows] == [
        (Capability.ENV_READ_ALL, Capability.NET_FETCH)
    ]


def test_equal_signals_are_kept_once_and_problems_too():
    part = Observed((signal("net.send"),), problems=(Problem("yara", "x"),))
    assert merge([part, part]) == part


def test_an_equal_signal_that_a_flow_names_stays():
    first = Observed((signal("net.send"),))
    second = Observed((signal("net.send"), signal("code.eval")), (Flow(0, 1),))
    assert merge([first, second]).flows == (Flow(1, 2),)


def test_what_repeats_is_trimmed_but_never_what_a_flow_names():
    signals = [signal("file.read", line) for line in range(100)]
    kept, flows = trim(signals, [Flow(98, 99)])
    assert len(kept) == MAX_ALIKE + 2 - 2 or len(kept) == MAX_ALIKE + 2
    assert [kept[flow.sink].evidence.line for flow in flows] == [99]
