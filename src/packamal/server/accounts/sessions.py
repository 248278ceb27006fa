"""Signing in and out, with the trail: passwords here, the provider in `oidc`."""

from __future__ import annotations

import math

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.views.decorators.http import require_POST

from packamal.server.accounts import audit, throttle
from packamal.server.accounts.models import User

BACKEND = "django.contrib.auth.backends.ModelBackend"
TEMPLATE = "accounts/sign-in.html"
HOME = "home"
MAX_NAME_CHARS = 150
"""Of an account; what is longer is nobody's."""


class SignIn(LoginView):
    """By name and password."""

    template_name = TEMPLATE
    next_page = HOME

    def post(self, request: HttpRequest, *args: str, **kwargs: object) -> HttpResponse:
        """Take a try before the password is looked at."""
        # Stripped as the form does it, and before it is cut: blanks in front would make the account another one here.
        self.name = request.POST.get("username", "").strip().replace("\0", "")[: MAX_NAME_CHARS + 1]
        self.tries = throttle.take(self.name, client_address(request))
        if self.tries.wait_s > 0:
            return self._wait()
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Right: a session with a new key."""
        throttle.give_back(self.name, client_address(self.request))
        start_session(self.request, form.get_user(), "password")
        return HttpResponseRedirect(self.get_success_url())

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Wrong: whether the name, the password or the account, the answer is the same."""
        known = get_user_model().objects.filter(username=self.name).exists()
        audit.record("system", "session.refuse", self.name if known else "", address=client_address(self.request))
        if self.tries.is_last:
            audit.record("system", "session.throttle", self.name if known else "", address=client_address(self.request))
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        """The button of the provider, where there is one."""
        return {**super().get_context_data(**kwargs), "provider": settings.PACKAMAL.provider}

    def _wait(self) -> HttpResponse:
        wait_s = math.ceil(self.tries.wait_s)
        response = sign_in_page(self.request, 429, wait_min=math.ceil(wait_s / 60))
        response["Retry-After"] = str(wait_s)
        return response


class SignOut(LogoutView):
    """Ends the session on the server; the cookie alone is worth nothing afterwards."""

    next_page = HOME

    def post(self, request: HttpRequest, *args: str, **kwargs: object) -> HttpResponse:
        """By a form alone, so that no picture signs anybody out."""
        if isinstance(request.user, User):
            audit.record(f"user:{request.user.username}", "session.end", request.user.username)
        return super().post(request, *args, **kwargs)


@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """Ends every session of the person who asks."""
    if isinstance(request.user, User):
        end_sessions(f"user:{request.user.username}", request.user)
    return HttpResponseRedirect(resolve_url(HOME))


def sign_in_page(request: HttpRequest, status: int, **context: object) -> HttpResponse:
    """The page, empty, with something to say."""
    context |= {"form": AuthenticationForm(request), "provider": settings.PACKAMAL.provider}
    return render(request, TEMPLATE, context, status=status)


def start_session(request: HttpRequest, user: User, how: str) -> None:
    """Sign a person in, in a session made anew: what was planted in the old one, or knows its key, is worth nothing."""
    request.session.flush()
    login(request, user, backend=BACKEND)
    audit.record(f"user:{user.username}", "session.start", user.username, how=how, address=client_address(request))


def end_sessions(actor: str, user: User) -> None:
    """End every session of a person at once."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(ended_sessions=F("ended_sessions") + 1)
        audit.record(actor, "session.end-all", user.username)


def client_address(request: HttpRequest) -> str:
    """Where the request comes from; a proxy's word counts when `forwarded.Forwarded` believed it."""
    return str(request.META.get("REMOTE_ADDR", ""))
