"""The Celery app, for `celery -A knossos` and for web processes, which send tasks. No command loads it."""

import os

from celery import Celery
from celery.schedules import crontab
from django.conf import settings

from main.scheduling.schedule import Schedule, parse_schedule, refuse_either_day

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "knossos.settings")

# Shorter than the day between two sweeps, so that at most one message waits while no worker runs.
STALE_AFTER = 12 * 60 * 60  # seconds


def celery_schedule(schedule: Schedule) -> crontab:
    """Return `schedule` in the form that beat takes. Raises CannotExpress if only cron can run it."""
    refuse_either_day(schedule, "Celery")
    return crontab(
        minute=schedule.minutes,
        hour=schedule.hours,
        day_of_month=schedule.days,
        month_of_year=schedule.months,
        day_of_week=schedule.weekdays,
        app=app,
    )


app = Celery("knossos")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()  # for every thread of a web server, not only the one that loads this module
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "expire-referral-codes": {
        "task": "main.tasks.expire_referral_codes",
        "schedule": celery_schedule(parse_schedule(settings.EXPIRATION_SCHEDULE)),
        "options": {"expires": STALE_AFTER},
    },
}
if "main.notices" in settings.INSTALLED_APPS:
    app.conf.beat_schedule["send-notices"] = {
        "task": "main.notices.tasks.send_notices",
        "schedule": celery_schedule(parse_schedule(settings.NOTICE_SCHEDULE, "NOTICE_SCHEDULE")),
        "options": {"expires": STALE_AFTER},
    }
