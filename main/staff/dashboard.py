"""The figures on the staff's front page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple, Self

from django.db.models import Count, F, Q
from django.db.models.functions import TruncWeek
from django.utils import timezone

from main import conf
from main.codes.weeks import ending_in, monday_of
from main.models import ExpirationRun, ReferralCode

WEEKS_BACK, WEEKS = 4, 12
INSTANT = timedelta(microseconds=1)


class Week(NamedTuple):
    """How many codes reach their date in the week that begins on Monday `start`, by kind."""

    start: date
    active: int
    overdue: int
    inactive: int

    @property
    def total(self) -> int:
        return self.active + self.overdue + self.inactive


class Dashboard(NamedTuple):
    """The figures of the front page at one instant."""

    working: int
    overdue: int
    ending: int
    endless: int
    weeks: list[Week]
    last_run: ExpirationRun | None
    silent_for: float | None  # hours in which no sweep has completed; None if one has completed lately

    @classmethod
    def now(cls) -> Self:
        now = timezone.now()
        codes = ReferralCode.objects.all()
        runs = ExpirationRun.objects.sweeps()
        silence = conf.overdue_limit()
        completed = runs.filter(
            state__in=[ExpirationRun.State.COMPLETED, ExpirationRun.State.UNDONE], ended_at__gt=now - silence
        )
        return cls(
            working=codes.usable(now).count(),
            overdue=codes.overdue(now).count(),
            ending=codes.in_state(ReferralCode.State.ENDS_SOON, now).count(),
            endless=codes.usable(now).filter(expires_at__isnull=True).count(),
            weeks=weeks(now),
            last_run=runs.first(),
            silent_for=None if completed.exists() else silence / timedelta(hours=1),
        )


def weeks(now: datetime) -> list[Week]:
    """Return the WEEKS weeks around `now`, from WEEKS_BACK weeks ago. `main.codes.weeks` says what a week is."""
    first = monday_of(timezone.localdate(now)) - timedelta(weeks=WEEKS_BACK)
    starts = [first + timedelta(weeks=number) for number in range(WEEKS)]
    overdue = ReferralCode.objects.overdue(now).values("pk")
    active = Q(status=ReferralCode.Status.ACTIVE)
    counted = (
        ending_in(ReferralCode.objects.all(), first, WEEKS)
        .values(week=TruncWeek(F("expires_at") - INSTANT))
        .annotate(
            active=Count("pk", filter=active & ~Q(pk__in=overdue)),
            overdue=Count("pk", filter=Q(pk__in=overdue)),
            inactive=Count("pk", filter=~active),
        )
    )
    found = {timezone.localtime(row.pop("week")).date(): row for row in counted}
    return [Week(start, **found.get(start, {"active": 0, "overdue": 0, "inactive": 0})) for start in starts]
