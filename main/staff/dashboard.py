"""The figures on the staff's front page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple, Self

from django.db.models import Count, F
from django.db.models.functions import TruncWeek
from django.template.defaultfilters import floatformat
from django.utils import timezone
from django.utils.dateformat import format as written
from django.utils.translation import ngettext, pgettext

from main import conf
from main.codes.counting import counted
from main.codes.tabs import Tab
from main.codes.weeks import ending_in, monday_of
from main.models import ExpirationRun, ReferralCode, ReferralCodeQuerySet

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

    @property
    def label(self) -> str:
        """The first day, short."""
        return written(self.start, pgettext("format of a day in a chart", "j M"))


class Dashboard(NamedTuple):
    """The figures of the front page at one instant. Codes are counted as `main.codes.counting.counted` does."""

    working: int
    overdue: int
    ending: int
    endless: int
    weeks: list[Week]
    last_run: ExpirationRun | None
    silent_for: float | None  # hours in which no sweep has completed; None if one has completed lately

    @property
    def silence(self) -> str:
        """A sentence, where no sweep has completed lately."""
        if self.silent_for is None:
            return ""
        return ngettext(
            "No scheduled run has completed for %(hours)s hour.",
            "No scheduled run has completed for %(hours)s hours.",
            1 if self.silent_for == 1 else 2,
        ) % {"hours": floatformat(self.silent_for)}

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
            working=Tab.WORKS.counted_in(codes, now),
            overdue=Tab.OVERDUE.counted_in(codes, now),
            ending=Tab.ENDS_SOON.counted_in(codes, now),
            endless=counted(codes.usable(now).filter(expires_at__isnull=True)),
            weeks=weeks(now),
            last_run=runs.first(),
            silent_for=None if completed.exists() else silence / timedelta(hours=1),
        )


def weeks(now: datetime) -> list[Week]:
    """Return the WEEKS weeks around `now`, from WEEKS_BACK weeks ago. `main.codes.weeks` says what a week is."""
    first = monday_of(timezone.localdate(now)) - timedelta(weeks=WEEKS_BACK)
    starts = [first + timedelta(weeks=number) for number in range(WEEKS)]
    ending = ending_in(ReferralCode.objects.all(), first, WEEKS)
    overdue = _by_week(ending.overdue(now))
    active = _by_week(ending.unexpired(now).filter(status=ReferralCode.Status.ACTIVE))
    inactive = _by_week(ending.filter(status=ReferralCode.Status.INACTIVE))
    counts = [[kind.get(start, 0) for kind in (active, overdue, inactive)] for start in starts]
    return [Week(start, *found) for start, found in zip(starts, counts, strict=True)]


def _by_week(codes: ReferralCodeQuerySet) -> dict[date, int]:
    """How many of `codes` end in each week, by its Monday."""
    weeks = codes.values_list(TruncWeek(F("expires_at") - INSTANT)).annotate(count=Count("*"))
    return {timezone.localtime(monday).date(): count for monday, count in weeks}
