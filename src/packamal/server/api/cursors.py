"""Pages of a list by cursor: newest first, stable while rows are added, the hundredth as cheap as the first."""

from __future__ import annotations

import base64
import binascii
import datetime
import json
from collections.abc import Sequence
from typing import Annotated, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet
from ninja import Schema
from ninja.errors import HttpError
from pydantic import Field

from packamal.server.analyses.models import Analysis
from packamal.server.watches.models import Watch
from packamal.server.webhooks.models import Delivery

Row = TypeVar("Row", Analysis, Delivery, Watch)
"""Has `created_at` and a UUID, and an index over both."""
MAX_LIMIT = 200
MAX_CURSOR_CHARS = 200


class Paging(Schema):
    """Which part of a list."""

    cursor: Annotated[str, Field(max_length=MAX_CURSOR_CHARS)] = ""
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 50


def page(rows: QuerySet[Row], cursor: str, limit: int) -> tuple[Sequence[Row], str | None]:
    """`limit` rows after the cursor (empty: from the newest), and the cursor of what follows. 422 for a wrong one."""
    if cursor:
        created_at, pk = _position(cursor)
        rows = rows.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk))
    found = list(rows.order_by("-created_at", "-id")[: limit + 1])
    return found[:limit], _cursor(found[limit - 1]) if len(found) > limit else None


def _cursor(row: Analysis | Delivery | Watch) -> str:
    return base64.urlsafe_b64encode(json.dumps([row.created_at.isoformat(), str(row.pk)]).encode()).decode()


def _position(cursor: str) -> tuple[datetime.datetime, UUID]:
    try:
        if len(cursor) > MAX_CURSOR_CHARS:
            raise ValueError("too long")
        created_at, pk = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
        moment = datetime.datetime.fromisoformat(created_at)
        if moment.tzinfo is None:
            raise ValueError("no zone")
        return moment.astimezone(datetime.UTC), UUID(pk)
    except (ValueError, OverflowError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise HttpError(422, "this cursor did not come from here; leave it out to begin") from error
