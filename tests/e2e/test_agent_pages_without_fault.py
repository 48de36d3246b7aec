"""Every page outside the admin, in light, in the dark and at a phone of 360 px."""

from tests.e2e.browser import expect
from tests.e2e.conftest import Visitor


def test_sign_in(visitor: Visitor) -> None:
    visitor.page.goto("/sign-in/")
    expect(visitor.page).to_have_title("Sign in · Knossos")
    visitor.inspect("sign-in")
