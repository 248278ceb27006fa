"""How many analyses a key may start in a day (UTC). Exact: the row is changed only while the quota holds."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from packamal.errors import PackamalError
from packamal.server.accounts.models import ApiKey, DailyUse


class QuotaError(PackamalError):
    """The key has used up its day."""

    def __init__(self, quota: int, wait_s: int) -> None:
        super().__init__(f"this key may start {quota} analyses a day and has done so")
        self.wait_s = wait_s
        """Until the next day."""


def spend(key: ApiKey, count: int = 1) -> None:
    """Count new analyses; inside the transaction that makes them. Raises QuotaError."""
    now = timezone.now()
    quota = key.daily_quota or settings.PACKAMAL.daily_quota
    today = DailyUse.objects.filter(key=key, day=now.date())
    within = today.filter(used__lte=quota - count)
    if within.update(used=F("used") + count):
        return
    DailyUse.objects.bulk_create([DailyUse(key=key, day=now.date())], ignore_conflicts=True)
    if not within.update(used=F("used") + count):
        midnight = datetime.datetime.combine(now.date() + datetime.timedelta(days=1), datetime.time(), datetime.UTC)
        raise QuotaError(quota, max(1, int((midnight - now).total_seconds())))
