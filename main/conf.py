"""The settings of this app, each with its default.

A setting is read when it is needed, so that a test can override it. None is required.
"""

import sys
from datetime import timedelta
from pathlib import Path

from django.conf import settings


def clock_tolerance() -> float:
    """How many seconds the clock of this process may differ from the database server's before it refuses to sweep."""
    return float(getattr(settings, "EXPIRATION_CLOCK_TOLERANCE", 60))


def overdue_limit() -> timedelta:
    """How long a code may be overdue, or no sweep completed, before that is a problem: a day and two hours."""
    return timedelta(hours=getattr(settings, "EXPIRATION_OVERDUE_LIMIT", 26))


def heartbeat_url() -> str:
    """The address of a monitor that a sweep calls at its start and end; empty: no monitor is called."""
    return str(getattr(settings, "HEARTBEAT_URL", ""))


def schedule() -> str:
    """When the sweep runs, as five fields of cron. The scheduler decides which clock and time zone they mean."""
    return str(getattr(settings, "EXPIRATION_SCHEDULE", "0 2 * * *"))


def schedule_log() -> Path:
    """The file for the output of the sweeps that cron starts."""
    return Path(getattr(settings, "SCHEDULE_LOG", manage_py().with_name("logs") / "scheduled_runs.log"))


def proxies() -> int:
    """How many of your own proxies are in front of the server; each adds the address it saw to X-Forwarded-For."""
    return int(getattr(settings, "PROXIES", 0))


def rate_limit_storage() -> str:
    """Where rates are counted: "memory://", then each process counts for itself, or the address of a shared Redis."""
    return str(getattr(settings, "RATE_LIMIT_STORAGE", "memory://"))


def manage_py() -> Path:
    """The absolute path of the project's manage.py: the one that runs now, or the one in BASE_DIR."""
    running = Path(sys.argv[0])
    if running.name == "manage.py":
        return running.absolute()
    return Path(getattr(settings, "BASE_DIR", Path.cwd())) / "manage.py"


def login_url() -> str:
    """Where who has not signed in is sent: LOGIN_URL where the project sets it, else our own page."""
    return str(settings.LOGIN_URL) if _set_by_project("LOGIN_URL") else "sign_in"


def login_redirect_url() -> str:
    """Where an agent goes after signing in: LOGIN_REDIRECT_URL where the project sets it, else the agent's page."""
    return str(settings.LOGIN_REDIRECT_URL) if _set_by_project("LOGIN_REDIRECT_URL") else "profile"


def share_url() -> str:
    """The address of the shop for customers, with {code} where the code belongs; empty: no code has an address."""
    return str(getattr(settings, "SHARE_URL", ""))


def _set_by_project(name: str) -> bool:
    """Whether the value of Django's setting `name` is not just Django's default."""
    return bool(settings.is_overridden(name))  # type: ignore[misc] # the stubs do not know it
