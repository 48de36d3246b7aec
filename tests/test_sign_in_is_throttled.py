"""After ten wrong passwords from one network, that network waits for a quarter of an hour."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import RequestFactory

from main.throttle import client_network
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
PAGES = ["/sign-in/", "/admin/login/"]


@pytest.fixture(autouse=True)
def _staff(settings):
    settings.LOGIN_REDIRECT_URL = "/health/"
    User.objects.create_user("anna", password="right", is_staff=True)


@pytest.fixture(autouse=True)
def travel():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def sign_in(client, page, password, username="anna", **sender):
    return client.post(page, {"username": username, "password": password}, **sender)


def fail(client, times, page="/sign-in/", **sender):
    return [sign_in(client, page, "wrong", f"user{number}", **sender).status_code for number in range(times)]


@pytest.mark.parametrize("page", PAGES)
def test_nine_wrong_passwords_do_not_lock(client, page):
    assert fail(client, 9, page) == [200] * 9
    assert sign_in(client, page, "right").status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_ten_do_and_the_page_says_what_to_do(client, page):
    assert fail(client, 10, page) == [200] * 9 + [429]
    response = sign_in(client, page, "right")
    text = response.content.decode()
    assert response.status_code == 429
    assert (
        "There were 10 attempts to sign in with a wrong password from your network. Wait 15 minutes, then"
        ' <a href="/sign-in/">sign in again</a>.' in text
    )
    assert "anna" not in text
    assert "_auth_user_id" not in client.session


def test_the_wait_ends_and_an_attempt_during_it_does_not_prolong_it(client, travel):
    fail(client, 10)
    travel.shift(timedelta(minutes=14, seconds=59))
    assert sign_in(client, "/sign-in/", "right").status_code == 429
    travel.shift(timedelta(seconds=2))
    assert sign_in(client, "/sign-in/", "right").status_code == 302


def test_another_address_is_not_locked(client):
    fail(client, 10, REMOTE_ADDR="203.0.113.1")
    assert sign_in(client, "/sign-in/", "right", REMOTE_ADDR="203.0.113.2").status_code == 302


def test_a_success_does_not_open_the_way_for_more_guesses(client):
    fail(client, 9)
    assert sign_in(client, "/sign-in/", "right").status_code == 302
    assert fail(client, 1) == [429]


def test_a_made_up_forwarded_address_does_not_help(client):
    for number in range(10):
        fail(client, 1, headers={"x-forwarded-for": f"203.0.113.{number}"})
    assert sign_in(client, "/sign-in/", "right", headers={"x-forwarded-for": "203.0.113.99"}).status_code == 429


def test_behind_a_proxy_clients_are_told_apart(client, settings):
    settings.PROXIES = 1
    fail(client, 10, headers={"x-forwarded-for": "203.0.113.1"})
    assert sign_in(client, "/sign-in/", "right", headers={"x-forwarded-for": "203.0.113.2"}).status_code == 302
    assert (
        sign_in(client, "/sign-in/", "right", headers={"x-forwarded-for": "9.9.9.9, 203.0.113.1"}).status_code == 429
    )


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "10.0.0.1"),
        (0, "203.0.113.1", "10.0.0.1"),
        (1, "203.0.113.1", "203.0.113.1"),
        (1, "6.6.6.6, 203.0.113.1", "203.0.113.1"),
        (2, "6.6.6.6, 203.0.113.1, 10.0.0.2", "203.0.113.1"),
        (1, "203.0.113.1:51234", "203.0.113.1"),
        (1, "::ffff:203.0.113.1", "203.0.113.1"),
        (1, "[::ffff:203.0.113.1]:443", "203.0.113.1"),
        (1, "2001:db8:0:7:ffff::1", "2001:db8:0:7::"),
        (1, "[2001:db8:0:7::9]", "2001:db8:0:7::"),
        (1, "[2001:db8:0:7::9]:443", "2001:db8:0:7::"),
        (1, "fe80::1%eth0", "fe80::"),
        (1, "[2001:db8::1", "2001:db8::"),
        (1, "[]:443", "10.0.0.1"),
        (1, "203.0.113.1:443:9", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (2, "203.0.113.1", "10.0.0.1"),
        (1, "unknown", "10.0.0.1"),
        (1, "'; DROP TABLE", "10.0.0.1"),
    ],
)
def test_whom_the_outermost_of_our_proxies_saw_is_the_client(settings, proxies, forwarded, address):
    settings.PROXIES = proxies
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    assert client_network(RequestFactory().get("/", headers=headers, REMOTE_ADDR="10.0.0.1")) == address


@pytest.mark.parametrize(
    ("address", "network"),
    [("2001:db8:0:7::9", "2001:db8:0:7::"), ("::ffff:203.0.113.1", "203.0.113.1"), ("203.0.113.1", "203.0.113.1")],
)
def test_so_is_one_who_connects_without_a_proxy(address, network):
    assert client_network(RequestFactory().get("/", REMOTE_ADDR=address)) == network


def test_all_addresses_of_an_ipv6_network_wait_together_and_the_next_network_does_not(client):
    codes = [fail(client, 1, REMOTE_ADDR=f"2001:db8:0:7::{number}")[0] for number in range(1, 11)]
    assert codes == [200] * 9 + [429]
    assert sign_in(client, "/sign-in/", "right", REMOTE_ADDR="2001:db8:0:7:ffff::1").status_code == 429
    assert sign_in(client, "/sign-in/", "right", REMOTE_ADDR="2001:db8:0:8::1").status_code == 302


def test_an_ipv4_address_written_as_ipv6_is_the_same(client):
    fail(client, 9, REMOTE_ADDR="203.0.113.1")
    assert fail(client, 1, REMOTE_ADDR="::ffff:203.0.113.1") == [429]


def test_a_server_behind_a_socket_knows_no_address(settings):
    assert client_network(RequestFactory().get("/", REMOTE_ADDR="")) is None


@pytest.mark.parametrize(
    "username", ["\0", "a" * 10_000, "\u202e\ud83d\ude00".encode("utf-16", "surrogatepass"), "анна", ""]
)
@pytest.mark.parametrize("page", PAGES)
def test_rubbish_as_a_name_is_a_wrong_name(client, page, username):
    assert sign_in(client, page, "wrong", username).status_code == 200
