"""Who may see and do what on the pages."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol
from urllib.parse import quote

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from packamal.server.accounts.models import RANK, Role, User

P = ParamSpec("P")
SIGN_IN = "/sign-in"
OWN_EYES = "private, no-cache"
"""What one person sees is kept by no proxy, and asked for again before it is shown again."""


def user_of(request: HttpRequest) -> User:
    """Who is signed in. Raises PermissionDenied when nobody is."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not user.is_authenticated:
        raise PermissionDenied("sign in first")
    return user


class View(Protocol[P]):
    """A function that answers a request."""

    def __call__(self, request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        """Answer it."""


def needs(role: Role) -> Callable[[Callable[Concatenate[HttpRequest, P], HttpResponseBase]], View[P]]:
    """A page for people of this role and above; who is not signed in is asked to, others get a 403."""

    def decorate(view: Callable[Concatenate[HttpRequest, P], HttpResponseBase]) -> View[P]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            _refuse_nul(request)
            user = getattr(request, "user", None)
            if not isinstance(user, User) or not user.is_authenticated:
                return _sign_in(request)
            if RANK[Role(user.role)] < RANK[role]:
                raise PermissionDenied(f"this page is for the role {role.value}")
            response = view(request, *args, **kwargs)
            if not response.has_header("Cache-Control"):
                response["Cache-Control"] = OWN_EYES
            return response

        return guarded

    return decorate


def local_path(request: HttpRequest, given: str, default: str = "/") -> str:
    """`given` when it is a path of this service, else the default: nobody is sent elsewhere."""
    is_ours = given.startswith("/") and url_has_allowed_host_and_scheme(given, allowed_hosts=None)
    return given if is_ours else default


def _refuse_nul(request: HttpRequest) -> None:
    """No text has a NUL, and the database takes none. Raises BadRequest."""
    given = [request.path, *(value for _, values in request.GET.lists() for value in values)]
    given += [value for _, values in request.POST.lists() for value in values]
    if any("\0" in str(value) for value in given):
        raise BadRequest("a NUL in the request")


def _sign_in(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": SIGN_IN})
    return HttpResponseRedirect(f"{SIGN_IN}?next={quote(request.get_full_path())}")
