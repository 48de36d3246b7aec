"""What holds for every page, the admin's included: the Content-Security-Policy, and errors in plain words."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import path

from knossos.urls import urlpatterns as real_urls

pytestmark = pytest.mark.django_db


def broken(request):
    raise ZeroDivisionError


urlpatterns = [*real_urls, path("broken/", broken)]

POLICY = {
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}


def policy(response):
    return set(response["Content-Security-Policy"].split("; "))


def heading(response):
    return str(response.content.decode().split("<h1>")[1].split("</h1>")[0])


@pytest.mark.parametrize("url", ["/sign-in/", "/zone/", "/profile/", "/admin/", "/admin/login/", "/nowhere/"])
def test_every_page_carries_the_policy(client, url):
    assert policy(client.get(url)) == POLICY


@pytest.mark.parametrize("url", ["/sign-in/", "/password/reset/", "/profile/", "/nowhere/"])
def test_no_page_has_inline_script_or_style(admin_client, url):
    page = admin_client.get(url).content.decode()
    assert " style=" not in page
    assert "<style" not in page
    assert page.count("<script") == page.count("<script src=")


def test_an_unknown_page_says_so(client):
    response = client.get("/nowhere/")
    assert (response.status_code, heading(response)) == (404, "There is no such page")


def test_a_forbidden_page_says_so(client):
    anna = User.objects.create_user("anna", is_staff=True)
    anna.user_permissions.add(Permission.objects.get(codename="view_referralcode"))
    client.force_login(anna)
    response = client.get("/profile/1/codes/new/")
    assert (response.status_code, heading(response)) == (403, "You may not do that")


def test_a_form_without_its_token_says_what_to_do():
    response = Client(enforce_csrf_checks=True).post("/sign-in/", {"username": "maria"})
    assert (response.status_code, heading(response)) == (403, "Nothing was changed: please send it again")


@pytest.mark.urls(__name__)
def test_a_fault_of_ours_says_so_and_shows_no_detail(admin_client):
    admin_client.raise_request_exception = False
    response = admin_client.get("/broken/")
    assert (response.status_code, heading(response)) == (500, "Something broke on our side")
    assert policy(response) == POLICY
    assert "ZeroDivisionError" not in response.content.decode()


def test_a_request_for_another_host_says_so(client):
    response = client.get("/profile/", headers={"host": "evil.example.org"})
    assert (response.status_code, heading(response)) == (400, "The request was not understood")
