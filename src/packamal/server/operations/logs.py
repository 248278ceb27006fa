"""One JSON object for each line of log, with the request's id on all of them: API, queue and scan alike."""

from __future__ import annotations

import datetime
import json
import logging
from typing import Any

from packamal.server.request_id import current_request_id

MAX_MESSAGE_CHARS = 8000
"""Tracebacks included; text of a package may be in it and is cut."""
PLAIN = (bool, int, float, str)


class JsonLines(logging.Formatter):
    """Time, level, logger, message, request id, and what the call gave as `extra={"fields": {...}}`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; json escapes line ends, so nobody's text can forge a second one."""
        line: dict[str, Any] = {
            "at": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:MAX_MESSAGE_CHARS],
            "process": record.process,
        }
        if request_id := current_request_id():
            line["request_id"] = request_id
        fields = getattr(record, "fields", {})
        line |= {name: value for name, value in fields.items() if isinstance(value, PLAIN)}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)[-MAX_MESSAGE_CHARS:]
        return json.dumps(line)


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},  # a 404 is no event; the access line tells of it
        "celery.redirected": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
    },
}
"""For the full shape, as `logging.config.dictConfig` takes it."""
