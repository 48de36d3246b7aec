"""The task for Celery. It works with whatever Celery app the project has."""

from celery import shared_task
from django.core.management import call_command

from main.models import ExpirationRun


@shared_task
def expire_referral_codes() -> None:
    """Expire every overdue code. Raises CommandError if the command fails, so that Celery marks the task as failed."""
    # The worker logs the output. The first line says how many codes; logs/referral_codes.log names them.
    call_command("expire_referral_codes", verbosity=0, started_by=ExpirationRun.StartedBy.TASK)
