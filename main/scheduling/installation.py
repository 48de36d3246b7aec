"""What the modules for cron, systemd and Windows share. Each has `files(job, schedule, here)`: texts by file name."""

from collections.abc import Callable
from typing import NamedTuple

from main import conf

# A sweep of a million codes takes minutes. A job that runs for longer than this hangs.
TIME_LIMIT_HOURS = 1


class Job(NamedTuple):
    """A command that a scheduler is to run, and the setting that says when."""

    command: str
    does: str
    setting: str
    schedule: Callable[[], str]

    @property
    def name(self) -> str:
        """As its files are called."""
        return self.command.replace("_", "-")


SWEEP = Job("expire_referral_codes", "Expire referral codes", "EXPIRATION_SCHEDULE", conf.schedule)
# By command. An app of its own adds its job when it is loaded.
JOBS = {SWEEP.command: SWEEP}


class Installation(NamedTuple):
    """What another program needs to start this project: absolute paths, and the user who runs it."""

    python: str
    manage: str
    folder: str
    log: str
    user: str
    # For every command. They name the settings, because a scheduler does not have the environment of this process.
    options: str
