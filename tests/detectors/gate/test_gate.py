"""Which units are parsed, in which order, and what is said to be cut."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.detectors.gate import LARGE_BUDGET_BYTES, LARGE_SOURCE_BYTES, MAX_NEVER_BYTES, REACHED_BYTES, select
from packamal.detectors.units import Language, Unit
from packamal.model import Role

FILLER = b"def f(value):\n    return value + 1\n\n\n" * 4000


def unit(name, data, role=Role.CALL, language=Language.PYTHON):
    return Unit(name, name, data, language, role)


def reasons(units, **limits):
    selection = select(units, **limits)
    return dict(zip((found.name for found in selection.units), selection.reasons, strict=True))


PASSING = {
    "decoded text is run": b"import base64\nexec(base64.b64decode(blob))\n",
    "the environment is posted": b"import os, requests\nrequests.post(url, json=dict(os.environ))\n",
    "a file is fetched and started": b"urllib.request.urlretrieve(u, p)\nsubprocess.Popen([p])\n",
    "a message goes to a web-hook": b"post('https://discord.com/api/webhooks/1/x')\n",
    "the host is named to a server": b"s = socket.socket()\nname = platform.node()\n",
    "a run key is written": b"winreg.SetValueEx(k)\nsubprocess.call('reg add hkcu')\n",
    "process.env is sent": b"const h = require('https');h.request(o).write(JSON.stringify(process.env))",
    "a hidden process downloads": b"subprocess.Popen('curl x', creationflags=1)\n",
    "names cannot be told apart": b"Il1Il1Il1I = 1;Il1Il1Il1IIl = 2;" * 12,
    "text is spelt out": b'f("' + b"\\x68\\x74\\x74\\x70\\x73\\x3a\\x2f" + b'")',
    "a byte string is escaped throughout": b"x = b'" + b"\\x9c1\\xffa\\x00\\x01" * 200 + b"'",
    "names are hexadecimal": b"var _0x12ab = 1;" * 12,
    "code stands behind blanks": b"x = 1;" + b" " * 300 + b"import y\n",
    "a long run is encoded": b"x = '" + b"QUJD" * 400 + b"'\n",
    "text runs backwards on screens": "x = 'a\u202eb'\n".encode(),
    "variation selectors carry data": ("x = '" + "\ufe01" * 40 + "'\n").encode(),
    "six characters say it all": b"[][(![]+[])[+[]]]+" * 200,
    "the encoding is odd": b"# coding: utf-7\nx = 1\n",
}


@pytest.mark.parametrize("data", PASSING.values(), ids=[name.replace(" ", "_") for name in PASSING])
def test_source_beyond_the_budget_passes_when(data):
    assert reasons([unit("big.py", data + b"\n" + FILLER, Role.IMPORT)], budget=0)


@pytest.mark.parametrize(
    "data",
    [
        FILLER,
        b"import requests\nrequests.get(url)\n" + b"\n" * 1200 + b"os.environ['HOME']\n",
        b"subprocess.run(['git', 'status'])\n",
        b"base64.b64decode(text)\n",
        "x = 'Ünïcödé ✈️ text'\n".encode(),
        b'RE = "[\\u0300-\\u036f\\u1ab0-\\u1aff]"\n' * 40,
        b"url(data:image/png;base64," + b"QUJD" * 400 + b")",
        b"# -*- coding: utf-8 -*-\nx = 1\n",
        b"x = 1" + b" " * 400 + b"\n",
    ],
)
def test_ordinary_source_beyond_the_budget_does_not(data):
    assert not reasons([unit("big.py", data)], budget=0)


@pytest.mark.parametrize("role", [Role.INSTALL, Role.STARTUP])
def test_what_runs_at_installation_or_start_is_always_parsed(role):
    assert reasons([unit("setup.py", FILLER, role)], budget=0) == {"setup.py": "role"}


def test_the_budget_takes_the_strongest_role_first_then_the_smallest():
    units = [
        unit("c.py", b"x = 1\n" * 10),
        unit("a.py", b"x = 1\n" * 30, Role.IMPORT),
        unit("b.py", b"x = 1\n" * 20, Role.IMPORT),
        unit("d.py", b"x = 1\n", Role.NEVER),
    ]
    assert [found.name for found in select(units, budget=350).units] == ["b.py", "a.py", "d.py"]


def test_the_budget_prefers_source_with_a_lone_literal():
    plain = unit("a.py", b"x = 1\n" * 5, Role.IMPORT)
    sends = unit("b.py", b"requests.post(url, data=key)\n" + b"x = 1\n" * 20, Role.IMPORT)
    assert [found.name for found in select([plain, sends], budget=160).units] == ["b.py"]


@pytest.mark.parametrize(("role", "passes"), [(Role.IMPORT, True), (Role.CALL, False)])
def test_weak_pairs_count_only_in_code_that_runs_when_loaded(role, passes):
    data = b"subprocess.run(command, stdout=subprocess.DEVNULL)\n"
    assert bool(reasons([unit("a.py", data, role)], budget=0)) is passes


def test_what_nothing_reaches_passes_only_for_strong_marks_and_while_small():
    strong = PASSING["a message goes to a web-hook"]
    large = strong + b"#" * MAX_NEVER_BYTES
    units = [
        unit("strong.py", strong, Role.NEVER),
        unit("large.py", large, Role.NEVER),
        unit("near.py", PASSING["the environment is posted"], Role.NEVER),
    ]
    assert reasons(units, budget=0) == {"strong.py": "strong"}


def test_what_the_limit_cuts_off_is_named():
    units = [unit("one.py", b"x = 1\n" * 10, Role.INSTALL), unit("two.py", b"x = 1\n" * 11, Role.INSTALL)]
    selection = select(units, limit=100)
    assert [found.name for found in selection.units] == ["one.py"]
    assert [found.name for found in selection.cut] == ["two.py"]


def test_only_code_is_chosen():
    units = [
        unit("a.json", b"{}", Role.INSTALL, Language.JSON),
        unit("a.so", b"\x7fELF", Role.INSTALL, Language.BINARY),
        unit("a.sh", b"curl x", Role.INSTALL, Language.SHELL),
    ]
    assert reasons(units) == {"a.sh": "role"}


def test_a_hit_does_not_reach_over_into_the_next_file():
    units = [unit("a.py", b"import requests\n"), unit("b.py", b"dict(os.environ)\n")]
    assert not reasons(units, budget=0)


@given(st.lists(st.sampled_from(list(PASSING.values())), max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_units_does_not_matter(contents, order):
    units = [unit(f"{number}.py", data, Role.IMPORT) for number, data in enumerate(contents)]
    shuffled = units.copy()
    order.shuffle(shuffled)
    assert select(shuffled, budget=200) == select(units, budget=200)


@given(st.lists(st.tuples(st.binary(max_size=300), st.sampled_from(Role), st.sampled_from(Language)), max_size=5))
def test_any_bytes_are_judged_and_budgets_hold(contents):
    units = [Unit(f"{n}", f"{n}", data, language, role) for n, (data, role, language) in enumerate(contents)]
    selection = select(units, budget=100, limit=500)
    assert sum(len(found.data) for found in selection.units) <= 500
    assert len(selection.units) == len(selection.reasons)


def test_a_hostile_run_of_blanks_is_judged_in_linear_time():
    blanks = (b" " * 100_000 + b"\n") * 20
    assert not reasons([unit("blank.py", blanks, Role.IMPORT)], budget=0)


def test_hits_are_the_same_whether_files_go_through_together_or_alone():
    rng = random.Random(7)
    units = [unit(f"{n}.py", rng.choice(list(PASSING.values()))) for n in range(40)]
    together = reasons(units, budget=0)
    alone = {name: reason for one in units for name, reason in reasons([one], budget=0).items()}
    assert together == alone


def test_of_what_is_reached_over_others_all_marked_source_is_parsed_and_the_smallest_of_the_rest():
    far = "setup.py -> a/__init__.py -> a/b.py"
    first = unit("first.py", FILLER * 9, Role.INSTALL)
    plain = [replace(unit(f"plain{n}.py", FILLER * (n + 1), Role.INSTALL), reason=far) for n in range(3)]
    marked = replace(unit("marked.py", FILLER * 9 + PASSING["decoded text is run"], Role.INSTALL), reason=far)
    small = replace(unit("small.py", b"x = 1\n", Role.INSTALL), reason=far)
    assert len(FILLER) > REACHED_BYTES
    chosen = reasons([first, *plain, marked, small], budget=0)
    assert chosen == {"first.py": "role", "marked.py": "role", "small.py": "reached"}


def test_a_large_package_gets_a_smaller_budget():
    small = [unit(f"{number}.py", b"x = 1\n" * 500, Role.IMPORT) for number in range(20)]
    large = unit("large.py", b"x = 1\n" * (LARGE_SOURCE_BYTES // 6), Role.IMPORT)
    few = LARGE_BUDGET_BYTES // len(small[0].data)
    assert len(select(small).units) > few
    assert len(select([*small, large]).units) == few
