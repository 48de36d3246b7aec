"""The ten tasks that staff do most, by keyboard alone. docs/admin.md says how many keys each of them takes."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from main.models import ReferralCode
from main.notices import wishes
from tests.conftest import make_agent, make_code
from tests.e2e.browser import expect
from tests.staff import make_staff

HAS_FOCUS = "element => element === document.activeElement"
ROW_OF_DOCS = re.compile(r"^\| (.+?) +\| +(\d+) \|$", re.MULTILINE)


class Keys:
    """A keyboard that counts its presses, on one page of Chromium."""

    def __init__(self, page):
        self.page = page
        self.presses = 0

    def begin(self):
        self.presses = 0
        self.page.goto("/admin/")

    def press(self, key):
        self.page.keyboard.press(key)
        self.presses += 1

    def type(self, text):
        self.page.keyboard.type(text)
        self.presses += len(text)

    def tab_to(self, place):
        """Press Tab until `place` has the focus. A new page is entered by its link to the content."""
        place.wait_for()
        skip = self.page.get_by_role("link", name="Skip to main content")
        for _ in range(60):
            if place.evaluate(HAS_FOCUS):
                return
            self.press("Tab")
            if skip.evaluate(HAS_FOCUS):
                self.press("Enter")
        pytest.fail(f"Tab does not come to {place}")

    def follow(self, role, name):
        self.tab_to(self.page.get_by_role(role, name=name).first)
        self.press("Enter")

    def write(self, label, text):
        self.tab_to(self.page.get_by_label(label, exact=True))
        self.type(text)

    def choose(self, select, option):
        """Press the arrow until the option that begins so is chosen."""
        self.tab_to(select)
        for _ in range(20):
            if select.evaluate("select => select.selectedOptions[0].label").startswith(option):
                return
            self.press("ArrowDown")
        pytest.fail(f"No option begins with {option}")

    def find(self, figure, text):
        """Open the codes behind a figure of the front page, and search among them."""
        self.follow("link", re.compile(f"^{figure}"))
        self.tab_to(self.page.get_by_role("textbox", name="Search"))
        self.type(text)
        self.press("Enter")
        expect(self.page).to_have_url(re.compile("q="))

    def act(self, action, rows=1):
        """Choose the first rows of the list, and do this to them."""
        for row in range(rows):
            self.tab_to(self.page.locator("input.action-select").nth(row))
            self.press("Space")
        self.press("Tab")
        expect(self.page.get_by_role("link", name="Actions for the chosen codes").nth(rows - 1)).to_be_focused()
        self.press("Enter")
        self.choose(self.page.get_by_role("combobox", name="Action"), action)
        self.follow("button", "Go")
        self.follow("button", re.compile("^Yes"))

    def reads(self, text):
        expect(self.page.get_by_text(text).first).to_be_visible()
        return self.presses


@pytest.fixture
def keys(visit, live_server):
    maria = make_agent("Maria Garcia")
    # All end at once, and get 30 days: each week with codes is a link in the chart of the front page, and so there are
    # as many of them whatever day it is today.
    end = timezone.now() + timedelta(minutes=10)
    for number in range(1, 13):
        make_code(f"MARIA-{number}", agent=maria, expires_at=end, discount=number)
    ReferralCode.objects.update(created_at=end - timedelta(days=30))  # as many days are proposed for a wish
    wishes.ask(ReferralCode.objects.get(code="MARIA-3"), maria, "Until Easter, please")
    visitor = visit()
    visitor.sign_in(make_staff())
    yield Keys(visitor.page)
    visitor.is_inspected = True  # by the tests of these pages


def test_the_ten_tasks_take_as_many_keys_as_the_docs_say(keys, mailoutbox):
    taken = {task.__doc__: task(keys) for task in TASKS}
    assert [mail.to for mail in mailoutbox] == [["nora@example.com"]]
    docs = (settings.BASE_DIR / "docs" / "admin.md").read_text(encoding="utf-8")
    assert {task: int(count) for task, count in ROW_OF_DOCS.findall(docs)} == taken


def find_a_code(keys):
    """Find a code"""
    keys.begin()
    keys.find("Working now", "maria 12")
    expect(keys.page.locator("#result_list tbody tr")).to_have_count(1)
    return keys.presses


def extend_a_code(keys):
    """Extend it by 30 days"""
    keys.begin()
    keys.find("Working now", "maria 12")
    keys.act("Extend by 30")
    return keys.reads("MARIA-12 was extended by 30 days.")


def switch_off(keys):
    """Switch it off"""
    keys.begin()
    keys.find("Working now", "maria 12")
    keys.act("Switch off")
    return keys.reads("MARIA-12 was switched off.")


def switch_on(keys):
    """Reactivate it"""
    keys.begin()
    keys.follow("link", "Referral codes")
    keys.tab_to(keys.page.get_by_role("textbox", name="Search"))
    keys.type("maria 12")
    keys.press("Enter")
    expect(keys.page).to_have_url(re.compile("q="))
    keys.act("Reactivate")
    return keys.reads("MARIA-12 was reactivated.")


def write_a_code(keys):
    """Write a new code of an agent, 20 %, 30 days"""
    keys.begin()
    keys.follow("link", re.compile("^Add referral code|^Add$"))
    page = keys.page
    page.wait_for_selector(".select2-selection[aria-label=Agent]")
    keys.tab_to(page.get_by_role("combobox", name="Agent"))
    keys.press("Enter")
    keys.type("mar")
    page.get_by_role("option", name="Maria Garcia").wait_for()
    keys.press("Enter")
    keys.write("Discount (%):", "20")
    keys.choose(page.get_by_label("or choose"), "30 days")
    keys.follow("button", re.compile("^Save$"))
    keys.reads("was added successfully")
    assert ReferralCode.objects.latest("pk").code == "MARIA-20"
    return keys.presses


def write_many_codes(keys):
    """Write 20 codes of an agent at once"""
    keys.begin()
    keys.follow("link", "Referral codes")
    keys.follow("link", "Add many")
    keys.write("Agents:", "Maria Garcia")
    keys.tab_to(keys.page.get_by_label("Codes for each"))
    keys.press("ControlOrMeta+a")
    keys.type("20")
    keys.write("Discount (%):", "15")
    keys.press("Enter")
    keys.follow("button", "Yes, create 20 codes")
    return keys.reads("20 codes were created.")


def extend_five(keys):
    """Extend five codes that end soon by 30 days"""
    keys.begin()
    keys.follow("link", re.compile("^Ending within"))
    keys.act("Extend by 30", rows=5)
    return keys.reads("5 codes were extended by 30 days:")


def undo(keys):
    """Undo that"""
    keys.presses = 0
    keys.follow("link", re.compile("^Undo$"))
    keys.follow("button", re.compile("^Yes"))
    return keys.reads("5 codes are as they were before:")


def answer_a_wish(keys):
    """Give more time to an agent who asks for it"""
    keys.begin()
    keys.follow("link", "1 wish for more time waits for an answer.")
    keys.tab_to(keys.page.locator("input.action-select").first)
    keys.press("Space")
    keys.choose(keys.page.get_by_role("combobox", name="Action"), "Yes")
    keys.follow("button", "Go")
    keys.follow("button", "Yes, give more time")
    return keys.reads("MARIA-3 was extended by")


def invite_an_agent(keys):
    """Add an agent, with an invitation"""
    keys.begin()
    keys.follow("link", "Agents and clients")
    keys.follow("link", re.compile("^Add agent or client"))
    keys.write("Name:", "New Nora")
    keys.write("User name:", "nora")
    keys.write("E-mail address:", "nora@example.com")
    keys.press("Enter")
    return keys.reads("The invitation of New Nora was mailed to nora@example.com.")


TASKS = [
    find_a_code, extend_a_code, switch_off, switch_on, write_a_code, write_many_codes, extend_five, undo,
    answer_a_wish, invite_an_agent,
]  # fmt: skip
