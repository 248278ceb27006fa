"""Tells Django about this part."""

from django.apps import AppConfig

from packamal.server.analyses.endings import ended


class WebhooksConfig(AppConfig):
    """Webhooks and their deliveries."""

    name = "packamal.server.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        """Listen for analyses that end."""
        from packamal.server.webhooks.outbox import put_ended

        ended.connect(put_ended, dispatch_uid="webhooks")
