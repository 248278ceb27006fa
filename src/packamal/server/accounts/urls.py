"""Signing in and out."""

from __future__ import annotations

from django.urls import path

from packamal.server.accounts import sessions

urlpatterns = [
    path("sign-in", sessions.SignIn.as_view(), name="sign-in"),
    path("sign-out", sessions.SignOut.as_view(), name="sign-out"),
    path("sign-out/everywhere", sessions.sign_out_everywhere, name="sign-out-everywhere"),
]
