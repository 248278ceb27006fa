"""Which certificates count: the package manager's own setting, then the environment's, then the system's."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

from packamal.errors import FetchError

BUNDLE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
FOLDER_VARIABLE = "SSL_CERT_DIR"


def context(bundle: str, further: str, client_certificate: str, environ: Mapping[str, str]) -> ssl.SSLContext:
    """A verifying TLS context.

    `bundle` (a file or folder, or empty) is the package manager's setting and stands instead of all else; `further` is
    a file added to it. Raises FetchError naming the file that cannot be read.
    """
    named = bundle or next((environ[name] for name in BUNDLE_VARIABLES if environ.get(name)), "")
    try:
        made = _base(named, environ)
        if further and not bundle and Path(further).is_file():
            made.load_verify_locations(cafile=further)
    except (OSError, ssl.SSLError) as error:
        raise FetchError(
            f"the certificates in {named or further} cannot be read: {_why(error)}; correct the setting"
        ) from error
    if client_certificate:
        try:
            made.load_cert_chain(client_certificate)
        except (OSError, ssl.SSLError) as error:
            raise FetchError(f"the client certificate {client_certificate} cannot be read: {_why(error)}") from error
    return made


def _base(named: str, environ: Mapping[str, str]) -> ssl.SSLContext:
    if named:
        folder = Path(named).is_dir()
        return ssl.create_default_context(cafile=None if folder else named, capath=named if folder else None)
    if environ.get(FOLDER_VARIABLE):
        return ssl.create_default_context(capath=environ[FOLDER_VARIABLE])
    import httpx2

    return httpx2.create_ssl_context()


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
