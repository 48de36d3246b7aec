"""The list of codes at work: tabs, filters and actions within reach; on a phone, by keyboard, and on paper."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from main.models import ReferralCode
from tests.conftest import make_agent, make_code
from tests.e2e.browser import expect
from tests.e2e.conftest import SCREENSHOT_DIR, Visitor
from tests.staff import make_run, make_staff

Visit = Callable[..., Visitor]
LIST = "/admin/main/referralcode/"
A4 = {"width": 718, "height": 1047}  # CSS pixels between margins of 1 cm
SEEN = "bar => { const box = bar.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; }"
FITS = "element => element.scrollWidth <= element.clientWidth"


@pytest.fixture
def staff(live_server):
    """Codes in every state; they fill more than a screen."""
    agents = [make_agent("Maria Garcia"), make_agent("Petros Müller", is_active=False), None]
    now, run = timezone.now(), make_run(timezone.now(), expired_count=20)
    for number in range(60):
        ends = now + timedelta(days=number - 20, hours=1)
        gone = {"status": "inactive", "expired_at": now, "expired_by": run} if number < 15 else {}
        make_code(f"SUMMER-SALE-{number:02}", agent=agents[number % 3], discount=10, expires_at=ends, **gone)
    return make_staff()


@pytest.fixture
def see(visit, staff):
    def open_window(look="light", **options):
        visitor = visit(look, **options)
        visitor.sign_in(staff)
        return visitor

    return open_window


def test_the_tabs_and_filters_work_without_javascript(see):
    page = see(java_script_enabled=False).page
    page.goto(f"{LIST}?q=summer")
    tabs = page.get_by_role("navigation", name="Codes by state")
    tabs.get_by_role("link", name="Overdue").click()
    expect(tabs.locator("[aria-current]")).to_have_text("Overdue 5")
    expect(page.locator("#result_list tbody tr")).to_have_count(5)
    expect(page.get_by_role("textbox", name="Search")).to_have_value("summer")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_role("navigation", name="Filters").get_by_role("link", name="Expired").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(15)
    page.get_by_role("link", name="Clear the filters").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(50)
    expect(page.get_by_role("textbox", name="Search")).to_have_value("summer")


def test_the_actions_are_in_sight_and_one_link_away_from_a_chosen_code(see):
    visitor = see()
    page = visitor.page
    page.goto(LIST)
    box = page.locator("input.action-select").nth(30)
    box.focus()
    page.keyboard.press("Space")
    bar = page.locator("#changelist .actions")
    assert bar.evaluate(SEEN)
    visitor.inspect("admin-list-chosen")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Actions for the chosen codes").nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="Action")).to_be_focused()
    page.keyboard.type("Switch off")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Yes, change 1 code")).to_be_visible()


def test_a_row_that_is_not_chosen_has_no_link_to_the_actions(see):
    page = see().page
    page.goto(LIST)
    expect(page.get_by_role("link", name="Actions for the chosen codes")).to_have_count(0)


def test_at_1280_px_the_list_shows_all_columns(see):
    visitor = see()
    page = visitor.page
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(LIST)
    expect(page.get_by_role("columnheader", name="Orders came to")).to_be_in_viewport()
    assert page.locator(".results").evaluate(FITS)
    visitor.inspect("admin-list-1280")


def test_on_a_phone_tabs_and_filters_come_before_the_first_code(see):
    visitor = see("phone")
    page = visitor.page
    page.goto(LIST)
    first = page.locator("#result_list tbody tr").first.bounding_box()["y"]
    tabs = page.get_by_role("navigation", name="Codes by state")
    for place in (tabs, page.get_by_role("textbox", name="Search"), page.get_by_text("Filters", exact=True)):
        assert place.bounding_box()["y"] < min(first, 740)
    page.get_by_text("Filters", exact=True).click()
    visitor.inspect("admin-filters")


@pytest.mark.parametrize("model", ["referralcode", "expirationrun"])
def test_a_phone_shows_what_a_wide_screen_shows(see, model):
    page = see("phone").page
    page.set_viewport_size({"width": 360, "height": 2000})
    page.goto(f"/admin/main/{model}/")
    cells = page.locator("#result_list tbody tr").first.locator("td:not(.action-checkbox), th")
    for number in range(cells.count()):
        expect(cells.nth(number)).to_be_in_viewport(ratio=0.9)


@pytest.mark.parametrize("address", [LIST, f"{LIST}?q=nothing", "/admin/main/expirationrun/", "profile"])
def test_paper_shows_the_whole_table_and_nothing_to_click(see, staff, address):
    visitor = see()
    page = visitor.page
    page.set_viewport_size(A4)
    if address == "profile":
        address = f"/profile/{ReferralCode.objects.filter(agent__isnull=False).first().agent_id}/"
    page.goto(address)
    page.emulate_media(media="print")
    name = address.strip("/").replace("/", "-").partition("?")[0].replace("admin-main-", "")
    page.screenshot(path=SCREENSHOT_DIR / f"print-{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    for row in page.locator("table tbody tr:first-child").all():
        for cell in row.locator("td:not(.action-checkbox, .tasks)").all():
            assert cell.evaluate("cell => getComputedStyle(cell).display") == "table-cell"
            assert cell.evaluate(FITS)
    for role in ("button", "combobox", "searchbox"):
        expect(page.get_by_role(role)).to_have_count(0)
    page.emulate_media(media="screen")


def test_with_the_colours_of_the_system_states_keep_their_words_and_borders(see):
    visitor = see(forced_colors="active")
    page = visitor.page
    page.goto(LIST)
    badge = page.locator(".badge-overdue").first
    expect(badge).to_have_text("Overdue")
    assert badge.evaluate("badge => getComputedStyle(badge).borderTopWidth") == "2px"
    page.screenshot(path=SCREENSHOT_DIR / "admin-list-forced-colours.png")
    visitor.is_inspected = True  # axe reads the colours that the page asks for, not those that are shown


def test_an_agent_with_many_codes_finds_one(visit, staff):
    maria = ReferralCode.objects.filter(agent__name="Maria Garcia").first().agent
    for look in ("light", "dark", "phone"):
        visitor = visit(look)
        visitor.sign_in(maria.user)
        page = visitor.page
        page.goto("/profile/")
        visitor.inspect("profile-many")
        tabs = page.get_by_role("navigation", name="Codes by state")
        tabs.get_by_role("link", name="Ended").click()
        expect(page.get_by_role("heading", name="Working now")).to_have_count(0)
        page.get_by_label("Find a code").fill("sale 03")
        page.get_by_label("Order").select_option("Newest first")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("rowheader", name="SUMMER-SALE-03")).to_be_visible()
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(tabs.locator("[aria-current]")).to_have_text("Ended 1")
        visitor.inspect("profile-search")


def test_the_zone_of_the_device_is_proposed_and_taken_with_one_click(visit, staff):
    maria = ReferralCode.objects.filter(agent__name="Maria Garcia").first().agent
    visitor = visit(timezone_id="Asia/Tokyo")
    visitor.sign_in(maria.user)
    page = visitor.page
    page.goto("/profile/?state=working")
    visitor.inspect("profile-zone")
    page.get_by_role("button", name="Show times in this device’s zone, Asia/Tokyo").click()
    expect(page.get_by_text("Times are in Asia/Tokyo.")).to_be_visible()
    assert page.url.endswith("/profile/?state=working")
    expect(page.get_by_role("button", name="Show times in this device’s zone")).to_have_count(0)


def test_no_zone_is_proposed_to_a_device_in_the_zone_of_the_page(visit, staff):
    maria = ReferralCode.objects.filter(agent__name="Maria Garcia").first().agent
    visitor = visit(timezone_id="UTC")
    visitor.sign_in(maria.user)
    visitor.page.goto("/profile/")
    expect(visitor.page.get_by_text("Times are in UTC.")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Show times in this device’s zone")).to_have_count(0)
