"""A person's way through the pages: with a mouse, by keyboard alone, and without JavaScript."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from main.models import ReferralCode
from tests.conftest import make_agent, make_code
from tests.e2e.browser import expect
from tests.e2e.conftest import Visitor

PASSWORD = "knot-of-ariadne"

Visit = Callable[..., Visitor]


@pytest.fixture
def maria(live_server):
    maria = make_agent("Maria Garcia", password=PASSWORD)
    make_code("MARIA-20", agent=maria, discount=20, expires_at=timezone.now() + timedelta(days=3))
    return maria


def test_an_agent_signs_in_copies_a_code_and_finds_no_page_of_another(visit, maria):
    john = make_agent("John Smith")
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    page = visitor.page
    page.goto("/")
    page.get_by_label("Username").fill("maria")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title("Your referral codes · Knossos")

    page.get_by_role("button", name="Copy MARIA-20").click()
    expect(page.get_by_role("button", name="Copied MARIA-20")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("MARIA-20 copied")
    assert page.evaluate("navigator.clipboard.readText()") == "MARIA-20"

    assert page.goto(f"/profile/{john.pk}/").status == 404
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    page.get_by_role("button", name="Sign out maria").click()
    expect(page).to_have_title("Sign in · Knossos")


def test_the_whole_way_by_keyboard(visit, maria):
    page = visit(permissions=["clipboard-read", "clipboard-write"]).page
    keyboard = page.keyboard
    page.goto("/")
    expect(page.get_by_label("Username")).to_be_focused()
    keyboard.type("maria")
    keyboard.press("Tab")
    keyboard.type(PASSWORD)
    keyboard.press("Enter")
    expect(page).to_have_title("Your referral codes · Knossos")
    copy = page.get_by_role("button", name="Copy MARIA-20")
    expect(copy).to_be_visible()  # the script has run

    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    keyboard.press("Enter")
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Change the zone")).to_be_focused()
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="History of MARIA-20")).to_be_focused()
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Ask for more time").first).to_be_focused()
    keyboard.press("Tab")
    expect(copy).to_be_focused()
    keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("MARIA-20 copied")
    assert page.evaluate("navigator.clipboard.readText()") == "MARIA-20"


def test_without_javascript(visit, maria):
    page = visit(java_script_enabled=False).page
    page.goto("/")
    page.get_by_label("Username").fill("maria")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("row", name="MARIA-20")).to_contain_text("2 days")
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    page.get_by_role("rowheader", name="MARIA-20").locator(".code").click()
    assert page.evaluate("getSelection().toString()") == "MARIA-20"

    page.get_by_role("link", name="Change the zone").click()
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="MARIA-20")).to_contain_text("JST")


def test_the_zone_of_the_device(visit, maria):
    visitor = visit(timezone_id="Asia/Tokyo")
    visitor.sign_in(maria.user)
    page = visitor.page
    page.goto("/profile/")
    expect(page.get_by_text("Times are in UTC.")).to_be_visible()
    page.get_by_role("link", name="Change the zone").click()
    page.get_by_role("button", name="Use this device’s zone, Asia/Tokyo").click()
    expect(page.get_by_text("Times are in Asia/Tokyo.")).to_be_visible()


def test_staff_create_extend_switch_off_and_delete_a_code(visit, maria):
    visitor = visit("phone")
    visitor.sign_in(User.objects.create_superuser("boss"))
    page = visitor.page
    page.goto(f"/profile/{maria.pk}/")
    page.get_by_role("link", name="New code").click()
    page.get_by_label("Code").fill("maria-30")
    page.get_by_label("Discount").fill("30")
    page.get_by_label("Last day").fill("2030-12-31")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("MARIA-30 was saved and is active.")).to_be_visible()
    expect(page.get_by_role("row", name="MARIA-30")).to_contain_text("end of 31 Dec 2030 UTC")

    page.get_by_role("link", name="Extend MARIA-30").click()
    page.get_by_label("7 days").check()
    page.get_by_role("button", name="Extend").click()
    expect(page.get_by_role("row", name="MARIA-30")).to_contain_text("end of 7 Jan 2031 UTC")

    page.get_by_role("link", name="Switch off MARIA-30").click()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("row", name="MARIA-30")).to_contain_text("Switched off by the office")

    page.get_by_role("link", name="Delete MARIA-30").click()
    page.get_by_role("link", name="Cancel").click()
    assert ReferralCode.objects.filter(code="MARIA-30").exists()
    page.get_by_role("link", name="Delete MARIA-30").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("MARIA-30 was deleted.")).to_be_visible()
    assert not ReferralCode.objects.filter(code="MARIA-30").exists()
