"""The app in a fresh project, set up with nothing but what docs/adopt.md says, and driven through the whole way."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from tests.conftest import PROJECT
from tests.schedulers.conftest import BARE, broker, until

__all__ = ["broker"]  # a fixture: a Redis of the test
pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell, cron and Celery's worker are of Unix")

ADOPT = PROJECT / "docs" / "adopt.md"
# Keeps the table in a file instead of the machine's spool.
CRONTAB = """#!/bin/sh
if [ "$1" = -l ]; then cat "$0.table" 2>/dev/null; else cat "$1" > "$0.table"; fi
"""

# A date without a zone, the database asked at import: Django warns of both.
STRICT = ["-W", "error::DeprecationWarning", "-W", "error::RuntimeWarning"]

BASE = """\
<!doctype html>
<html lang="en">
<head><title>{% block title %}{% endblock %} - The shop</title>{% block styles %}{% endblock %}</head>
<body><h1>The shop</h1>{% block content %}{% endblock %}</body>
</html>
"""

PEOPLE = """\
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models


class People(BaseUserManager):
    def create_superuser(self, email, password=None, **fields):
        person = self.model(email=email, is_staff=True, is_superuser=True, **fields)
        person.set_password(password)
        person.save()
        return person


class Person(AbstractUser):
    username = None
    email = models.EmailField(unique=True)
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []
    objects = People()
"""

SETTINGS_OF_PEOPLE = """
INSTALLED_APPS += ["people"]
AUTH_USER_MODEL = "people.Person"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
"""

CELERY = """\
import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
app = Celery("shop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
"""

# What a person does in a browser: signs in, looks at every page, and edits.
VISIT = """\
from django.contrib.auth import get_user_model
from django.test import Client
from main.models import ExpirationRun, ReferralCode, UserProfile

staff, agent, password = {staff!r}, {agent!r}, {password!r}

def see(browser, address, text):
    page = browser.get(address, follow=True, headers={{"host": "localhost"}})
    assert page.status_code == 200, (address, page.status_code)
    assert text in page.text, (address, text, page.text)
    return page

def send(browser, address, fields, text):
    page = browser.post(address, fields, follow=True, headers={{"host": "localhost"}})
    assert page.status_code == 200 and text in page.text, (address, text, page.status_code, page.text)

browser = Client()
see(browser, "/referrals/", "Sign in")
send(browser, "/referrals/sign-in/", {{"username": agent, "password": password}}, "Your referral codes")
for page in ("", "profile/", "password/", "zone/"):
    see(browser, "/referrals/" + page, "<h1>The shop</h1>")
see(browser, "/referrals/zone/", "main/site.css")
assert browser.get("/admin/", headers={{"host": "localhost"}}).status_code == 302
send(browser, "/referrals/sign-out/", {{}}, "Sign in")
see(browser, "/referrals/password/", "Forgotten your password?")

browser = Client()
send(browser, "/referrals/sign-in/", {{"username": staff, "password": password}}, "Referrals")
code = ReferralCode.objects.usable().filter(agent__isnull=False).first()
run = ExpirationRun.objects.first()
for model, pk in (("referralcode", code.pk), ("userprofile", code.agent_id), ("expirationrun", run.pk)):
    see(browser, f"/admin/main/{{model}}/", "main/admin.css")
    see(browser, f"/admin/main/{{model}}/{{pk}}/change/", "main/admin.css")
see(browser, "/admin/main/referralcode/?q=john", "JOHN")
see(browser, "/admin/main/userprofile/?q=john", "John Smith")
see(browser, "/admin/main/referralcode/add/", "What the customer types at checkout.")
send(browser, "/admin/main/referralcode/add/", {{"code": "new-1", "discount": "5", "status": "active"}}, "NEW-1")
see(browser, f"/referrals/profile/{{code.agent_id}}/", str(code.agent))
see(browser, f"/referrals/profile/{{code.agent_id}}/", "Delete<span")
extend = f"/referrals/profile/{{code.agent_id}}/codes/{{code.pk}}/extend/"
see(browser, extend, "Extend")
send(browser, extend, {{"days": "30"}}, str(code))

new = get_user_model()(**{{get_user_model().USERNAME_FIELD: "new@example.com"}})
new.set_password(password)
new.save()
see(browser, "/admin/main/userprofile/add/", "Name:")
fields = {{"name": "New Agent", "role": "agent", "user": new.pk}}
send(browser, "/admin/main/userprofile/add/", fields, "New Agent")
assert UserProfile.objects.get(name="New Agent").user == new
print("seen")
"""

VISIT_NOTICES = """\
from django.contrib.auth import get_user_model
from django.test import Client
from main.models import ReferralCode

browser = Client(headers={"host": "localhost"})
assert browser.get("/referrals/notices/").url == "/referrals/sign-in/?next=/referrals/notices/"
browser.force_login(get_user_model()._default_manager.filter(is_superuser=True).first())
for page in ("/referrals/notices/", "/admin/notices/notice/", "/admin/notices/wish/", "/admin/notices/notice/?q=john"):
    assert browser.get(page).status_code == 200, page
code = ReferralCode.objects.usable().filter(agent__isnull=False, expires_at__isnull=False).first()
browser.force_login(code.agent.user)
page = browser.get("/referrals/", follow=True).text
assert "Ask for more time" in page, page
assert ">Uses</th>" in page, page
print("seen")
"""

VISIT_CHECKOUT = """\
from django.contrib.auth import get_user_model
from django.test import Client
from main.models import ReferralCode

code = ReferralCode.objects.usable().first().code
shop = Client(headers={{"host": "localhost", "authorization": "Bearer {token}"}})
answer = shop.post("/api/v1/codes/check", {{"code": code}}, content_type="application/json").json()
assert answer["usable"], answer
order = {{"order": "A-1", "promise": answer["promise"], "amount": "49.90", "currency": "EUR"}}
redeemed = shop.post("/api/v1/redemptions", order, content_type="application/json")
assert redeemed.status_code == 201, redeemed.content
browser = Client(headers={{"host": "localhost"}})
browser.force_login(get_user_model()._default_manager.filter(is_superuser=True).first())
for page in ("/admin/checkout/redemption/", "/admin/checkout/apitoken/", "/admin/main/referralcode/?o=7"):
    assert browser.get(page).status_code == 200, page
listed = browser.get("/admin/main/referralcode/").text
assert "Orders came to" in listed, listed
print("seen")
"""


# Anna may change and delete users. She tries to become a superuser, to take over the account of one, and to delete it.
VISIT_AS_ANNA = """\
import logging

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from lxml import html

logging.disable()  # what is refused is logged
users = get_user_model()
name, people = users.USERNAME_FIELD, users._default_manager
meta = users._meta
anna, chief, agent = (
    people.get_or_create(**{name: f"{who}@example.com"}, is_staff=who != "agent", is_superuser=who == "chief")[0]
    for who in ("anna", "chief", "agent")
)
rights = ["change_user", "delete_user", "view_user", "change_person", "delete_person", "view_person"]
anna.user_permissions.set(Permission.objects.filter(codename__in=[*rights, "change_group", "view_group"]))
group, _ = Group.objects.get_or_create(name="readers")
group.permissions.clear()

def tries(person):
    browser = Client(headers={"host": "localhost"})
    browser.force_login(person)

    def send(page, pk, model=meta, **fields):
        address = reverse(f"admin:{model.app_label}_{model.model_name}_{page}", args=[pk])
        forms = html.fromstring(browser.get(address).content).forms
        form = {key: value for key, value in (forms[-1].form_values() if forms else []) if key[0] != "_"}
        return browser.post(address, form | fields).status_code

    every = [right.pk for right in Permission.objects.all()]
    powers = {"is_superuser": "on", "is_staff": "on", "user_permissions": every, "groups": [group.pk]}
    statuses = [
        send("change", agent.pk, first_name="New", **powers),
        send("change", chief.pk, first_name="Taken over"),
        send("change", group.pk, Group._meta, permissions=every),
        browser.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_delete", args=[chief.pk])).status_code,
    ]
    now = people.get(pk=agent.pk)
    return statuses, now.first_name, now.is_superuser, now.is_staff, people.get(pk=chief.pk).first_name, (
        group.permissions.exists()
    )

print(tries(anna))
print(tries(chief))
"""

ADMIN_OF_PEOPLE = """\
from django.contrib import admin

from people.models import Person


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin):
    fields = ["email", "first_name", "is_staff", "is_superuser", "groups", "user_permissions"]
"""


def snippets(heading):
    """The code of one section of docs/adopt.md, in order; of what stands before the first heading for ""."""
    first, *others = re.split(r"^## (.*)\n", ADOPT.read_text(), flags=re.MULTILINE)
    sections = {"": first} | dict(zip(others[::2], others[1::2], strict=True))
    return re.findall(r"^```\w+\n(.*?)^```", sections[heading], re.MULTILINE | re.DOTALL)


class Shop:
    """A project as `startproject` makes it, with the app and the page's snippets in it."""

    def __init__(self, folder, database):
        self.folder = folder
        subprocess.run(
            [sys.executable, "-m", "django", "startproject", "shop", folder], env=BARE, check=True, capture_output=True
        )
        shutil.copytree(PROJECT / "main", folder / "main", ignore=shutil.ignore_patterns("__pycache__"))
        self.add("shop/settings.py", database)
        _, settings, urls, _ = snippets("")  # the others are for a shell
        self.add("shop/settings.py", settings)
        self.add("shop/urls.py", urls)

    def add(self, file, text):
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as opened:
            opened.write(text)

    def manage(self, *arguments):
        """Run manage.py from elsewhere, with hardly any environment; it must succeed and complain of nothing."""
        done = subprocess.run(
            [sys.executable, *STRICT, self.folder / "manage.py", *arguments],
            env=BARE, cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout

    def python(self, script):
        return self.manage("shell", "-v", "0", "-c", script)

    def add_overdue_code(self, code):
        self.python(
            "from main.models import ReferralCode; from django.utils import timezone;"
            f"ReferralCode.objects.bulk_create([ReferralCode(code={code!r}, expires_at=timezone.now())])"
        )

    def status(self, code):
        script = f"from main.models import ReferralCode; print(ReferralCode.objects.get(code={code!r}).status)"
        return self.python(script).strip()


@pytest.fixture
def database():
    """Settings for a database of the test's own, of the kind that the other tests use."""
    if connection.vendor == "sqlite":
        yield ""  # that of startproject
        return
    known, name = connection.settings_dict, f"shop_{uuid4().hex}"
    server = {"host": known["HOST"], "port": known["PORT"], "user": known["USER"], "password": known["PASSWORD"]}
    with closing(psycopg.connect(**server, dbname="postgres", autocommit=True)) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            mine = {key: known[key] for key in ("ENGINE", "HOST", "PORT", "USER", "PASSWORD")} | {"NAME": name}
            yield f"\nDATABASES = {{'default': {mine!r}}}\n"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["users with names", "users with e-mail addresses"])
def shop(request, tmp_path, database):
    folder = tmp_path / "shop"
    folder.mkdir()
    shop = Shop(folder, database)
    shop.add("shop/settings.py", '\nTEMPLATES[0]["DIRS"] = [BASE_DIR / "templates"]\n')
    shop.add("templates/base.html", BASE)
    shop.add("templates/main/base.html", snippets("Your own base template")[0])
    shop.add("shop/settings.py", snippets("The log")[0])
    if request.param == "users with e-mail addresses":
        shop.add("people/__init__.py", "")
        shop.add("people/models.py", PEOPLE)
        shop.add("shop/settings.py", SETTINGS_OF_PEOPLE)
        shop.manage("makemigrations", "people")
    return shop


def test_the_whole_way(shop):
    assert shop.manage("check") == "System check identified no issues (0 silenced).\n"
    shop.manage("makemigrations", "--check", "--dry-run")
    said = shop.manage("demo")
    addresses = re.findall(r"(\w+): http://127.0.0.1:8000(\S+)  user (\S+)  password (\S+)", said)
    [(_, admin, staff, password), (_, home, agent, _)] = addresses
    assert (admin, home) == ("/admin/", "/referrals/")
    assert shop.python(VISIT.format(staff=staff, agent=agent, password=password)) == "seen\n"

    (shop.folder / "codes.csv").write_text("code,agent,discount\nFROM-THE-FILE,John Smith,20\n")
    imported = shop.manage("import_codes", str(shop.folder / "codes.csv"))
    assert imported == "Imported 1 code. This is import 1.\n"

    shop.add_overdue_code("LATE-1")
    assert "  - LATE-1 (Agent: none)\n" in shop.manage("expire_referral_codes")
    assert " INFO expired LATE-1 " in (shop.folder / "logs" / "referral_codes.log").read_text()
    assert shop.manage("expiration_health").startswith("Healthy.")

    shop.add_overdue_code("LATE-2")
    [line] = [line for line in shop.manage("print_schedule", "cron").splitlines() if line.startswith("0 2 * * * ")]
    run_by_cron(line.split(maxsplit=6)[6])
    said = (shop.folder / "logs" / "scheduled_runs.log").read_text()
    assert re.fullmatch(r"\S+ \S+\+00:00 Successfully expired 1 referral code\(s\)\.\n", said)

    shop.add_overdue_code("LATE-3")
    crontab = shop.folder / "crontab"
    crontab.write_text(CRONTAB)
    crontab.chmod(0o755)
    shop.add("shop/settings.py", f"\n{snippets('Every night')[0]}\nCRONTAB_EXECUTABLE = {str(crontab)!r}\n")
    assert shop.manage("check") == "System check identified no issues (0 silenced).\n"
    assert "adding cronjob: " in shop.manage("crontab", "add")
    said = run_by_cron(Path(f"{crontab}.table").read_text().split(maxsplit=5)[5])
    assert re.fullmatch(r"\S+ \S+\+00:00 Successfully expired 1 referral code\(s\)\.\n", said)


def run_by_cron(command):
    done = subprocess.run(["/bin/sh", "-c", command], env=BARE, cwd="/", check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("shop", ["users with e-mail addresses"], indirect=True)
def test_with_the_apps_that_can_be_left_out(shop):
    for heading in ("The checkout", "Mails about codes"):
        settings, urls = snippets(heading)
        shop.add("shop/settings.py", settings)
        shop.add("shop/urls.py", urls)
    assert shop.manage("check") == "System check identified no issues (0 silenced).\n"
    shop.manage("makemigrations", "--check", "--dry-run")
    addresses = re.findall(r"user (\S+)  password (\S+)", shop.manage("demo"))
    [(staff, password), (agent, _)] = addresses
    assert shop.python(VISIT.format(staff=staff, agent=agent, password=password)) == "seen\n"
    token = shop.manage("create_api_token", "My shop", "--rights", "check", "redeem").splitlines()[-1]
    assert shop.python(VISIT_CHECKOUT.format(token=token)) == "seen\n"
    assert shop.python(VISIT_NOTICES) == "seen\n"
    assert shop.manage("send_notices").startswith("Notices are sent from now on.")


def test_staff_get_no_rights_by_changing_accounts(shop):
    shop.add("people/admin.py", ADMIN_OF_PEOPLE)  # where the users are these
    shop.manage("migrate", "-v0")
    done = "([302, 302, 302, 200], 'New', True, True, 'Taken over', True)\n"
    without, _ = shop.python(VISIT_AS_ANNA).splitlines(keepends=True)
    assert without == done
    shop.python(
        "from django.contrib.auth import get_user_model; get_user_model()._default_manager.all().delete()",
    )
    shop.add("shop/urls.py", snippets("Who may change accounts")[0])
    assert shop.manage("check") == "System check identified no issues (0 silenced).\n"
    anna, chief = shop.python(VISIT_AS_ANNA).splitlines(keepends=True)
    assert anna == "([302, 403, 403, 403], 'New', False, False, '', False)\n"
    assert chief == done


@pytest.mark.parametrize("shop", ["users with e-mail addresses"], indirect=True)
def test_with_a_celery_app_of_its_own(shop, broker):
    shop.add("shop/settings.py", f"\nCELERY_BROKER_URL = {broker!r}\n")
    shop.add("shop/celery.py", CELERY + snippets("Every night")[1])
    shop.manage("migrate", "-v", "0")
    shop.add_overdue_code("LATE-1")
    said = shop.folder / "worker"
    with said.open("w") as file:
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "shop", "worker", "-l", "INFO", "-P", "solo"],
            env=BARE, cwd=shop.folder, stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        task = "app.conf.beat_schedule['expire-referral-codes']['task']"
        shop.python(f"from shop.celery import app; app.send_task({task})")
        shop.python("import shop.celery, main.tasks; main.tasks.expire_referral_codes.delay()")
        until(lambda: said.read_text().count("succeeded in") == 2, "the two tasks")
    finally:
        worker.terminate()
        worker.wait()
    assert "Successfully expired 1 referral code(s)." in said.read_text()
    assert shop.status("LATE-1") == "inactive"
