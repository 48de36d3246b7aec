"""The task for Celery, of whichever app the project has."""

from celery import shared_task
from django.core.management import call_command

from main.models import ExpirationRun


@shared_task
def expire_referral_codes() -> None:
    """Expire every code that is overdue. Raises CommandError, which makes the task fail, as the command does."""
    # The worker logs what is printed: the first line says how many, logs/referral_codes.log names them.
    call_command("expire_referral_codes", verbosity=0, started_by=ExpirationRun.StartedBy.TASK)
