"""A member of staff's whole way, by keyboard; and what one who may only look finds."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from main.models import ReferralCode
from tests.conftest import make_agent, make_code
from tests.e2e.browser import expect
from tests.e2e.conftest import Visitor
from tests.staff import make_staff

Visit = Callable[..., Visitor]
LIST = "/admin/main/referralcode/"


@pytest.fixture
def password(live_server):
    make_staff()
    user = User.objects.get(username="staff")
    user.set_password("labyrinth-42")
    user.save()
    return "labyrinth-42"


def test_who_goes_back_and_saves_again_has_made_one_code(visit, live_server):
    visitor = visit()
    visitor.sign_in(make_staff())
    page = visitor.page
    page.goto(f"{LIST}add/")
    page.get_by_label("Discount").fill("20")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()

    page.go_back()
    expect(page.get_by_label("Discount")).to_have_value("20")  # the browser fills the new form in
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Nothing was created a second time: this form had made CODE-20 already.")).to_be_visible()
    assert ReferralCode.objects.count() == 1

    page.goto(f"{LIST}add/")
    page.get_by_label("Discount").fill("20")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert ReferralCode.objects.count() == 2


def test_staff_sign_in_create_a_code_extend_it_expire_it_and_find_the_run(visit, password):  # noqa: PLR0915 - one way
    make_agent("Maria Garcia")
    page = visit().page
    keyboard = page.keyboard

    page.goto("/admin/")
    expect(page.get_by_label("Username")).to_be_focused()
    keyboard.type("staff")
    keyboard.press("Tab")
    keyboard.type(password)
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Referral codes")).to_be_visible()

    page.goto(f"{LIST}add/")
    page.wait_for_selector(".select2-selection[aria-label=Agent]")
    keyboard.type("maria-20")  # the first field has the focus
    keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="Agent")).to_be_focused()
    keyboard.press("Enter")
    keyboard.type("mar")
    page.get_by_role("option", name="Maria Garcia").wait_for()
    keyboard.press("Enter")
    discount = page.get_by_label("Discount")
    for _ in range(3):  # past the links to the agent's own page
        keyboard.press("Tab")
        if discount.evaluate("field => field === document.activeElement"):
            break
    keyboard.press("ControlOrMeta+a")
    keyboard.type("20")
    keyboard.press("Tab")
    expect(page.get_by_label("Expiry date")).to_be_focused()
    end = timezone.localdate() + timedelta(days=3)
    keyboard.type(f"{end:%d/%m/%Y}")
    expect(page.get_by_role("status")).to_contain_text("Once saved, the code works until end of")
    keyboard.press("Enter")
    expect(page.get_by_text("was added successfully")).to_be_visible()
    code = ReferralCode.objects.get()
    assert (code.code, code.agent.name, code.discount) == ("MARIA-20", "Maria Garcia", 20)

    choose(page, "Extend by 30 days")
    page.get_by_role("button", name="Yes, change 1 code").click()
    expect(page.get_by_text("MARIA-20 was extended by 30 days.")).to_be_visible()

    choose(page, "Expire now")
    page.get_by_role("button", name="Yes, change 1 code").click()
    expect(page.get_by_text("MARIA-20 was expired by run")).to_be_visible()
    expect(page.locator("#result_list .badge")).to_have_text("Expired")

    page.get_by_role("link", name="Undo", exact=True).click()
    page.get_by_role("button", name="Yes, change 1 code").click()
    expect(page.get_by_text("MARIA-20 is as it was before.")).to_be_visible()

    page.get_by_role("link", name="MARIA-20").click()
    page.get_by_role("link", name="History").click()
    done = ["The last edit was undone.", "Ended at once.", "Extended by 30 days.", "Made."]
    for row, what in enumerate(done, start=1):
        expect(page.get_by_role("row").nth(row)).to_contain_text(what)
    page.goto(LIST)

    choose(page, "Expire now")
    page.get_by_role("button", name="Yes, change 1 code").click()
    page.get_by_role("link", name="See run").click()
    expect(page.get_by_text("1 expired")).to_be_visible()
    page.get_by_role("link", name="MARIA-20").click()
    expect(page.get_by_role("link", name="run of")).to_be_visible()


def choose(page, action):
    page.get_by_role("row", name="MARIA-20").get_by_role("checkbox").check()
    page.get_by_role("combobox", name="Action").select_option(action)
    page.get_by_role("button", name="Go").click()


def test_a_person_who_may_only_look_finds_no_button(visit, live_server):
    code = make_code("MARIA-20", expires_at=timezone.now() + timedelta(days=3))
    visitor = visit()
    visitor.sign_in(make_staff("looker", "view_referralcode", "view_expirationrun", "view_userprofile"))
    page = visitor.page
    for address in (LIST, f"{LIST}{code.pk}/change/"):
        page.goto(address)
        content = page.get_by_role("main")
        expect(content.get_by_text("MARIA-20").first).to_be_visible()
        expect(content.locator("[type=submit]:not([value=Search])")).to_have_count(0)
        expect(content.locator("select")).to_have_count(0)
        visitor.inspect()


@pytest.mark.parametrize("typed", ["{:%d/%m/%Y}", "{:%Y-%m-%d}"])
def test_what_a_save_will_do_is_said_by_the_server_while_typing(visit, password, typed):
    visitor = visit()
    visitor.sign_in(User.objects.get())
    page = visitor.page
    page.goto(f"{LIST}add/")
    said, date, time = page.get_by_role("status"), page.get_by_label("Expiry date"), page.get_by_label("Expiry time")
    expect(said).to_have_text("Once saved, the code works without an end date.")
    date.fill(typed.format(timezone.localdate() - timedelta(days=1)))
    expect(said).to_contain_text("a save marks the code inactive, and it does not work.")
    expect(said).to_have_class("alarm")
    date.fill(typed.format(timezone.localdate() + timedelta(days=1)))
    expect(said).to_contain_text("Once saved, the code works until end of")
    expect(said).to_have_class("")
    time.fill("25:00")
    expect(said).to_have_text("This cannot be saved. '25:00' is not a time: write one from 00:00 to 23:59.")
    time.fill("")
    page.get_by_label("Status").select_option("Inactive")
    expect(said).to_have_text("Once saved, the code is switched off and does not work. Choose Active to let it work.")
    date.fill("12/24/2037")
    expect(said).to_contain_text("there is no month 24. The day comes first: write 24/12/2037.")
    date.fill("31/02/2037")
    expect(said).to_contain_text("February 2037 has the days 1 to 28.")
    visitor.inspect("admin-hint")
    assert not ReferralCode.objects.exists()


def test_the_calendar_and_the_agent_change_what_a_save_will_do(visit, password):
    make_agent("Maria Garcia", is_active=False)
    visitor = visit()
    visitor.sign_in(User.objects.get(username="staff"))
    page = visitor.page
    page.goto(f"{LIST}add/")
    said = page.get_by_role("status")
    page.locator(".field-expires_at").get_by_role("link", name="Today").click()
    expect(said).to_contain_text("Once saved, the code works until end of")
    page.get_by_role("combobox", name="Agent").click()
    page.get_by_role("option", name="Maria Garcia").click()
    expect(said).to_have_text("Once saved, the code does not work: the agent's account is switched off.")


def test_of_a_code_that_has_long_expired_the_line_is_calm(visit, password):
    gone = timezone.now() - timedelta(days=400)
    code = make_code("GONE-10", expires_at=gone, status="inactive", expired_at=gone)
    visitor = visit()
    visitor.sign_in(User.objects.get())
    visitor.page.goto(f"{LIST}{code.pk}/change/")
    said = visitor.page.get_by_role("status")
    expect(said).to_contain_text("the code does not work. Give it a later date and choose Active to let it work.")
    expect(said).not_to_have_class("alarm")
