"""The API put together: a resource is a module with a `router`, and a line here."""

from __future__ import annotations

from ninja import NinjaAPI

from packamal import __version__
from packamal.server.api import analyses, reports
from packamal.server.api.problems import add_handlers

ROUTERS = (analyses.router, reports.router)

api = NinjaAPI(
    title="Packamal",
    version="1",
    description=f"Is this package malicious, and why? Packamal {__version__}.",
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api-1",
)
add_handlers(api)
for _router in ROUTERS:
    api.add_router("", _router)
