"""A visitor with a real browser, who notices every fault of a page."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.test import Client
from playwright.sync_api import Error

from tests.e2e.browser import EXECUTABLE, chromium
from tests.languages.reading import english_on_page
from tests.patience import PATIENCE

REQUIRED = os.environ.get("REQUIRE_BROWSER") == "1"
SCREENSHOT_DIR = Path(os.environ.get("SCREENSHOT_DIR", settings.BASE_DIR / "screenshots"))
WINDOWS = {
    "wide": {"viewport": {"width": 1200, "height": 800}},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True},
}
# A page is inspected in each look of its window: its picture, and the colours in which it is shown.
LOOKS = {"wide": {"dark": "dark", "light": "light"}, "phone": {"phone": "light"}}
# Axe asks for targets of 24 px (WCAG 2.2, 2.5.8) only when it is told to. To look into imported style sheets it would
# add inline styles, which the page rightly forbids.
RUN_AXE = "axe.run({preload: false, resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})"
# Greek words in capitals have no accents.
ACCENTED_CAPITALS = re.compile(r"[Α-Ω]+[ΆΈΉΊΌΎΏ][Α-ΩΆΈΉΊΌΎΏ]*|[ΆΈΉΊΌΎΏ][Α-ΩΆΈΉΊΌΎΏ]+")
WRITTEN_BY_PEOPLE = re.compile("Hohenstein-Oberberg the Third of|may it go on until then")
SEEN_IN_GREEK = set()  # the names and addresses of pages
REPORT_VIOLATIONS = """
    document.addEventListener("securitypolicyviolation", violation =>
        console.error(`CSP: ${violation.violatedDirective} ${violation.blockedURI} ${violation.sourceFile}`))
"""


@dataclass
class Visitor:
    """A `page` of Chromium in one `window`, and what went wrong on it so far."""

    page: Any
    server: str
    window: str
    has_scripts: bool
    faults: list[str] = field(default_factory=list)
    is_inspected: bool = False  # the page as it is now

    def sign_in(self, user):
        """Sign in without the form."""
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.server}])

    def inspect(self, name=""):
        """Fail unless the page as it is now is accessible and fits the window; keep its pictures as `name`.

        In the wide window the page is looked at in the dark and in light, at the phone in Greek too.
        """
        for look, colours in LOOKS[self.window].items():
            self._show_in(colours)
            if name:
                _take_picture(self.page, SCREENSHOT_DIR / f"{name}-{look}.png")
            if self.has_scripts:  # axe needs them
                self._run_axe(self.page, look)
        self._measure(self.page)
        self.is_inspected = True
        if self.window == "phone" and self.has_scripts:
            self._inspect_in_greek(name)
        assert not self.faults, "\n\n".join(self.faults)

    def _show_in(self, colours):
        self.page.emulate_media(color_scheme=colours)
        if self.has_scripts:  # a link fades from one colour to the other
            self.page.evaluate("document.getAnimations().forEach(animation => animation.finish())")

    def _run_axe(self, page, look):
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        for violation in page.evaluate(RUN_AXE)["violations"]:
            places = [node["html"] + "\n" + node["failureSummary"] for node in violation["nodes"]]
            where = f"axe {violation['id']} on {page.url}, {look}: {violation['help']}"
            self.faults.append("\n".join([where, *places]))

    def _measure(self, page):
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            self.faults.append(f"{page.url} is wider than the window")

    def _inspect_in_greek(self, name):
        """Look at the same address in Greek: in a tab of its own, so that what is filled in here stays."""
        seen = name, re.sub(r"\d+|\?.*", "", self.page.url)
        if seen in SEEN_IN_GREEK:
            return
        SEEN_IN_GREEK.add(seen)
        tab = self.page.context.new_page()
        tab.set_extra_http_headers({"Accept-Language": "el"})
        try:
            answer = tab.goto(self.page.url)
        except Error:  # an address that takes posts alone has no page
            answer = None
        if answer and answer.ok:
            if name:
                _take_picture(tab, SCREENSHOT_DIR / f"{name}-el-phone.png")
            self._run_axe(tab, "Greek")
            self._measure(tab)
            language = tab.evaluate("document.documentElement.lang")
            self.faults += [f"{tab.url} is in {language}"] if language != "el" else []
            english = [text for text in english_on_page(tab.content()) if not WRITTEN_BY_PEOPLE.search(text)]
            self.faults += [f"English on {tab.url}: {text}" for text in english]
            shown = tab.evaluate("document.body.innerText")  # as style sheets show it, in capitals too
            self.faults += [f"accent in capitals on {tab.url}: {word}" for word in ACCENTED_CAPITALS.findall(shown)]
        tab.close()


def _take_picture(page, path):
    try:
        page.screenshot(path=path)
    except Error as error:  # Chromium sometimes has no frame to show yet
        if "Unable to capture screenshot" not in str(error):
            raise
        page.screenshot(path=path)


@pytest.fixture(scope="session")
def browser():
    if not EXECUTABLE:
        if REQUIRED:
            pytest.fail("Chromium is missing, and REQUIRE_BROWSER=1: install it (Debian: apt-get install chromium).")
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium).")
    SCREENSHOT_DIR.mkdir(parents=True, exist_ok=True)
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser, live_server):
    """Opens a window of its own: `visit("phone")`, with further options of Playwright's `new_context`.

    At the end of the test every page must be without fault: no request to anywhere but the server, no error
    on the console, no violation of the Content-Security-Policy, nothing that axe finds.
    """
    visitors = []

    def open_window(window="wide", **options):
        context = browser.new_context(base_url=live_server.url, color_scheme="light", **WINDOWS[window], **options)
        context.set_default_timeout(PATIENCE * 1000)
        context.add_init_script(REPORT_VIOLATIONS)
        has_scripts = options.get("java_script_enabled", True)
        visitor = Visitor(context.new_page(), live_server.url, window, has_scripts)
        _note_faults(visitor)
        visitors.append(visitor)
        return visitor

    yield open_window
    for visitor in visitors:
        try:
            if not visitor.is_inspected:
                visitor.inspect()
            assert not visitor.faults, "\n\n".join(visitor.faults)
        finally:
            visitor.page.context.close()


@pytest.fixture(params=WINDOWS)
def visitor(request, visit):
    """A visitor at a wide window and one at the phone: the test runs twice."""
    return visit(request.param)


def _note_faults(visitor):
    def note_request(request):
        if not request.url.startswith(f"{visitor.server}/"):
            visitor.faults.append(f"request to {request.url}")

    def note_message(message):
        # Chromium reports a page that is rightly 404 or 403 as a resource that failed to load.
        is_status_of_the_page = (
            message.text.startswith("Failed to load") and message.location["url"] == message.page.url
        )
        # The hint of a form may be asked for while the form is saved. The database in memory, which requests of the
        # server share, then refuses the reader (503), and the form that is being left shows no hint.
        is_hint_of_form_being_left = "503" in message.text and "/what-a-save-does/" in message.location["url"]
        if message.type == "error" and not is_status_of_the_page and not is_hint_of_form_being_left:
            visitor.faults.append(f"console: {message.text} ({message.location['url']})")

    visitor.page.on("request", note_request)
    visitor.page.on("console", note_message)

    def note_navigation(frame):
        visitor.is_inspected = False

    visitor.page.on("framenavigated", note_navigation)
    visitor.page.on("pageerror", lambda error: visitor.faults.append(f"script: {error}"))
