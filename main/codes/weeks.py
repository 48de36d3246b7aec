"""Weeks, and the codes that reach their date in one.

A week is from Monday to Sunday in the current time zone. A code that ends with Sunday, at the midnight after it,
belongs to the week of that Sunday.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from main.models import ReferralCodeQuerySet

WEEK = timedelta(weeks=1)


def monday_of(day: date) -> date:
    """The Monday of the week of `day`."""
    return day - timedelta(days=day.weekday())


def ending_in(codes: ReferralCodeQuerySet, monday: date, weeks: int = 1) -> ReferralCodeQuerySet:
    """Those of `codes` that reach their date in the weeks from `monday` on, whatever their status."""
    return codes.unexpired(_midnight(monday)).expired(_midnight(monday + weeks * WEEK))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
