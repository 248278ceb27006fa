"""The tests themselves: the settings they run with are those that the processes they start are given."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

from packamal.config import environment
from packamal.server import config


def test_the_environment_says_what_the_settings_say():
    told = config.load(environment())
    assert told.data_dir == settings.PACKAMAL.data_dir == Path(os.environ["PACKAMAL_SERVER_DATA_DIR"])
    assert told.database == settings.PACKAMAL.database
