"""Connections: a wrapped or accepted socket is still a socket, so that what is done with it keeps its name."""

from __future__ import annotations

from typing import Final

from packamal.detectors.python.models import model
from packamal.detectors.python.record import Site
from packamal.detectors.python.values import Result, Seq, Unknown, Value
from packamal.detectors.python.walk import Walk

_SOCKET: Final = "socket.socket()"


@model("?.wrap_socket", "ssl.wrap_socket", "?.makefile")
def _wrap(walk: Walk, name: str, site: Site) -> Value | None:
    return Result(_SOCKET, site.src, site.args[:1])


@model("socket.socket().accept")
def _accept(walk: Walk, name: str, site: Site) -> Value | None:
    return Seq([Result(_SOCKET, site.src, site.args), Unknown(site.src)], site.src, is_tuple=True)


@model("asyncio.open_connection")
def _open_connection(walk: Walk, name: str, site: Site) -> Value | None:
    return Seq([Result(_SOCKET, site.src, site.args), Result(_SOCKET, site.src, site.args)], site.src, is_tuple=True)
