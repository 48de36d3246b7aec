"""What the app needs of a project, said by `manage.py check`."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.checks import run_checks
from django.db import models
from django.test.utils import isolate_apps

from main import conf
from main.accounts.users import new_user, signs_in_by_email
from main.checks import check_order_of_apps, check_user_model
from tests.conftest import PROJECT

pytestmark = pytest.mark.django_db  # newer Djangos ask the database which generated columns it knows


def errors():
    return [said.msg for said in run_checks() if said.id.startswith("main.E")]


def test_nothing_is_wrong_as_it_is():
    assert errors() == []


def test_a_project_without_time_zones(settings):
    settings.USE_TZ = False
    assert errors() == ["USE_TZ is off."]


@pytest.mark.parametrize("address", ["https://shop.example/", "https://{code}.example/{code}"])
def test_an_address_to_share_without_a_place_for_the_code(settings, address):
    settings.SHARE_URL = address
    assert errors() == ["SHARE_URL does not have {code} in it once."]


def test_an_app_whose_pages_would_be_hidden(settings):
    assert check_order_of_apps(None) == []
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "main.notices"] + ["main.notices"]
    assert [(said.msg, said.hint) for said in check_order_of_apps(None)] == [
        (
            "main.notices stands after main in INSTALLED_APPS.",
            "Put it before main: otherwise its parts of the pages are not shown.",
        )
    ]


def test_each_id_of_a_check_names_one_fault():
    sources = [path.read_text() for path in (PROJECT / "main").rglob("*.py")]
    ids = [found for source in sources for found in re.findall(r'id="(\w+\.[EW]\d{3})"', source)]
    assert len(ids) > 5
    assert sorted(ids) == sorted(set(ids))


@isolate_apps("tests")
def test_users_who_cannot_be_switched_off(monkeypatch):
    class Person(AbstractBaseUser):
        class Meta:
            app_label = "tests"

    monkeypatch.setattr("main.checks.get_user_model", lambda: Person)
    assert [said.msg for said in check_user_model(None)] == ["The user model tests.Person has no field is_active."]


@isolate_apps("tests")
def test_users_who_sign_in_by_email(monkeypatch):
    class Person(AbstractBaseUser):
        email = models.EmailField(unique=True)
        USERNAME_FIELD = "email"

        class Meta:
            app_label = "tests"

    monkeypatch.setattr("main.accounts.users.get_user_model", lambda: Person)
    assert signs_in_by_email()
    assert new_user("john.smith", "john@example.com").get_username() == "john@example.com"


def test_users_who_sign_in_with_a_name():
    assert get_user_model().USERNAME_FIELD == "username"
    assert not signs_in_by_email()
    user = new_user("john.smith", "john@example.com", is_active=False)
    assert (user.username, user.email, user.is_active, user.pk) == ("john.smith", "john@example.com", False, None)


def test_the_project_may_have_its_own_pages_for_signing_in(settings):
    assert conf.login_redirect_url() == "profile"  # knossos leaves Django's setting alone
    settings.LOGIN_URL, settings.LOGIN_REDIRECT_URL = "/come-in/", "/welcome/"
    assert (conf.login_url(), conf.login_redirect_url()) == ("/come-in/", "/welcome/")
