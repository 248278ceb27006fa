"""Tells Django about this part."""

from django.apps import AppConfig

from packamal.server.analyses.endings import ended


class WatchesConfig(AppConfig):
    """Watched packages and what happened to them."""

    name = "packamal.server.watches"
    label = "watches"

    def ready(self) -> None:
        """Listen for analyses that end."""
        from packamal.server.watches.happenings import hear

        ended.connect(hear, dispatch_uid="watches")
