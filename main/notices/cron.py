"""What django-crontab calls."""

from main.cron import become


def send_notices() -> None:
    """Send what is due."""
    become("send_notices")
