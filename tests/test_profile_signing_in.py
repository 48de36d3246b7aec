"""Signing in and out, and the password: pages of Django's own views in the style of the site."""

import pytest
from django.contrib.auth.models import User

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


@pytest.mark.parametrize("active", [True, False])
def test_a_wrong_password_and_a_switched_off_person_are_told_the_same(client, maria, active):
    User.objects.update(is_active=active)
    response = sign_in(client, password="wrong" if active else PASSWORD)
    assert response.context["form"].non_field_errors() == [
        "Please enter a correct username and password. Note that both fields may be case-sensitive."
    ]


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


def test_changes_the_password(client, maria):
    client.force_login(maria)
    new = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert client.post("/password/", {"old_password": "wrong", **new}).status_code == 200
    response = client.post("/password/", {"old_password": PASSWORD, **new}, follow=True)
    assert "<h1>Password changed</h1>" in response.content.decode()
    maria.refresh_from_db()
    assert maria.check_password(NEW_PASSWORD)
