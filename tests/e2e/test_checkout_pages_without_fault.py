"""What the checkout adds: the page of the API, what codes are worth, tokens and redemptions."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from main.checkout.models import ApiToken, EndedTry
from main.checkout.redeeming import redeem
from main.checkout.tokens import make_token
from tests.conftest import make_agent, make_code
from tests.e2e.browser import expect
from tests.staff import make_staff


@pytest.fixture
def john(transactional_db):
    """A code that was redeemed in two currencies, and one that is tried in vain."""
    john, now = make_agent("John Smith"), timezone.now()
    make_code("JOHNS-20", agent=john, discount=20)
    ended = make_code("JOHNS-OLD", agent=john, expires_at=now - timedelta(days=3))
    EndedTry.objects.create(code=ended, day=now.date(), count=14)
    for number in range(30):
        currency = "EUR" if number % 3 else "USD"
        redeem("johns-20", order=f"A-{number}", amount=Decimal("49.90"), currency=currency,
               now=now - timedelta(days=3 * number))  # fmt: skip
    return john


def test_an_agents_page_with_what_the_codes_are_worth(visitor, john):
    visitor.sign_in(john.user)
    visitor.page.goto("/profile/")
    expect(visitor.page.get_by_role("heading", name="Redeemed (30)")).to_be_visible()
    expect(visitor.page.get_by_text("was tried 14 times since it ended")).to_be_visible()
    visitor.inspect("profile-worth")


def test_the_staffs_pages(visitor, john):
    make_token(ApiToken(name="My shop", may_redeem=True))
    visitor.sign_in(make_staff())
    for name, address in {
        "front-redemptions": "/admin/", "tokens": "/admin/checkout/apitoken/",
        "token-add": "/admin/checkout/apitoken/add/", "redemptions": "/admin/checkout/redemption/",
        "codes-worth": "/admin/main/referralcode/?o=-7", "agents-worth": "/admin/main/userprofile/?o=-6",
    }.items():  # fmt: skip
        visitor.page.goto(address)
        visitor.inspect(f"admin-{name}")


def test_a_token_is_made_and_tried_on_the_page_of_the_api(visitor, john):
    page = visitor.page
    visitor.sign_in(make_staff())
    page.goto("/admin/checkout/apitoken/add/")
    page.get_by_label("Shop").fill("My shop")
    page.get_by_role("button", name="Save", exact=True).click()
    token = page.locator("code.token").inner_text()
    visitor.inspect("admin-token-made")
    page.goto("/api/v1/")
    page.get_by_label("Token").fill(token)
    page.locator(".sent").first.fill('{"code": "johns-20"}')
    page.get_by_role("button", name="Send Check a code").click()
    expect(page.get_by_role("status", name="Answer to Check a code")).to_contain_text('"usable": true')
    visitor.inspect("api")
