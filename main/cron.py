"""The function that django-crontab calls."""

import os
import sys

from main import conf


def expire_referral_codes() -> None:
    """Expire every code that is overdue."""
    become("expire_referral_codes")


def become(command: str) -> None:
    """Replace this process by the `command`, so that the job has its output and exit status.

    If the command ran in this process, a failure would exit 0, because django-crontab swallows every exception.
    """
    job = [sys.executable, str(conf.manage_py()), command, "-v", "0", "--timestamps"]  # for its log, as in cron_d.py
    os.execv(sys.executable, job)  # noqa: S606
