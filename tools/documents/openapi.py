"""docs/openapi.json: the API as it is served."""

from __future__ import annotations

import json

from packamal.server.start import set_up


def text() -> str:
    """The whole document."""
    set_up()
    from packamal.server.api.api import api  # needs the settings

    return json.dumps(json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"))), indent=2) + "\n"
