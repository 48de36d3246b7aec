"""Signing in and out, and the password: pages of Django's own views in the style of the site."""

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.test import Client

from main.models import UserProfile

pytestmark = pytest.mark.django_db

PASSWORD = "knot-of-ariadne"
NEW_PASSWORD = "thread-of-theseus"


@pytest.fixture
def maria():
    return User.objects.create_user("maria", "maria@example.com", PASSWORD)


def sign_in(client, password=PASSWORD, query=""):
    return client.post(f"/sign-in/{query}", {"username": "maria", "password": password})


def test_an_agent_lands_on_the_profile(client, maria):
    assert sign_in(client)["Location"] == "/profile/"


def test_staff_land_in_the_admin(client, maria):
    User.objects.update(is_staff=True)
    assert sign_in(client)["Location"] == "/admin/"


def test_a_person_lands_where_it_wanted_to_go(client, maria):
    User.objects.update(is_staff=True)
    assert sign_in(client, query="?next=/profile/7/")["Location"] == "/profile/7/"


def test_nobody_is_sent_to_another_site(client, maria):
    assert sign_in(client, query="?next=https://example.org/")["Location"] == "/profile/"


PAGES = {
    "/sign-in/": "Please enter a correct username and password.",
    "/admin/login/": "Please enter the correct username and password for a staff account.",
}
SWITCHED_OFF = "This account is switched off, so nobody can sign in with it. Ask the office to switch it on."


def told(client, page, name, password):
    response = client.post(page, {"username": name, "password": password})
    assert response.status_code == 200
    return response.context["form"].non_field_errors()[0]


@pytest.mark.parametrize("page", PAGES)
def test_who_knows_the_password_of_an_account_that_is_off_is_told_so_and_nobody_else(client, maria, page):
    User.objects.create_user("paula")  # has no password
    wrong = f"{PAGES[page]} Note that both fields may be case-sensitive."
    assert [told(client, page, name, "wrong") for name in ("maria", "paula", "nobody")] == [wrong] * 3
    User.objects.update(is_active=False)
    assert told(client, page, "maria", PASSWORD) == SWITCHED_OFF
    assert [told(client, page, name, "wrong") for name in ("maria", "paula", "nobody")] == [wrong] * 3
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("page", PAGES)
def test_a_refusal_takes_as_many_hashes_for_each_name_and_password(client, maria, monkeypatch, page):
    User.objects.create_user("gone", password=PASSWORD, is_active=False)
    User.objects.create_user("paula")
    hashes = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashes.append(args) or encode(*args))

    def hashes_of(name, password):
        hashes.clear()
        told(client, page, name, password)
        return len(hashes)

    tries = [("gone", PASSWORD), ("gone", "wrong"), ("maria", "wrong"), ("paula", "wrong"), ("nobody", "wrong")]
    assert [hashes_of(*tried) for tried in tries] == [2] * 5


def test_tries_with_the_right_password_of_an_account_that_is_off_are_counted_too(client, maria):
    User.objects.update(is_active=False)
    statuses = [sign_in(client).status_code for _ in range(11)]
    assert statuses == [200] * 9 + [429] * 2


def test_a_person_who_is_switched_off_while_signed_in_is_a_stranger(client, maria):
    client.force_login(maria)
    User.objects.update(is_active=False)
    assert client.get("/profile/").status_code == 302


def test_signs_out_by_button_and_never_by_a_link(client, maria):
    client.force_login(maria)
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/profile/").status_code == 200
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/profile/").status_code == 302


@pytest.mark.parametrize(
    ("staff", "has_codes", "way"),
    [
        (False, True, '<a href="/profile/">Go to your codes</a>'),
        (False, False, '<a href="/profile/">Go to your codes</a>'),
        (True, True, '<a href="/profile/">Go to your codes</a>'),
        (True, False, '<a href="/admin/">Go to the admin</a>'),
    ],
)
def test_from_a_page_that_leads_nowhere_there_is_a_way_on_that_leads_somewhere(client, maria, staff, has_codes, way):
    User.objects.update(is_staff=staff)
    if has_codes:
        UserProfile.objects.create(user=maria, name="Maria Garcia", role="agent")
    client.force_login(maria)
    for address, status in (("/nowhere/", 404), ("/password/changed/", 200)):
        response = client.get(address)
        page = response.content.decode()
        assert (response.status_code, way in page, page.count("Go to ")) == (status, True, 1)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(maria)
    assert way in strict.post("/password/").content.decode()


def test_the_staffs_sign_in_leads_to_a_forgotten_password(client):
    assert '<a href="/password/reset/">Forgotten your password?</a>' in client.get("/admin/login/").content.decode()


def test_changes_the_password(client, maria):
    client.force_login(maria)
    new = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert client.post("/password/", {"old_password": "wrong", **new}).status_code == 200
    response = client.post("/password/", {"old_password": PASSWORD, **new}, follow=True)
    assert "<h1>Password changed</h1>" in response.content.decode()
    maria.refresh_from_db()
    assert maria.check_password(NEW_PASSWORD)
