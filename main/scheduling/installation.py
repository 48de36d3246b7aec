"""Files for the schedulers of operating systems, one module each: `files(schedule, here)` names and renders them."""

from typing import NamedTuple

NAME = "expire-referral-codes"
COMMAND = "expire_referral_codes"
# A sweep of a million codes takes minutes; one that still runs after so long hangs.
TIME_LIMIT_HOURS = 1


class Installation(NamedTuple):
    """This project as another program must start it: absolute paths, and the user who runs it."""

    python: str
    manage: str
    folder: str
    log: str
    user: str
    # With the module of the settings, which the scheduler would not know from an environment.
    command: str
