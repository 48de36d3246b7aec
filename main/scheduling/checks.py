"""System checks for django-crontab: they warn of lines that cron would not run as intended."""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from main import conf

# django-crontab quotes nothing. The shell would interpret other characters, and cron ends a command at a percent sign.
UNSAFE = re.compile(r"[^\w@+=:,./~-]")
PATH_OF_CRON = "/usr/bin:/bin"
OTHER_WAY = "take django_crontab out of INSTALLED_APPS and use `manage.py print_schedule`, which quotes every path."


@register
def check_django_crontab(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of settings that `manage.py crontab add` would write wrongly. That command does not exist on Windows."""
    if not apps.is_installed("django_crontab") or os.name == "nt":
        return []
    python = getattr(settings, "CRONTAB_PYTHON_EXECUTABLE", sys.executable)
    manage = getattr(settings, "CRONTAB_DJANGO_MANAGE_PATH", conf.manage_py())
    jobs = [(job[0], _suffix(job)) for job in getattr(settings, "CRONJOBS", [])]
    log = str(conf.schedule_log())
    logs = [log] if any(log in suffix for _, suffix in jobs) else []
    return [*_programs(python, manage), *_paths(python, str(manage), *logs), *_jobs(jobs)]


def _suffix(job: Sequence[Any]) -> str:
    """The suffix of a job. It follows the schedule, the function and, if they are given, a list and a dictionary."""
    return next((part for part in job[2:] if isinstance(part, str)), "")


def _programs(python: str, manage: str | Path) -> Iterator[CheckMessage]:
    if not shutil.which(python, path=PATH_OF_CRON):
        yield Warning(
            f"CRONTAB_PYTHON_EXECUTABLE names no program: {python!r}.",
            hint="Set it to the Python of the virtual environment, or leave it out.",
            id="main.W005",
        )
    if not Path(manage).is_file():
        yield Warning(f"CRONTAB_DJANGO_MANAGE_PATH names no file: {str(manage)!r}.", id="main.W004")


def _paths(*paths: str) -> Iterator[CheckMessage]:
    for path in paths:
        if found := UNSAFE.search(path):
            yield Warning(
                f"The path {path!r} has {found[0]!r} in it, which django-crontab does not quote.",
                hint=f"cron would not run the job. Move it, or {OTHER_WAY}",
                id="main.W001",
            )


def _jobs(jobs: list[tuple[str, str]]) -> Iterator[CheckMessage]:
    for schedule, suffix in jobs:
        if len(schedule.split()) != 5:
            yield Warning(
                f"CRONJOBS has the schedule {schedule!r}, which django-crontab can add, but never show or remove.",
                hint="Write it as five fields, such as 0 2 * * * for @daily.",
                id="main.W002",
            )
        if found := re.search(r"#|(?<!\\)%", suffix):
            yield Warning(
                f"CRONJOBS has the suffix {suffix!r} with {found[0]!r} in it.",
                hint="cron cuts a line off at %, and django-crontab does not find a line with # to remove it.",
                id="main.W003",
            )
