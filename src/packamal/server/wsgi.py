"""What a WSGI server loads."""

from __future__ import annotations

from django.core.handlers.wsgi import WSGIHandler

from packamal.server.start import set_up

set_up()
application = WSGIHandler()
