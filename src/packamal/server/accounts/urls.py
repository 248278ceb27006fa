"""Signing in and out."""

from __future__ import annotations

from django.urls import path

from packamal.server.accounts import sessions
from packamal.server.accounts.oidc import views

urlpatterns = [
    path("sign-in", sessions.SignIn.as_view(), name="sign-in"),
    path("sign-in/provider", views.go, name="sign-in-provider"),
    path("sign-in/provider/back", views.back, name="sign-in-provider-back"),
    path("sign-out", sessions.SignOut.as_view(), name="sign-out"),
    path("sign-out/everywhere", sessions.sign_out_everywhere, name="sign-out-everywhere"),
]
