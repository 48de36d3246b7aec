"""`manage.py check` warns where django-crontab would write a line that cron does not run as meant."""

import shutil

import pytest
from django.core.checks import run_checks

OUR_CHECKS = "main.W"


@pytest.fixture
def warnings():
    """The identifier and the sentence of each of our warnings."""
    return lambda: [(said.id, said.msg) for said in run_checks() if said.id.startswith(OUR_CHECKS)]


def log_to(path, settings):
    settings.SCHEDULE_LOG = path
    settings.CRONJOBS = [("0 2 * * *", "main.cron.expire_referral_codes", f">> {path} 2>&1")]


def test_nothing_to_say_as_it_is(warnings):
    assert warnings() == []


@pytest.mark.parametrize("folder", ["/srv/café_2.0", "/home/maria-garcia/Knossos+1@host"])
def test_a_plain_path_is_fine(folder, warnings, settings):
    log_to(f"{folder}/runs.log", settings)
    assert warnings() == []


@pytest.mark.parametrize("char", [" ", "%", "#", "&", "'", '"', "$", ";", "(", "\\"])
def test_a_path_that_would_need_quotes(char, warnings, settings):
    log = f"/srv/kno{char}ssos/runs.log"
    log_to(log, settings)
    said = f"The path {log!r} has {char!r} in it, which django-crontab does not quote."
    assert ("main.W001", said) in warnings()


def test_a_log_that_no_job_writes_to_may_have_any_path(warnings, settings):
    settings.SCHEDULE_LOG = "/srv/my project/runs.log"
    assert warnings() == []


def test_every_path_of_the_line_is_looked_at(warnings, settings, tmp_path):
    folder = tmp_path / "my project"
    folder.mkdir()
    settings.CRONTAB_DJANGO_MANAGE_PATH = str(shutil.copy("manage.py", folder))
    settings.CRONTAB_PYTHON_EXECUTABLE = str(folder / "python")
    log_to("/srv/my logs/runs.log", settings)
    assert [identifier for identifier, _ in warnings()] == ["main.W005", "main.W001", "main.W001", "main.W001"]


@pytest.mark.parametrize("schedule", ["@daily", "@reboot", "0 2 * *"])
def test_a_schedule_that_django_crontab_would_not_find_again(schedule, warnings, settings):
    settings.CRONJOBS = [(schedule, "main.cron.expire_referral_codes")]
    assert warnings() == [
        (
            "main.W002",
            f"CRONJOBS has the schedule {schedule!r}, which django-crontab can add, but never show or remove.",
        )
    ]


@pytest.mark.parametrize("job", [(">> /tmp/a{}b",), (["an argument # of %"], {}, ">> /tmp/a{}b")])
@pytest.mark.parametrize("char", ["#", "%"])
def test_a_suffix_that_would_be_cut_off(job, char, warnings, settings):
    *rest, suffix = job
    suffix = suffix.format(char)
    settings.CRONJOBS = [("0 2 * * *", "main.cron.expire_referral_codes", *rest, suffix)]
    assert warnings() == [("main.W003", f"CRONJOBS has the suffix {suffix!r} with {char!r} in it.")]


def test_a_percent_sign_that_is_escaped_for_cron_is_fine(warnings, settings):
    settings.CRONJOBS = [("0 2 * * *", "main.cron.expire_referral_codes", r">> /tmp/$(date +\%F)")]
    assert warnings() == []


def test_the_job_of_the_design_document_is_fine(warnings, settings):
    settings.CRONJOBS = [("0 2 * * *", "django.core.management.call_command", ["expire_referral_codes"])]
    assert warnings() == []


def test_a_manage_py_that_is_not_there(warnings, settings):
    settings.CRONTAB_DJANGO_MANAGE_PATH = "/srv/knossos/manage.py"
    assert warnings() == [("main.W004", "CRONTAB_DJANGO_MANAGE_PATH names no file: '/srv/knossos/manage.py'.")]


@pytest.mark.parametrize("python", ["/srv/knossos/.venv/bin/python", "a-name-that-no-program-has", "/etc/passwd"])
def test_a_python_that_is_not_there(python, warnings, settings):
    settings.CRONTAB_PYTHON_EXECUTABLE = python
    assert warnings() == [("main.W005", f"CRONTAB_PYTHON_EXECUTABLE names no program: {python!r}.")]


def test_a_check_starts_no_process(warnings, settings, tmp_path):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    python.chmod(0o755)
    settings.CRONTAB_PYTHON_EXECUTABLE = str(python)
    assert warnings() == []
    assert not (tmp_path / "started").exists()


def test_without_django_crontab_there_is_nothing_to_warn_of(warnings, settings):
    log_to("/srv/my project/runs.log", settings)
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "django_crontab"]
    assert warnings() == []
