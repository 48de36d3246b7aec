"""A forgotten password, by mail and at a rate; and guesses of the old one."""

import logging
import re
import socket
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User

from main.accounts import passwords
from tests.conftest import NOW
from tests.mail import SMTP, send_mail_through

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "knot-of-ariadne"
NEW_PASSWORD = "thread-of-theseus"
NEW = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}


@pytest.fixture
def maria():
    return User.objects.create_user("maria", "maria@example.com", PASSWORD)


@pytest.fixture(autouse=True)
def _no_mail_is_under_way():
    yield
    sent()


def sent():
    """Wait until the mails that were asked for are sent, or have failed."""
    future = passwords.send_behind_the_page(lambda: None)
    assert future
    future.result(timeout=60)


def ask(client, email="maria@example.com", **sender):
    """The heading of the page that answers."""
    page = client.post("/password/reset/", {"email": email}, follow=True, **sender).content.decode()
    return page.split("<h1>")[1].split("</h1>")[0]


def test_the_mail_has_a_link_that_works_once(client, maria, mailoutbox):
    assert ask(client) == "Check your mail"
    sent()
    [mail] = mailoutbox
    link = re.search(r"http://testserver(/password/reset/\S+/)", str(mail.body))
    assert link
    assert (mail.subject, mail.to, mail.from_email) == (
        "A new password for Knossos", ["maria@example.com"], "knossos@localhost"
    )  # fmt: skip
    assert mail.body == (
        "Hello maria,\n\n"
        "somebody, we hope you, asked for a new password for Knossos. To choose one, open this link:\n\n"
        f"{link[0]}\n\n"
        "The link works once, for three days. If you did not ask for it, do nothing: your password stays as it is.\n"
    )
    form_page = client.get(link[1])["Location"]
    assert "<h1>Password saved</h1>" in client.post(form_page, NEW, follow=True).content.decode()
    maria.refresh_from_db()
    assert maria.check_password(NEW_PASSWORD)
    assert "<h1>This link does not work</h1>" in client.get(link[1], follow=True).content.decode()


@pytest.mark.usefixtures("maria")
@pytest.mark.parametrize("email", ["else@example.com", "gone@example.com", "none@example.com"])
def test_who_gets_no_mail_is_told_the_same(client, mailoutbox, email):
    User.objects.create_user("gone", "gone@example.com", PASSWORD, is_active=False)
    User.objects.create_user("none", "none@example.com")  # has no password, and signs in otherwise
    assert ask(client, email) == "Check your mail"
    sent()
    assert mailoutbox == []


def test_the_page_looks_nobody_up_so_it_takes_the_same_time_for_all(client, maria, django_assert_num_queries):
    for email in ("maria@example.com", "else@example.com"):
        with django_assert_num_queries(0):
            assert client.post("/password/reset/", {"email": email}).status_code == 302
        sent()


def test_an_account_gets_three_mails_an_hour_however_its_address_is_written(client, maria, mailoutbox):
    with time_machine.travel(NOW, tick=False) as clock:
        for number, email in enumerate(["maria@example.com", "MARIA@example.com", "maria@EXAMPLE.com", "Maria@x.com"]):
            ask(client, email, REMOTE_ADDR=f"203.0.113.{number}")
        sent()  # before the address changes under the mails that wait
        User.objects.update(email="maria@x.com")
        assert ask(client, "maria@x.com") == "Check your mail"
        sent()
        assert len(mailoutbox) == 3
        clock.shift(timedelta(hours=1))
        ask(client, "maria@x.com")
        sent()
        assert len(mailoutbox) == 4


def test_a_network_may_ask_ten_times_an_hour(client, maria, mailoutbox):
    User.objects.bulk_create(User(username=f"u{n}", email=f"u{n}@example.com", password="!x") for n in range(12))
    User.objects.update(password=maria.password)
    answers = [ask(client, f"u{n}@example.com", REMOTE_ADDR=f"2001:db8::{n}") for n in range(12)]
    assert answers == ["Check your mail"] * 10 + ["Too many mails"] * 2
    assert ask(client, "u11@example.com", REMOTE_ADDR="2001:db8:0:1::1") == "Check your mail"
    sent()
    assert len(mailoutbox) == 11
    assert client.post("/password/reset/", {"email": "u1@example.com"}, REMOTE_ADDR="2001:db8::1").status_code == 429


@pytest.mark.usefixtures("maria")
def test_a_mail_server_that_hangs_stalls_no_page_and_the_loss_is_logged(client, settings, caplog):
    with socket.socket() as mute, caplog.at_level(logging.ERROR):
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        host, port = mute.getsockname()
        send_mail_through(settings, SMTP, host=host, port=port, timeout=2)
        assert ask(client) == "Check your mail"
        behind_it = passwords.send_behind_the_page(lambda: None)
        assert behind_it is not None
        assert not behind_it.done()
        sent()
    [record] = [record for record in caplog.records if record.name.startswith("django.contrib.auth")]
    assert record.exc_info is not None
    assert "timed out" in str(record.exc_info[1])


@pytest.mark.usefixtures("maria")
def test_a_failure_before_the_mail_is_logged_too(client, settings, caplog):
    send_mail_through(settings, "no.such.Backend")
    with caplog.at_level(logging.ERROR):
        ask(client)
        sent()
    assert [record.exc_info is not None for record in caplog.records] == [True]


def test_where_too_many_mails_wait_the_page_says_so_and_it_is_logged(client, monkeypatch, caplog):
    for _ in range(passwords.MAILS_WAITING_AT_MOST):
        assert passwords._room.acquire(blocking=False)
    try:
        response = client.post("/password/reset/", {"email": "maria@example.com"})
    finally:
        for _ in range(passwords.MAILS_WAITING_AT_MOST):
            passwords._room.release()
    assert response.context["form"].non_field_errors() == [
        "No mail can be sent at the moment. Try again in a few minutes."
    ]
    assert caplog.messages == ["100 mails about passwords wait already: one more was refused."]


@pytest.mark.parametrize("address", ["/password/", "/admin/password_change/"])
def test_the_old_password_may_be_guessed_ten_times_in_a_quarter_of_an_hour(client, address):
    anna = User.objects.create_superuser("anna", password=PASSWORD)
    client.force_login(anna, "django.contrib.auth.backends.ModelBackend")
    with time_machine.travel(NOW, tick=False) as clock:
        client.force_login(anna, "django.contrib.auth.backends.ModelBackend")
        for _ in range(10):
            response = client.post(address, {"old_password": "wrong", **NEW})
            assert "entered incorrectly" in str(response.context["form"].errors["old_password"])
        response = client.post(address, {"old_password": PASSWORD, **NEW})
        assert response.context["form"].errors["old_password"] == [
            "There were too many tries. Wait 15 minutes, then try again."
        ]
        clock.shift(timedelta(minutes=15))
        assert client.post(address, {"old_password": PASSWORD, **NEW}).status_code == 302
    anna.refresh_from_db()
    assert anna.check_password(NEW_PASSWORD)
