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
# Of each kind of bar: how the bar and its square in the legend are shown.
CHART = """Object.fromEntries(["active", "overdue", "inactive"].map(kind => {
    const chart = document.querySelector("[aria-labelledby=weeks]");
    const bar = getComputedStyle(chart.querySelector(`rect.${kind}`));
    const square = getComputedStyle(chart.querySelector(`.legend .${kind}`), "::before");
    const kept = style => style.forcedColorAdjust === "none" || style.printColorAdjust === "exact";
    return [kind, [
        {fill: bar.fill, kept: kept(bar), edge: bar.stroke !== "none"},
        {fill: square.backgroundColor, kept: kept(square), edge: square.borderTopWidth === "1px"},
    ]];
}))"""


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
    def open_window(window="wide", **options):
        visitor = visit(window, **options)
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


def test_paper_shows_the_whole_table_and_nothing_to_click(see, staff):
    code = ReferralCode.objects.filter(expired_by__isnull=False, agent__isnull=False).first()
    visitor = see()
    page = visitor.page
    page.set_viewport_size(A4)
    for name, address in {
        "codes": LIST, "codes-none": f"{LIST}?q=nothing", "runs": "/admin/main/expirationrun/",
        "run": f"/admin/main/expirationrun/{code.expired_by_id}/change/", "agents": "/admin/main/userprofile/",
        "redemptions": "/admin/checkout/redemption/", "profile": f"/profile/{code.agent_id}/", "front": "/admin/",
    }.items():  # fmt: skip
        page.goto(address)
        page.emulate_media(media="print")
        page.screenshot(path=SCREENSHOT_DIR / f"print-{name}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
        cells = page.locator("table tbody tr:first-child :is(td, th)").filter(visible=True)
        assert cells.evaluate_all(f"cells => cells.every({FITS})"), name
        displays = cells.evaluate_all("cells => cells.map(cell => getComputedStyle(cell).display)")
        assert set(displays) == (set() if name in ("codes-none", "redemptions", "front") else {"table-cell"})
        for role in ("button", "combobox", "searchbox", "textbox", "checkbox"):
            expect(page.get_by_role(role)).to_have_count(0)
        for text in ("As a table", "Undo this run…", "Switch off", "Filters"):
            expect(page.get_by_text(text).filter(visible=True)).to_have_count(0)
        page.emulate_media(media="screen")


@pytest.mark.parametrize("media", ["print", "forced colours"])
def test_the_bars_of_the_chart_and_their_legend_are_told_apart_without_our_colours(see, media):
    visitor = see(forced_colors="active") if media == "forced colours" else see()
    page = visitor.page
    page.goto("/admin/")
    if media == "print":
        page.emulate_media(media="print")
    shown = page.evaluate(CHART)
    page.screenshot(path=SCREENSHOT_DIR / f"chart-{media.replace(' ', '-')}.png", full_page=True)
    assert set(shown) == {"active", "overdue", "inactive"}
    for parts in shown.values():
        bar, swatch = parts
        assert bar["fill"] == swatch["fill"]
        assert all(part["kept"] and part["edge"] for part in parts)
    if media == "print":
        assert {kind: bar["fill"] for kind, (bar, _) in shown.items()} == {
            "active": "rgb(136, 136, 136)", "overdue": "rgb(0, 0, 0)", "inactive": "rgb(255, 255, 255)",
        }  # fmt: skip
        page.emulate_media(media="screen")
    assert len({bar["fill"] for bar, _ in shown.values()}) == 3
    visitor.is_inspected = True  # axe reads the colours that the page asks for, not those that are shown


def test_with_the_colours_of_the_system_states_keep_their_words_and_borders(see):
    visitor = see(forced_colors="active")
    page = visitor.page
    page.goto(LIST)
    badge = page.locator(".badge-overdue").first
    expect(badge).to_have_text("Overdue")
    assert badge.evaluate("badge => getComputedStyle(badge).borderTopWidth") == "2px"
    tabs = page.get_by_role("navigation", name="Codes by state").get_by_role("link")
    edges = tabs.evaluate_all("tabs => tabs.map(tab => getComputedStyle(tab).borderBottomColor)")
    assert len(set(edges[:-1])) == 1  # the last tab, "All", is the current one
    assert edges[-1] != edges[0]
    page.screenshot(path=SCREENSHOT_DIR / "admin-list-forced-colours.png")
    visitor.is_inspected = True  # axe reads the colours that the page asks for, not those that are shown


def test_an_agent_with_many_codes_finds_one(visitor, staff):
    visitor.sign_in(ReferralCode.objects.filter(agent__name="Maria Garcia").first().agent.user)
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
