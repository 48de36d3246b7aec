"""The switch at the foot of every page, with and without JavaScript."""

import pytest

from main.models import PersonalChoice
from tests.conftest import make_agent
from tests.e2e.browser import expect


@pytest.fixture
def maria(live_server):
    return make_agent("Maria Garcia", password="knot-of-ariadne")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_the_language_that_was_chosen_before_signing_in_stays(visit, maria, scripts):
    visitor = visit(java_script_enabled=scripts)
    page = visitor.page
    page.goto("/sign-in/?next=/zone/")
    page.get_by_role("button", name="Ελληνικά").click()
    expect(page.get_by_role("heading", name="Σύνδεση")).to_be_visible()
    page.get_by_label("Όνομα χρήστη").fill("maria")
    page.get_by_label("Συνθηματικό").fill("knot-of-ariadne")
    page.get_by_role("button", name="Σύνδεση").click()
    expect(page.get_by_role("heading", name="Η ζώνη ώρας σας")).to_be_visible()
    assert page.url.endswith("/zone/")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Your time zone")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en-gb")


def test_it_is_reached_by_keyboard_and_keeps_what_the_list_shows(visit, maria):
    visitor = visit()
    visitor.sign_in(maria.user)
    page = visitor.page
    page.goto("/profile/?q=nothing")
    button = page.get_by_role("button", name="Ελληνικά")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="English")).to_be_visible()
    assert page.url.endswith("/profile/?q=nothing")
    assert PersonalChoice.objects.get(user=maria.user).language == "el"
