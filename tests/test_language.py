"""The reader's language: chosen by the switch, else the browser's, else the project's."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from main.accounts.choices import reader_of
from main.models import PersonalChoice
from tests.conftest import make_agent
from tests.staff import make_staff

pytestmark = pytest.mark.django_db
GREEK = {"HTTP_ACCEPT_LANGUAGE": "el-GR,el;q=0.9,en;q=0.8"}
SIGN_IN = "/sign-in/"


def language_of_page(response):
    text = response.content.decode()
    assert response.headers["Content-Language"] in text.partition("<html ")[2].partition(">")[0]
    return response.headers["Content-Language"]


def language_of_mails(agent):
    return reader_of(User.objects.get(pk=agent.user_id)).language


@pytest.fixture
def john():
    return make_agent("John Smith", password="correct horse")


def sign_in(client, **asked):
    client.post(SIGN_IN, {"username": "john", "password": "correct horse"}, **asked)


def choose(client, language, page=SIGN_IN):
    response = client.post(f"{reverse('language')}?next={page}", {"language": language})
    assert (response.status_code, response.headers.get("Location")) == (302, page)


def test_a_browser_that_asks_for_nothing_gets_the_language_of_the_project(client, settings):
    assert language_of_page(client.get(SIGN_IN)) == "en-gb"
    settings.LANGUAGE_CODE = "el"
    assert language_of_page(client.get(SIGN_IN)) == "el"


@pytest.mark.parametrize(
    ("asked", "given"),
    [("el", "el"), ("fr,el-CY;q=0.2", "el"), ("en-US,el;q=0.5", "en-gb"), ("fr", "en-gb"), ("\x00", "en-gb")],
)  # fmt: skip
def test_the_language_of_the_browser_is_used_where_nothing_was_chosen(client, asked, given):
    response = client.get(SIGN_IN, HTTP_ACCEPT_LANGUAGE=asked)
    assert language_of_page(response) == given
    assert "Accept-Language" in response.headers["Vary"]


def test_a_choice_is_kept_for_this_browser_and_wins_over_what_the_browser_asks(client):
    choose(client, "en-gb")
    assert language_of_page(client.get(SIGN_IN, **GREEK)) == "en-gb"
    choose(client, "el")
    assert language_of_page(client.get(SIGN_IN)) == "el"
    cookie = client.cookies["language"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 365 * 24 * 3600)
    assert not PersonalChoice.objects.exists()


def test_the_choice_of_who_is_signed_in_follows_the_person_to_another_browser(client, john):
    client.force_login(john.user)
    choose(client, "el", "/profile/")
    assert language_of_page(client.get("/profile/")) == "el"
    other = Client()
    assert language_of_page(other.get(SIGN_IN)) == "en-gb"
    sign_in(other)
    assert language_of_page(other.get("/profile/")) == "el"
    assert language_of_mails(john) == "el"


def test_who_has_chosen_nothing_gets_mails_in_the_language_of_the_first_sign_in(client, john):
    for asked in GREEK, {}:
        sign_in(client, **asked)
        assert language_of_mails(john) == "el"


def test_what_was_only_seen_changes_no_page(client, john):
    sign_in(client, **GREEK)
    assert language_of_page(client.get("/profile/")) == "en-gb"
    other = Client()
    sign_in(other)
    assert language_of_page(other.get("/profile/")) == "en-gb"
    assert language_of_page(other.get("/profile/", **GREEK)) == "el"
    assert language_of_mails(john) == "el"


def test_a_choice_overrides_what_was_only_seen(client, john):
    sign_in(client, **GREEK)
    choose(client, "en-gb", "/profile/")
    assert language_of_mails(john) == "en-gb"
    other = Client()
    sign_in(other, **GREEK)
    assert language_of_page(other.get("/profile/", **GREEK)) == "en-gb"
    assert language_of_mails(john) == "en-gb"


def test_who_signs_in_in_the_language_of_the_project_has_nothing_written_down(client, john):
    sign_in(client)
    assert not PersonalChoice.objects.exists()
    assert language_of_mails(john) == "en-gb"


def test_who_comes_next_in_one_browser_reads_as_that_person_has_chosen(client, john):
    PersonalChoice.objects.create(user=john.user, language="en-gb")
    client.force_login(make_agent("Anna Berg").user)
    choose(client, "el", "/profile/")
    client.post("/sign-out/")
    assert language_of_page(client.get(SIGN_IN)) == "el"
    sign_in(client)
    assert language_of_page(client.get("/profile/")) == "en-gb"


def test_a_language_that_the_project_no_longer_has_is_not_used(client, john, settings):
    client.force_login(john.user)
    choose(client, "el", "/profile/")
    settings.LANGUAGES = [("en-gb", "English")]
    assert language_of_page(client.get("/profile/")) == "en-gb"
    assert language_of_mails(john) == "en-gb"


@pytest.mark.parametrize("language", ["", "xx", "EL", "el\x00"])
def test_another_language_changes_nothing(client, language):
    choose(client, "el")
    response = client.post(f"{reverse('language')}?next={SIGN_IN}", {"language": language})
    assert response.headers["Location"] == SIGN_IN
    assert language_of_page(client.get(SIGN_IN)) == "el"


@pytest.mark.parametrize("page", ["https://elsewhere.example/", "//elsewhere.example/", "nowhere"])
def test_the_switch_does_not_lead_to_another_site(client, page):
    response = client.post(f"{reverse('language')}?next={page}", {"language": "el"})
    assert response.headers["Location"] == "/profile/"


def test_the_switch_answers_posts_alone(client):
    assert client.get(reverse("language")).status_code == 405


@pytest.mark.parametrize("page", [SIGN_IN, "/admin/login/", "/password/reset/", "/nowhere/"])
def test_every_page_has_the_switch_with_the_names_of_the_other_languages_in_their_own_words(client, page):
    shown = client.get(f"{page}?a=1", HTTP_ACCEPT_LANGUAGE="el").content.decode()
    assert f'action="/language/?next={page}%3Fa%3D1"' in shown
    assert '<button class="plain" name="language" value="en-gb" lang="en-gb">English</button>' in shown


def test_staff_have_the_switch_on_every_page_too(client):
    client.force_login(make_staff())
    assert 'lang="el">Ελληνικά</button>' in client.get("/admin/main/referralcode/").content.decode()


def test_where_there_is_one_language_there_is_no_switch(client, settings):
    settings.LANGUAGES = [("en-gb", "English")]
    assert "/language/" not in client.get(SIGN_IN).content.decode()
