"""The API put together: a resource is a module with a `router`, and a line here."""

from __future__ import annotations

from packamal import __version__
from packamal.server.api import (
    again,
    analyses,
    catalogue,
    feeds,
    keys,
    listing,
    many,
    reports,
    search,
    uploads,
    watches,
    webhooks,
)
from packamal.server.api.document import DocumentedAPI
from packamal.server.api.problems import add_handlers

RESOURCES = (analyses, listing, again, many, uploads, reports, search, catalogue, feeds, keys, watches, webhooks)
"""Modules with a `router`; those that answer under the same path share one."""

api = DocumentedAPI(
    title="Packamal",
    version="1",
    description=f"Is this package malicious, and why? Packamal {__version__}.",
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api-1",
)
add_handlers(api)
for _router in dict.fromkeys(module.router for module in RESOURCES):
    api.add_router("", _router)
