"""The notices in every scheduler, and the demo; and a project that leaves them out."""

import re
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from main.notices.models import Wish
from main.notices.tasks import send_notices
from main.scheduling.schedule import parse_schedule
from tests.conftest import PROJECT
from tests.notices.conftest import ten_agents

RUN = (sys.executable, f"{PROJECT}/manage.py")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("cron", f"send-notices.lock {RUN[0]} {RUN[1]} send_notices -v 0 --settings=tests.settings --timestamps >> "),
        (
            "systemd",
            f'ExecStart=:/usr/bin/nice -n 0 "{RUN[0]}" "{RUN[1]}" send_notices -v 0 --settings=tests.settings\n',
        ),
        ("windows", "<Arguments>manage.py send_notices -v 0 --settings=tests.settings</Arguments>"),
    ],
)
def test_print_schedule_has_a_file_for_them(run_command, monkeypatch, target, expected):
    monkeypatch.setattr(sys, "argv", [str(PROJECT / "manage.py")])
    printed = run_command("print_schedule", target, job="send_notices")
    assert expected in printed
    assert {"cron": "\n0 8 * * * ", "systemd": "OnCalendar=*-*-* 08:00:00", "windows": "T08:00:00<"}[target] in printed


def test_a_schedule_that_cannot_be_read_names_its_setting():
    with pytest.raises(ImproperlyConfigured, match="^NOTICE_SCHEDULE is '8', which has 1 field"):
        parse_schedule("8", "NOTICE_SCHEDULE")


def test_beat_runs_them():
    show = "from knossos.celery import app; print(app.conf.beat_schedule['send-notices']['task'])"
    done = subprocess.run(
        [sys.executable, "-c", show], cwd=PROJECT, capture_output=True, text=True, check=False,
        env={"DJANGO_SETTINGS_MODULE": "knossos.settings"},
    )  # fmt: skip
    assert done.stdout.strip() == send_notices.name == "main.notices.tasks.send_notices"


def test_the_task_sends(switched_on, mailoutbox):
    ten_agents()
    send_notices()
    assert len(mailoutbox) == 10


def test_without_the_address_of_the_site_nothing_is_sent(db, settings, send):
    settings.SITE_URL = "codes.example.com"
    assert send() == (
        "exit 1: Nothing was sent. SITE_URL is 'codes.example.com': set it to the address of the site, such as "
        "https://codes.example.com."
    )


@pytest.mark.usefixtures("clock")
def test_the_demo_shows_a_mail_and_a_wish(db, settings, run_command, client):
    settings.DEBUG = True
    printed = run_command("demo")
    assert "What `send_notices` would mail to John Smith:\n\nSubject: " in printed
    assert "* JOHNS-20, 20 % off, used 0 times\n  It reached its date." in printed
    wish = Wish.objects.get()
    assert f"{wish.agent} asks for more time for {wish.code}: staff see it on the front page of the admin." in printed
    link = re.search(r"stop these mails: http://127\.0\.0\.1:8000(/\S+)", printed)[1]
    assert client.get(link).status_code == 200
    run_command("demo")
    assert Wish.objects.count() == 1


WITHOUT = """
from knossos.settings import *
INSTALLED_APPS.remove("main.notices")
CRONJOBS = CRONJOBS[:1]
"""


def test_a_project_can_leave_them_out(manage, tmp_path):
    (tmp_path / "without.py").write_text(WITHOUT)
    without = {"DJANGO_SETTINGS_MODULE": "without", "PYTHONPATH": str(tmp_path)}
    for command in (["migrate", "-v0"], ["check"], ["expire_referral_codes"], ["demo"]):
        done = manage(*command, **without)
        assert (done.returncode, done.stderr) == (0, ""), command
    assert "more time" not in done.stdout
    asked = (
        "from django.test import Client; from django.contrib.auth.models import User; c = Client();"
        "c.force_login(User.objects.get(username='staff'), 'django.contrib.auth.backends.ModelBackend');"
        "print([c.get(a, headers={'host': 'localhost'}).status_code for a in ('/profile/', '/admin/', '/notices/')])"
    )
    assert manage("shell", "-v0", "-c", asked, **without).stdout == "[200, 200, 404]\n"


def test_they_can_be_left_out_later_when_their_tables_are_removed_first(manage, tmp_path):
    """Else the database would still refuse to delete a code that a mail has told of."""
    (tmp_path / "without.py").write_text(WITHOUT)
    without = {"DJANGO_SETTINGS_MODULE": "without", "PYTHONPATH": f"{tmp_path}:{PROJECT}"}
    delete = "from main.codes.editing import delete; from main.models import ReferralCode as C;"
    delete += "print(len(delete(C.objects.filter(code='CODE-1')).done))"
    manage("migrate", "-v0")
    manage("send_notices")
    fill = "from tests.notices.conftest import ten_agents; from main.notices.models import SwitchedOn as S;"
    fill += "from datetime import datetime, UTC; S.objects.update(at=datetime(2020, 1, 1, tzinfo=UTC)); ten_agents()"
    manage("shell", "-v0", "-c", fill, PYTHONPATH=str(PROJECT))
    assert manage("send_notices", EMAIL_URL="dummymail://").stdout == "Sent 10 notice(s).\n"
    assert "FOREIGN KEY" in manage("shell", "-v0", "-c", delete, **without).stderr
    assert manage("migrate", "notices", "zero", "-v0").returncode == 0
    assert manage("shell", "-v0", "-c", delete, **without).stdout == "1\n"
    manage("migrate", "-v0")
    assert manage("send_notices").stdout.startswith("Notices are sent from now on.")
