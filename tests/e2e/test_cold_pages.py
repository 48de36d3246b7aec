"""What a first visit costs on a production server: how many requests, and how many bytes."""

import pytest

from tests.e2e.browser import expect
from tests.patience import PATIENCE
from tests.servers.test_gunicorn import ask, gunicorn
from tests.servers.test_static_files import HOST, served

__all__ = ["served"]  # a fixture: the environment of the server

# A superuser who is signed in, and a list of three pages.
PEOPLE_AND_CODES = """
from datetime import timedelta
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from main.models import ReferralCode, UserProfile
staff = User.objects.create_superuser("staff")
agent = UserProfile.objects.create(user=User.objects.create_user("maria"), name="Maria Garcia", role="agent")
ReferralCode.objects.bulk_create(
    ReferralCode(code=f"MARIA-{number}", agent=agent, expires_at=timezone.now() + timedelta(days=number))
    for number in range(150)
)
client = Client()
client.force_login(staff)
print(client.cookies[settings.SESSION_COOKIE_NAME].value)
"""


@pytest.fixture
def open_cold(browser, served, manage):
    """Opens an address in a new browser; returns the page, and the size of each answer by its address."""
    assert manage("collectstatic", "--no-input", "-v", "0", **served).stderr == ""
    session = manage("shell", "-v", "0", "-c", PEOPLE_AND_CODES, **served).stdout.strip()
    contexts = []

    def open_page(address):
        origin = f"http://{HOST}:{port}"
        context = browser.new_context(base_url=origin)
        contexts.append(context)
        context.set_default_timeout(PATIENCE * 1000)
        cookie = {"name": "__Host-sessionid", "value": session, "domain": HOST, "path": "/", "secure": True}
        context.add_cookies([cookie])
        page = context.new_page()
        sizes, faults = {}, []

        def note(request):
            size = request.sizes()
            sizes[f"{request.method} {request.url.removeprefix(origin)}"] = (
                size["responseBodySize"] + size["responseHeadersSize"]
            )

        page.on("requestfinished", note)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address)
        page.wait_for_load_state("networkidle")
        return page, sizes, faults

    with gunicorn(served, "--threads", "4") as (port, _):
        ask(port, HOST).read()
        yield open_page
        for context in contexts:
            context.close()


def test_the_list_of_codes(open_cold):
    page, sizes, faults = open_cold("/admin/main/referralcode/")
    expect(page.locator("#result_list tbody tr")).to_have_count(50)
    # With Django's own files they were 22 and 415,000.
    assert len(sizes) <= 11, sizes
    assert sum(sizes.values()) <= 110_000, sizes
    assert faults == []


def test_the_form_of_a_code_and_what_its_one_script_does(open_cold):
    page, sizes, faults = open_cold("/admin/main/referralcode/add/")
    # With Django's own files they were 34 and 532,000.
    assert len(sizes) <= 17, sizes
    assert sum(sizes.values()) <= 150_000, sizes
    page.get_by_role("combobox", name="Agent").click()
    page.get_by_role("option", name="Maria Garcia").click()
    page.get_by_role("link", name="Tomorrow").or_(page.get_by_role("link", name="Today")).first.click()
    expect(page.get_by_label("Expiry date")).not_to_have_value("")
    assert faults == []
