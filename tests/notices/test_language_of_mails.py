"""Mails and calendars are in the language of who gets them, whoever asks for them and wherever they are made."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.translation import gettext
from icalendar import Calendar

from main.accounts import invitations, passwords
from main.models import PersonalChoice
from main.notices import sending, wishes
from main.notices.calendar import make_key
from main.notices.contents import preview
from main.notices.models import Preference
from tests.conftest import NOW
from tests.notices.conftest import make_older_code, make_reachable
from tests.staff import make_run

DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("clock", "switched_on")


def chooses(user, language="el"):
    PersonalChoice.objects.create(user=user, language=language)


def greek(message):
    with translation.override("el"):
        return gettext(message)


def language_of_html(mail):
    return re.search(r'<html lang="([a-z-]+)">', mail.alternatives[0][0])[1]


def languages(mailoutbox):
    return {mail.to[0]: language_of_html(mail) for mail in mailoutbox}


def test_each_gets_the_own_language_and_the_operators_that_of_the_installation(anna, mailoutbox, settings):
    settings.ADMINS = [("", "ops@example.com")]
    make_run(NOW, state="failed")
    ben, mona = make_reachable("Ben Other"), User.objects.create_superuser("mona", "mona@example.com")
    Preference.objects.create(user=mona, wants_summary=True)
    for user in (anna.user, mona):
        chooses(user)
    for agent in (anna, ben):
        make_older_code(f"OF-{agent}", agent=agent, discount="12.50", expires_at=NOW + 6 * DAY)
    with translation.override("el"):  # whatever the language of who starts the run
        sending.run()
    assert languages(mailoutbox) == {
        "anna@example.com": "el", "ben@example.com": "en-gb", "mona@example.com": "el", "ops@example.com": "en-gb",
    }  # fmt: skip
    of_anna, of_ben = (
        next(mail for mail in mailoutbox if mail.to == [f"{name}@example.com"]) for name in ("anna", "ben")
    )
    assert "12,5 %" in of_anna.body
    assert "12.5 % off" in of_ben.body
    assert greek("STOPPING SOON") in of_anna.body


def test_the_installations_language_is_for_all_who_have_chosen_none(anna, mailoutbox, settings):
    settings.ADMINS = [("", "ops@example.com")]
    settings.LANGUAGE_CODE = "el"
    make_run(NOW, state="failed")
    ben = make_reachable("Ben Other")
    chooses(ben.user, "en-gb")
    for agent in (anna, ben):
        make_older_code(f"OF-{agent}", agent=agent, expires_at=NOW + 6 * DAY)
    sending.run()
    assert languages(mailoutbox) == {
        "anna@example.com": "el", "ben@example.com": "en-gb", "ops@example.com": "el",
    }  # fmt: skip


def test_languages_and_zones_come_with_the_agents_in_one_query(anna):
    make_older_code("CODE", agent=anna, expires_at=NOW + 6 * DAY)
    for number in range(5):
        agent = make_reachable(f"Agent{number} Number")
        PersonalChoice.objects.create(user=agent.user, language="el", zone="Asia/Tokyo")
        make_older_code(f"CODE-{number}", agent=agent, expires_at=NOW + 6 * DAY)
    with CaptureQueriesContext(connection) as captured:
        sent = [letter.text for _, letter in preview(NOW - 60 * DAY)]
    assert sum("JST" in text for text in sent) == 5
    asked = [query["sql"] for query in captured if "main_personalchoice" in query["sql"]]
    assert len(asked) == 3  # the agents, that there are no more of them, and the staff who read the summary


@pytest.mark.parametrize("language", ["el", "en-gb"])
def test_the_calendar_speaks_the_language_of_its_owner(anna, language):
    chooses(anna.user, language)
    make_older_code("CODE", agent=anna, discount="12.50", expires_at=NOW + 6 * DAY)
    address = f"/calendar/{make_key(anna.user)}.ics"
    response = Client(headers={"Accept-Language": "en"}).get(address)
    (event,) = Calendar.from_ical(response.content).walk("VEVENT")
    assert response["Content-Language"] == language
    assert ("12,5 %" if language == "el" else "12.5 %") in event["description"]
    PersonalChoice.objects.update(language={"el": "en-gb", "en-gb": "el"}[language])
    assert Client().get(address, headers={"If-None-Match": response["ETag"]}).status_code == 200


def test_an_invitation_is_in_the_language_of_who_is_invited(rf, mailoutbox):
    user = User.objects.create_user("nora", "nora@example.com")
    chooses(user)
    assert invitations.invite(rf.get("/"), user, "Nora") is invitations.Sending.SENT
    assert mailoutbox[0].subject == greek("Your account for referral codes")


@pytest.mark.parametrize(("chosen", "asked"), [("el", "en"), (None, "el")])
def test_a_new_password_is_mailed_in_the_language_of_the_account_else_of_the_page(
    transactional_db, client, mailoutbox, chosen, asked
):
    user = User.objects.create_user("nora", "nora@example.com", "knot-of-ariadne")
    if chosen:
        chooses(user, chosen)
    client.post("/password/reset/", {"email": "nora@example.com"}, headers={"Accept-Language": asked})
    passwords.send_behind_the_page(lambda: None).result(timeout=60)
    assert mailoutbox[0].subject == greek("A new password for Knossos")


def test_a_wish_is_written_down_in_english_and_read_in_the_language_of_the_reader(client, anna):
    code = make_older_code("CODE", agent=anna, expires_at=NOW + 6 * DAY)
    with translation.override("el"):
        wishes.ask(code, anna, "Please")
    client.force_login(anna.user, "django.contrib.auth.backends.ModelBackend")
    address = f"/profile/{anna.pk}/codes/{code.pk}/history/"
    assert "Asked for more time: Please" in client.get(address).content.decode()
    page = client.get(address, headers={"Accept-Language": "el"}).content.decode()
    assert greek("Asked for more time: %(sentence)s") % {"sentence": "Please"} in page
