"""What django-crontab calls."""

import os
import sys

from main import conf


def expire_referral_codes() -> None:
    """Become the command `expire_referral_codes`: its output and its exit status are then the job's.

    Called in this process, a failing sweep would exit 0: django-crontab swallows every exception.
    """
    os.execv(sys.executable, [sys.executable, str(conf.manage_py()), "expire_referral_codes"])  # noqa: S606
