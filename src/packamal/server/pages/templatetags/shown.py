"""Every text of a package goes through one of these before a template shows it; autoescaping comes after."""

from __future__ import annotations

from django.template import Library

from packamal.render import safe

register = Library()


@register.filter
def shown(text: str) -> str:
    """One line of visible characters, cut in the middle when long."""
    return safe.visible(text)


@register.filter
def prose(text: str) -> str:
    """A sentence: visible, addresses defanged."""
    return safe.prose(text)
