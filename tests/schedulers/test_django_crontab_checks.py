"""`manage.py check` warns where django-crontab would write a line that cron does not run as meant."""

import shutil
import sys
from collections.abc import Callable

import pytest
from django.core.checks import run_checks

OUR_CHECKS = "main.W"


@pytest.fixture
def warnings() -> Callable[[], list[tuple[str, str]]]:
    """The identifier and the sentence of each of our warnings."""
    return lambda: [(said.id, said.msg) for said in run_checks() if said.id.startswith(OUR_CHECKS)]


def test_nothing_to_say_as_it_is(warnings) -> None:
    assert warnings() == []


@pytest.mark.parametrize("folder", ["/srv/café_2.0", "/home/maria-garcia/Knossos+1@host"])
def test_a_plain_path_is_fine(folder, warnings, settings) -> None:
    settings.LOG_DIR = folder
    assert warnings() == []


@pytest.mark.parametrize("char", [" ", "%", "#", "&", "'", '"', "$", ";", "(", "\\"])
def test_a_path_that_would_need_quotes(char, warnings, settings) -> None:
    settings.LOG_DIR = f"/srv/kno{char}ssos/logs"
    assert warnings() == [
        ("main.W001", f"The path {settings.LOG_DIR!r} has {char!r} in it, which django-crontab does not quote.")
    ]


def test_every_path_of_the_line_is_looked_at(warnings, settings, tmp_path) -> None:
    folder = tmp_path / "my project"
    folder.mkdir()
    settings.CRONTAB_DJANGO_MANAGE_PATH = str(shutil.copy("manage.py", folder))
    settings.CRONTAB_PYTHON_EXECUTABLE = str(folder / "python")
    assert [identifier for identifier, _ in warnings()] == ["main.W001", "main.W001", "main.W004"]


@pytest.mark.parametrize("schedule", ["@daily", "@reboot", "0 2 * *"])
def test_a_schedule_that_django_crontab_would_not_find_again(schedule, warnings, settings) -> None:
    settings.CRONJOBS = [(schedule, "main.cron.expire_referral_codes")]
    assert warnings() == [
        (
            "main.W002",
            f"CRONJOBS has the schedule {schedule!r}, which django-crontab can add, but never show or remove.",
        )
    ]


@pytest.mark.parametrize("job", [(">> /tmp/a{}b",), (["an argument # of %"], {}, ">> /tmp/a{}b")])
@pytest.mark.parametrize("char", ["#", "%"])
def test_a_suffix_that_would_be_cut_off(job, char, warnings, settings) -> None:
    *rest, suffix = job
    suffix = suffix.format(char)
    settings.CRONJOBS = [("0 2 * * *", "main.cron.expire_referral_codes", *rest, suffix)]
    assert warnings() == [("main.W003", f"CRONJOBS has the suffix {suffix!r} with {char!r} in it.")]


def test_a_percent_sign_that_is_escaped_for_cron_is_fine(warnings, settings) -> None:
    settings.CRONJOBS = [("0 2 * * *", "main.cron.expire_referral_codes", r">> /tmp/$(date +\%F)")]
    assert warnings() == []


def test_the_job_of_the_design_document_is_fine(warnings, settings) -> None:
    settings.CRONJOBS = [("0 2 * * *", "django.core.management.call_command", ["expire_referral_codes"])]
    assert warnings() == []


def test_a_manage_py_that_is_not_there(warnings, settings) -> None:
    settings.CRONTAB_DJANGO_MANAGE_PATH = "/srv/knossos/manage.py"
    assert warnings() == [("main.W004", "CRONTAB_DJANGO_MANAGE_PATH names no file: '/srv/knossos/manage.py'.")]


def test_a_python_that_cannot_run_the_project(warnings, settings) -> None:
    settings.CRONTAB_PYTHON_EXECUTABLE = "/usr/bin/false"
    manage = settings.CRONTAB_DJANGO_MANAGE_PATH
    assert warnings() == [("main.W004", f"'/usr/bin/false' cannot run {manage!r}.")]


def test_another_name_of_the_same_python_is_fine(warnings, settings, tmp_path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    settings.CRONTAB_PYTHON_EXECUTABLE = str(python)
    assert warnings() == []


def test_without_django_crontab_there_is_nothing_to_warn_of(warnings, settings) -> None:
    settings.LOG_DIR = "/srv/my project/logs"
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "django_crontab"]
    assert warnings() == []
