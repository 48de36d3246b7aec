"""System checks: where django-crontab would write a line that cron does not run as meant."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

# django-crontab quotes nothing: the shell would act on these, and cron ends the command at a percent sign.
UNSAFE = re.compile(r"[^\w@+=:,./~-]")
OTHER_WAY = "take django_crontab out of INSTALLED_APPS and use `manage.py print_schedule`, which quotes every path."
PATIENCE = 20  # seconds


@register
def check_django_crontab(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of what `manage.py crontab add` would write down wrongly; it does not exist on Windows."""
    if not apps.is_installed("django_crontab") or os.name == "nt":
        return []
    python = getattr(settings, "CRONTAB_PYTHON_EXECUTABLE", sys.executable)
    return [*_paths(python), *_jobs(), *_program(python)]


def _paths(python: str) -> Iterator[CheckMessage]:
    for path in (python, settings.CRONTAB_DJANGO_MANAGE_PATH, str(settings.LOG_DIR)):
        if found := UNSAFE.search(path):
            yield Warning(
                f"The path {path!r} has {found[0]!r} in it, which django-crontab does not quote.",
                hint=f"cron would not run the job. Move it, or {OTHER_WAY}",
                id="main.W001",
            )


def _jobs() -> Iterator[CheckMessage]:
    for schedule, _, *rest in settings.CRONJOBS:
        if len(schedule.split()) != 5:
            yield Warning(
                f"CRONJOBS has the schedule {schedule!r}, which django-crontab can add, but never show or remove.",
                hint="Write it as five fields, such as 0 2 * * * for @daily.",
                id="main.W002",
            )
        # Behind the function come a list, a dictionary, and the suffix; the first two may be missing.
        suffix = next((part for part in rest if isinstance(part, str)), "")
        if found := re.search(r"#|(?<!\\)%", suffix):
            yield Warning(
                f"CRONJOBS has the suffix {suffix!r} with {found[0]!r} in it.",
                hint="cron cuts a line off at %, and django-crontab does not find a line with # to remove it.",
                id="main.W003",
            )


def _program(python: str) -> Iterator[CheckMessage]:
    manage = settings.CRONTAB_DJANGO_MANAGE_PATH
    if not Path(manage).is_file():
        yield Warning(f"CRONTAB_DJANGO_MANAGE_PATH names no file: {manage!r}.", id="main.W004")
    elif python != sys.executable and not _starts(python, manage):
        yield Warning(
            f"{python!r} cannot run {manage!r}.",
            hint="Set CRONTAB_PYTHON_EXECUTABLE to the Python of the virtual environment, or leave it out.",
            id="main.W004",
        )


def _starts(python: str, manage: str) -> bool:
    """Whether the project loads in that Python, with no more of an environment than cron gives."""
    try:
        subprocess.run([python, manage, "version"], env={}, cwd="/", capture_output=True, timeout=PATIENCE, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return False
    return True
