"""A member of staff's whole way, by keyboard; and what one who may only look finds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

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
def password(live_server: Any) -> str:
    make_staff()
    user = User.objects.get(username="staff")
    user.set_password("labyrinth-42")
    user.save()
    return "labyrinth-42"


def test_staff_sign_in_create_a_code_extend_it_expire_it_and_find_the_run(visit: Visit, password: str) -> None:
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
    expect(page.get_by_role("status")).to_contain_text("On save, the code works to the end of")
    keyboard.press("Enter")
    expect(page.get_by_text("was added successfully")).to_be_visible()
    code = ReferralCode.objects.get()
    assert (code.code, code.agent.name, code.discount) == ("MARIA-20", "Maria Garcia", 20)

    choose(page, "Extend by 30 days")
    expect(page.get_by_text("MARIA-20 was extended by 30 days.")).to_be_visible()

    choose(page, "Expire now")
    page.get_by_role("button", name="Yes, expire 1 code now").click()
    expect(page.get_by_text("MARIA-20 was expired by run")).to_be_visible()
    expect(page.locator("#result_list .badge")).to_have_text("Expired")

    page.get_by_role("link", name="See the run").click()
    expect(page.get_by_text("1 expired")).to_be_visible()
    page.get_by_role("link", name="MARIA-20").click()
    expect(page.get_by_role("link", name="run of")).to_be_visible()


def choose(page: Any, action: str) -> None:
    page.get_by_role("row", name="MARIA-20").get_by_role("checkbox").check()
    page.get_by_role("combobox", name="Action").select_option(action)
    page.get_by_role("button", name="Go").click()


def test_a_person_who_may_only_look_finds_no_button(visit: Visit, live_server: Any) -> None:
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
def test_what_a_save_will_do_is_said_while_typing(visit: Visit, password: str, typed: str) -> None:
    visitor = visit()
    visitor.sign_in(User.objects.get())
    page = visitor.page
    page.goto(f"{LIST}add/")
    said = page.get_by_role("status")
    expect(said).to_have_text("On save, the code works without end.")
    page.get_by_label("Expiry date").fill(typed.format(timezone.localdate() - timedelta(days=1)))
    expect(said).to_have_text("This date has passed: on save, the code is marked inactive and does not work.")
    page.get_by_label("Expiry date").fill(typed.format(timezone.localdate()))
    expect(said).to_contain_text("On save, the code works to the end of")
    page.get_by_label("Status").select_option("Inactive")
    expect(said).to_have_text("On save, the code is inactive and does not work. Choose Active to let it work.")
    page.get_by_label("Expiry date").fill("next week")
    expect(said).to_have_text("")
