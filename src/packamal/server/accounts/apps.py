"""Tells Django about this part."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and keys."""

    name = "packamal.server.accounts"
    label = "accounts"
