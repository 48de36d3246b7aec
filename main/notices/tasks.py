"""The task for Celery, of whichever app the project has."""

from celery import shared_task
from django.core.management import call_command


@shared_task
def send_notices() -> None:
    """Send what is due. Raises CommandError, which makes the task fail, as the command does."""
    call_command("send_notices", verbosity=0)
