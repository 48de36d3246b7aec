"""A file for /etc/cron.d."""

import shlex
from pathlib import Path

from main.scheduling.installation import NAME, Installation
from main.scheduling.schedule import CannotExpress, Schedule

LONGEST_COMMAND = 998  # bytes; Debian's cron drops a longer line

TEMPLATE = """\
# Expires referral codes. cron reads this file as /etc/cron.d/{name}: owned by root, no dot in its name.
SHELL=/bin/sh
PATH=/usr/bin:/bin
# flock exits with 75 if the previous run is still going.
{schedule} {user} {command}
"""


def files(schedule: Schedule, here: Installation) -> dict[str, str]:
    """Return the file's text by its name. Raises CannotExpress where the paths are too long for cron."""
    log_folder = str(Path(here.log).parent)
    command = _escaped(
        # umask: the output names codes and agents, so it is for the owner and the group only.
        # mkdir: without the folder, the shell cannot open the log and does not start the job.
        f"umask 027 && mkdir -p {shlex.quote(log_folder)} && flock -n -E 75 {shlex.quote(here.manage)}"
        f" {shlex.quote(here.python)} {shlex.quote(here.manage)} {here.command} >> {shlex.quote(here.log)} 2>&1"
    )
    if len(command.encode()) > LONGEST_COMMAND:
        raise CannotExpress(f"cron cannot run a line of more than {LONGEST_COMMAND} bytes: shorten the paths.")
    return {NAME: TEMPLATE.format(name=NAME, schedule=schedule.text, user=here.user, command=command)}


def _escaped(command: str) -> str:
    """Escape for cron, which ends a command at a plain percent sign and removes one of two backslashes."""
    return command.replace("\\", "\\\\").replace("%", "\\%")
