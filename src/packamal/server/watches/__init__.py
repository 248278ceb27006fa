"""Packages that people watch: their index is asked for news, what is new is judged, what changes is told."""
