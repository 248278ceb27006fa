"""What command lines start."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packamal.detectors.commands import read_command
from packamal.detectors.units import Language


def loaded(command):
    return [word for word, is_loaded in read_command(command).words if is_loaded]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("node a.js", ["a.js"]),
        ("node --no-warnings ./lib/a", ["lib/a"]),
        ("node .", ["."]),
        ("FOO=1 BAR=2 node a.js --x=1", ["a.js"]),
        ("cd lib && node b.js; node c.js", ["lib/b.js", "lib/c.js"]),
        ("node a.js || true", ["a.js"]),
        ("(node a.js) & sh b.sh", ["a.js", "b.sh"]),
        ("/usr/bin/python3.11 x.py", ["x.py"]),
        ("cmd /c start node a.js", ["a.js"]),
        ("node scripts\\win.js", ["scripts/win.js"]),
        ("bash -c 'node a.js'", ["a.js"]),
        ("echo $(node a.js)", ["a.js"]),
        ("npx ts-node a.ts", ["a.ts"]),
        ("node 'broken", ["broken"]),
        ("true\nnode a.js", ["a.js"]),
    ],
)
def test_files_an_interpreter_loads(command, words):
    assert [word for word in dict.fromkeys(loaded(command)) if word in words] == words


@pytest.mark.parametrize(
    ("command", "inline"),
    [
        ("node -e \"require('x')\"", [(Language.JAVASCRIPT, "require('x')")]),
        ('node -e "a();\nb()"', [(Language.JAVASCRIPT, "a();\nb()")]),
        ('node -e "f(\\"x\\")"', [(Language.JAVASCRIPT, 'f("x")')]),
        ("python3 -c 'import os; os.x()'", [(Language.PYTHON, "import os; os.x()")]),
        ("powershell -w hidden -enc QUJD", [(Language.POWERSHELL, "QUJD")]),
        ("sh -c 'echo x'", [(Language.SHELL, "echo x")]),
        ("node a.js", []),
    ],
)
def test_code_given_on_the_line(command, inline):
    assert read_command(command).inline == inline


@pytest.mark.parametrize(
    ("command", "scripts"),
    [
        ("npm run build", ["build"]),
        ("npm run-script -s build && yarn test", ["build", "test"]),
        ("pnpm build", ["build"]),
        ("run-s a b", ["a", "b"]),
    ],
)
def test_scripts_run_by_name(command, scripts):
    assert read_command(command).scripts == scripts


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("'\"\\;&|()$` \n"), max_size=200))
def test_any_command_can_be_read(command):
    assert len(read_command(command).words) <= 500


def test_a_hostile_command_is_read_in_bounded_time():
    assert len(read_command("sh -c '" * 50_000 + "\\a.b" * 50_000).words) <= 500
