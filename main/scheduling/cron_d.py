"""A file for /etc/cron.d."""

import shlex
from pathlib import Path

from main.scheduling.installation import Installation, Job
from main.scheduling.schedule import CannotExpress, Schedule

LONGEST_COMMAND = 998  # bytes; Debian's cron drops a longer line

TEMPLATE = """\
# {does}. cron reads this file as /etc/cron.d/{name}: owned by root, no dot in its name.
SHELL=/bin/sh
PATH=/usr/bin:/bin
# flock exits with 75 if the previous run is still going.
{schedule} {user} {command}
"""


def files(job: Job, schedule: Schedule, here: Installation) -> dict[str, str]:
    """Return the file's text by its name. Raises CannotExpress where the paths are too long for cron."""
    log_folder = str(Path(here.log).parent)
    lock = f"{log_folder}/{job.name}.lock"  # one job must not wait for another
    run = f"{shlex.quote(here.python)} {shlex.quote(here.manage)} {job.command} {here.options} --timestamps"
    command = _escaped(
        # umask: the log beside it names codes, so it is for the owner and the group only.
        # mkdir: without the folder, the shell cannot open the log and does not start the job.
        f"umask 027 && mkdir -p {shlex.quote(log_folder)} && flock -n -E 75 {shlex.quote(lock)}"
        f" {run} >> {shlex.quote(here.log)} 2>&1"
    )
    if len(command.encode()) > LONGEST_COMMAND:
        raise CannotExpress(f"cron cannot run a line of more than {LONGEST_COMMAND} bytes: shorten the paths.")
    text = TEMPLATE.format(does=job.does, name=job.name, schedule=schedule.text, user=here.user, command=command)
    return {job.name: text}


def _escaped(command: str) -> str:
    """Escape for cron, which ends a command at a plain percent sign and removes one of two backslashes."""
    return command.replace("\\", "\\\\").replace("%", "\\%")
