"""The task of Celery. Bound to the project's app, so that `.delay()` works from a web process too."""

from django.core.management import call_command

from knossos.celery import app
from main.models import ExpirationRun


@app.task(name="main.tasks.expire_referral_codes", ignore_result=True)
def expire_referral_codes() -> None:
    """Expire every code that is overdue. Raises CommandError, which makes the task fail, as the command does."""
    # The worker logs what is printed: the first line says how many, logs/referral_codes.log names them.
    call_command("expire_referral_codes", verbosity=0, started_by=ExpirationRun.StartedBy.TASK)
