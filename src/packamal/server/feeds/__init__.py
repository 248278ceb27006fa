"""Watches registries for new releases, and keeps the lists that scans use fresh from a configured place."""
