"""What the modules for cron, systemd and Windows share. Each has `files(schedule, here)`: the texts by file name."""

from typing import NamedTuple

NAME = "expire-referral-codes"
COMMAND = "expire_referral_codes"
# A sweep of a million codes takes minutes. One that runs for longer than this hangs.
TIME_LIMIT_HOURS = 1


class Installation(NamedTuple):
    """What another program needs to start this project: absolute paths, and the user who runs it."""

    python: str
    manage: str
    folder: str
    log: str
    user: str
    # Includes the settings module, because a scheduler does not have the environment of this process.
    command: str
