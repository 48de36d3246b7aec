"""Unsubscribing by the link in a mail: one click without signing in, undone on the same page, and no accident."""

import re

import pytest
from django.test import Client
from django.test.client import MULTIPART_CONTENT

from main.notices import sending
from main.notices.letters import unsubscribe_url
from main.notices.models import Notice, Preference
from tests.conftest import NOW
from tests.notices.conftest import make_older_code

pytestmark = pytest.mark.usefixtures("clock", "switched_on")
FORM_COOKIE = {"csrftoken"}  # of the form that chooses the language; it says nothing of the visitor


@pytest.fixture
def link(anna, mailoutbox):
    make_older_code("CODE", agent=anna, expires_at=NOW)
    sending.run()
    return mailoutbox[0].extra_headers["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1:8000")


@pytest.fixture
def visitor():
    """Somebody who is not signed in and has no token of a form."""
    return Client(enforce_csrf_checks=True)


def preference():
    return Preference.objects.get()


@pytest.mark.parametrize("content_type", [MULTIPART_CONTENT, "application/x-www-form-urlencoded"])
def test_one_click_of_the_mail_program_stops_the_mails(link, visitor, content_type):
    """RFC 8058 allows both kinds."""
    body = {"List-Unsubscribe": "One-Click"} if content_type == MULTIPART_CONTENT else "List-Unsubscribe=One-Click"
    response = visitor.post(link, body, content_type=content_type)
    assert response.status_code == 200
    assert not preference().wants_mail
    assert set(response.cookies) <= FORM_COOKIE


def test_the_headers_say_so(link, mailoutbox):
    assert mailoutbox[0].extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mailoutbox[0].extra_headers["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_scanner_that_fetches_it_changes_nothing(link, visitor, method):
    before = Preference.objects.values().get()
    response = getattr(visitor, method)(link)
    assert response.status_code in (200, 405)
    assert Preference.objects.values().get() == before
    assert set(response.cookies) <= FORM_COOKIE


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "Two-Clicks"}, {"do": "x"}, {"email": "a@example.com"}])
def test_a_scanner_that_posts_something_else_changes_nothing(link, visitor, body):
    before = Preference.objects.values().get()
    response = visitor.post(link, body)
    assert (response.status_code, Preference.objects.values().get()) == (400, before)
    assert "Saved." not in response.content.decode()


def test_the_page_stops_and_starts_them_again(link, visitor):
    page = visitor.post(link, {"do": "stop"}).content.decode()
    assert "You get no mails about your codes any more." in page
    assert "Send them again" in page
    page = visitor.post(link, {"do": "start"}).content.decode()
    assert "You get at most one mail a day" in page
    assert preference().wants_mail


def test_the_days_are_chosen_there(link, visitor):
    visitor.post(link, {"do": "days", "days": ["7"]})
    assert preference().days == [7]
    assert "Saved." not in visitor.post(link, {"do": "days", "days": ["8"]}).content.decode()
    assert preference().days == [7]
    visitor.post(link, {"do": "days", "days": ["14", "0"]})  # not among those of the project
    assert preference().days == [14, 0]
    visitor.post(link, {"do": "days"})
    assert preference().days == []


def test_it_names_nobody(link, visitor, anna):
    page = visitor.get(link).content.decode()
    assert "Anna" not in page + link
    assert "anna" not in page + link
    assert not re.search(rf"\b{anna.pk}\b|\b{anna.user_id}\b", link)


@pytest.mark.parametrize("change", [lambda link: link[:-2] + "/", lambda link: link.replace("agent", "staff")])
def test_a_link_that_was_changed_leads_nowhere(link, visitor, change):
    assert visitor.post(change(link)).status_code == 404
    assert preference().wants_mail


def test_a_link_of_an_earlier_secret_key_works_as_long_as_that_is_a_fallback(link, visitor, settings):
    earlier, settings.SECRET_KEY = settings.SECRET_KEY, "another " * 10
    assert visitor.post(link, {"do": "stop"}).status_code == 404
    assert preference().wants_mail
    settings.SECRET_KEY_FALLBACKS = [earlier]
    assert visitor.post(link, {"do": "stop"}).status_code == 200
    assert not preference().wants_mail


def test_a_link_of_a_person_who_is_gone_leads_nowhere(link, visitor, anna):
    Notice.objects.all().delete()
    Preference.objects.all().delete()
    assert visitor.get(link).status_code == 404


def test_the_summary_for_staff_has_a_link_of_its_own(anna, visitor):
    mine = Preference.objects.create(user=anna.user, wants_summary=True)
    link = unsubscribe_url(mine, Notice.Kind.STAFF).removeprefix("http://127.0.0.1:8000")
    visitor.post(link, {"List-Unsubscribe": "One-Click"})
    assert (preference().wants_mail, preference().wants_summary) == (True, False)
