"""How often customers try codes that have ended, by code and day: a sign that it is worth to extend one."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from main.checkout.checking import Checked, Reason
from main.checkout.models import EndedTry

KEPT = timedelta(days=90)


def count_try(checked: Checked) -> None:
    """Count a customer's try of a code that has ended; does nothing for what works or ended otherwise."""
    if checked.code_id is None or checked.reason != Reason.EXPIRED:
        return
    day = timezone.localdate(checked.at, timezone.get_default_timezone())
    tries = EndedTry.objects.filter(code_id=checked.code_id, day=day)
    if tries.update(count=F("count") + 1):
        return
    try:
        with transaction.atomic():
            EndedTry.objects.create(code_id=checked.code_id, day=day, count=1)
    except IntegrityError:  # another customer was first this day, or the code was deleted just now
        tries.update(count=F("count") + 1)


def forget_old_tries(now: datetime | None = None) -> None:
    """Delete the tries of more than 90 days ago."""
    today = timezone.localdate(now, timezone.get_default_timezone())
    EndedTry.objects.filter(day__lt=today - KEPT).delete()
