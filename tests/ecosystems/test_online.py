"""The real indexes, as the machine's own settings name them: `-m online`."""

import pytest

from packamal.ecosystems import ECOSYSTEMS
from packamal.errors import NotFoundError
from packamal.http.access import Access
from packamal.targets import parse_target

pytestmark = [pytest.mark.online, pytest.mark.enable_socket]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("pkg:pypi/six@1.16.0", ["sdist", "wheel"]),
        ("pkg:pypi/psutil", ["sdist", "wheel"]),
        ("pkg:npm/is-odd@3.0.1", ["npm"]),
        ("pkg:npm/%40types/node@%5E20", ["npm"]),
        ("pkg:npm/JSONStream", ["npm"]),
    ],
)
def test_a_real_package_is_found_fetched_and_checked(text, kinds):
    purl = parse_target(text).purl
    ecosystem = ECOSYSTEMS[purl.type](Access())
    release = ecosystem.resolve(purl)
    assert [file.kind for file in release.files] == kinds
    assert all(file.hashes and len(ecosystem.fetch(file)) > 100 for file in release.files)


@pytest.mark.parametrize(
    "text", ["pkg:pypi/packamal-no-such-name-x7", "pkg:npm/packamal-no-such-name-x7", "pkg:npm/is-odd@99"]
)
def test_what_does_not_exist_is_said(text):
    purl = parse_target(text).purl
    with pytest.raises(NotFoundError):
        ECOSYSTEMS[purl.type](Access()).resolve(purl)
