"""The function that django-crontab calls."""

import os
import sys

from main import conf


def expire_referral_codes() -> None:
    """Replace this process by the command `expire_referral_codes`, so that the job has its output and exit status.

    If the sweep ran in this process, a failure would exit 0, because django-crontab swallows every exception.
    """
    os.execv(sys.executable, [sys.executable, str(conf.manage_py()), "expire_referral_codes"])  # noqa: S606
