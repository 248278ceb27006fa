"""The proxy for an address, as curl, pip and npm read it from the environment."""

from __future__ import annotations

from collections.abc import Mapping

from packamal.http.addresses import split


def proxy_for(url: str, environ: Mapping[str, str]) -> str:
    """The proxy's address, or empty for a direct connection. Lower-case variables win, NO_PROXY counts."""
    from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # half an HTTP client

    parts = split(url)
    if parts is None:
        return ""
    found = _variable(f"{parts.scheme}_proxy", environ) or _variable("all_proxy", environ)
    if not found or proxy_bypass_environment(parts.netloc.rpartition("@")[2], {"no": _variable("no_proxy", environ)}):
        return ""
    return found if "://" in found else f"http://{found}"


def _variable(name: str, environ: Mapping[str, str]) -> str:
    return environ.get(name) or environ.get(name.upper()) or ""
