"""`python manage.py print_schedule cron|systemd|windows`: a schedule for this installation, ready to install."""

import getpass
import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from main import conf
from main.codes.text import visible
from main.management.output import EnglishCommand
from main.scheduling import cron_d, systemd, windows
from main.scheduling.installation import JOBS, SWEEP, Installation, Job
from main.scheduling.schedule import CannotExpress, parse_schedule

TARGETS = {"cron": cron_d.files, "systemd": systemd.files, "windows": windows.files}


class Command(EnglishCommand):
    help = "Prints a file for cron, systemd or the Windows Task Scheduler. With it, they run a command on schedule."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", choices=TARGETS)
        parser.add_argument(
            "--job", choices=JOBS, default=SWEEP.command, help=f"The command to run, by default {SWEEP.command}."
        )
        parser.add_argument(
            "--output", type=Path, metavar="FILE",
            help="Write to this file instead of the terminal. Windows needs a file. For systemd give the name of the "
            "timer; the service is written beside it.",
        )  # fmt: skip

    def handle(self, *, target: str, job: str, output: Path | None, **options: Any) -> None:
        try:
            schedule = parse_schedule(JOBS[job].schedule(), JOBS[job].setting)
            texts = TARGETS[target](JOBS[job], schedule, _this_installation())
        except CannotExpress as reason:
            raise CommandError(str(reason)) from reason
        if output:
            self._write(target, JOBS[job], output, texts)
        else:
            self._print(texts)

    def _print(self, texts: dict[str, str]) -> None:
        for name, text in texts.items():
            if len(texts) > 1:
                self.stdout.write(f"# {name}")
            self.stdout.write(text)

    def _write(self, target: str, job: Job, output: Path, texts: dict[str, str]) -> None:
        if target == "cron" and "." in output.name:
            raise CommandError(f"cron ignores a file whose name has a dot: name it {job.name}.")
        if target == "systemd" and output.suffix != ".timer":
            raise CommandError(f"systemd takes two files: name the timer, such as {job.name}.timer.")
        for name, text in texts.items():
            path = output.with_suffix(Path(name).suffix) if target == "systemd" else output
            try:
                # The Task Scheduler needs UTF-16 with a byte order mark, and Windows line ends.
                if target == "windows":
                    path.write_bytes(("\ufeff" + text.replace("\n", "\r\n")).encode("utf-16-le"))
                else:
                    path.write_text(text, encoding="utf-8", newline="\n")
                    path.chmod(0o644)  # cron ignores a file that its group may write
            except OSError as error:
                raise CommandError(f"Cannot write {visible(str(path))}: {error.strerror}.") from error
            self.stdout.write(f"Wrote {visible(str(path))}")


def _this_installation() -> Installation:
    manage = conf.manage_py()
    here = Installation(
        # Not resolved: the real path behind the link is outside the virtual environment.
        python=sys.executable,
        manage=str(manage),
        folder=str(manage.parent),
        log=str(conf.schedule_log()),
        user=getpass.getuser(),
        # -v 0: what a scheduler keeps every night is for operators, who need no names of agents.
        options=f"-v 0 --settings={os.environ['DJANGO_SETTINGS_MODULE']}",
    )
    for path in here:
        if not path.isprintable():
            raise CommandError(f"No scheduler can run a path with control characters: {visible(path)}")
    return here
