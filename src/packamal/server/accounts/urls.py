"""Signing in and out."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

urlpatterns = [
    path("sign-in", LoginView.as_view(template_name="accounts/sign-in.html", next_page="home"), name="sign-in"),
    path("sign-out", LogoutView.as_view(next_page="home"), name="sign-out"),
]
