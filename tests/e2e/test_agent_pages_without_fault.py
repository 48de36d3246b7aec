"""Every page outside the admin, in light, in the dark and at a phone of 360 px."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from main.codes.editing import Task
from main.models import ReferralCode
from tests.conftest import make_agent, make_code
from tests.e2e.browser import expect
from tests.staff import make_staff

DAY = timedelta(days=1)


@pytest.fixture
def maria(live_server, settings):
    """An agent with codes in every state, on more than one page, and an address in the shop for each."""
    settings.SHARE_URL = "https://shop.example/?code={code}"
    maria = make_agent("Maria Garcia", password="knot-of-ariadne")
    now = timezone.now()
    for code, discount, expires_at, status in [
        ("MARIA-Z69-20", 20, now + 5.1 * DAY, "active"),
        ("MARIA-H2-12", "12.5", now + 0.2 * DAY, "active"),
        ("MARIA-D53-10", 10, now + 21 * DAY, "active"),
        ("MARIA-J34-5", 5, now + 143 * DAY, "active"),
        ("MARIA-D68-15", 15, None, "active"),
        ("W" * 64, "99.99", now + 365 * DAY, "active"),
        ("MARIA-R30-10", 10, None, "inactive"),
        ("MARIA-P85-10", 10, now + 40 * DAY, "inactive"),
        ("MARIA-O11-10", 10, now - 0.1 * DAY, "active"),
        *((f"MARIA-X{number:02}-10", 10, now - 3 * (number + 1) * DAY, "inactive") for number in range(20)),
    ]:
        expired_at = now if "-X" in code else None
        make_code(
            code, agent=maria, discount=discount, expires_at=expires_at, status=status, expired_at=expired_at
        )  # fmt: skip
    return maria


@pytest.fixture
def boss(live_server):
    return User.objects.create_superuser("boss", password="knot-of-ariadne")


def test_signing_in(visitor, maria):
    page = visitor.page
    page.goto("/")
    expect(page).to_have_title("Sign in · Knossos")
    visitor.inspect("sign-in")
    page.get_by_label("Username").fill("maria")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Please enter a correct username and password")).to_be_visible()
    visitor.inspect("sign-in-refused")


def test_the_agents_page(visitor, maria):
    visitor.sign_in(maria.user)
    visitor.page.goto("/profile/")
    expect(visitor.page).to_have_title("Your referral codes · Knossos")
    expect(visitor.page.get_by_role("button", name="Copy MARIA-Z69-20")).to_be_visible()
    visitor.inspect("profile")


def test_the_page_of_an_agent_without_codes(visitor, maria):
    ReferralCode.objects.all().delete()
    visitor.sign_in(maria.user)
    visitor.page.goto("/profile/")
    expect(visitor.page.get_by_text("You have no codes yet.")).to_be_visible()
    visitor.inspect("profile-empty")


def test_the_page_of_a_person_without_a_profile(visitor, boss):
    visitor.sign_in(boss)
    visitor.page.goto("/profile/")
    expect(visitor.page.get_by_role("heading", name="Welcome, boss")).to_be_visible()


@pytest.mark.parametrize("path", ["zone", "password", "password/changed"])
def test_the_pages_of_an_account(visitor, maria, path):
    visitor.sign_in(maria.user)
    visitor.page.goto(f"/{path}/")
    expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    visitor.inspect(path.replace("/", "-"))


@pytest.mark.parametrize("path", ["reset", "reset/sent", "reset/done", "reset/x/y"])
def test_the_pages_of_a_forgotten_password(visitor, path):
    visitor.page.goto(f"/password/{path}/")
    expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()


def test_the_page_of_a_new_password(visitor, maria):
    uid = urlsafe_base64_encode(force_bytes(maria.user_id))
    token = default_token_generator.make_token(maria.user)
    visitor.page.goto(reverse("password_reset_confirm", args=[uid, token]))
    expect(visitor.page.get_by_role("heading", name="Choose a new password")).to_be_visible()


def test_the_list_for_staff(visitor, maria, boss):
    visitor.sign_in(boss)
    visitor.page.goto(reverse("profile", args=[maria.pk]))
    expect(visitor.page.get_by_role("link", name="Extend MARIA-Z69-20")).to_be_visible()
    visitor.inspect("manage")


@pytest.mark.parametrize("task", list(Task))
def test_the_tasks_of_staff(visitor, maria, boss, task):
    visitor.sign_in(boss)
    name = "MARIA-R30-10" if task == Task.REACTIVATE else "MARIA-Z69-20"
    visitor.page.goto(reverse("profile", args=[maria.pk]))
    visitor.page.get_by_role("link", name=f"{task.label} {name}").click()
    expect(visitor.page.get_by_role("heading", name=name)).to_be_visible()
    visitor.inspect(f"manage-{task}")


def test_a_form_with_errors(visitor, maria, boss):
    visitor.sign_in(boss)
    page = visitor.page
    page.goto(f"/profile/{maria.pk}/codes/new/")
    page.get_by_label("Code").fill("maria-z69-20")
    page.get_by_label("Discount").fill("20")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The code MARIA-Z69-20 exists already.")).to_be_visible()
    visitor.inspect("manage-errors")
    page.get_by_label("Code").fill("maria-new-20")
    page.get_by_label("Time").fill("17:30")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Give the day too, such as 2026-12-31")).to_be_visible()


@pytest.mark.parametrize("who", ["maria", "boss"])
def test_the_history_of_a_code(visitor, maria, boss, who):
    code = ReferralCode.objects.get(code="MARIA-Z69-20")
    visitor.sign_in(boss)
    page = visitor.page
    page.goto(f"/profile/{maria.pk}/codes/{code.pk}/edit/")
    page.get_by_label("Discount").fill("25")
    page.get_by_role("button", name="Save").click()
    visitor.sign_in(User.objects.get(username=who))
    page.goto("/profile/" if who == "maria" else f"/profile/{maria.pk}/")
    page.get_by_role("link", name="History of MARIA-Z69-20").click()
    name = "The office" if who == "maria" else "boss"
    expect(page.get_by_role("row", name=name).first).to_contain_text("20 % → 25 %")
    visitor.inspect(f"history-{who}")
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("link", name="History of MARIA-Z69-20")).to_be_visible()


def test_a_form_that_another_has_changed_meanwhile(visitor, maria, boss):
    code = ReferralCode.objects.get(code="MARIA-Z69-20")
    visitor.sign_in(boss)
    page = visitor.page
    page.goto(f"/profile/{maria.pk}/codes/{code.pk}/edit/")
    page.get_by_label("Discount").fill("25")
    ReferralCode.objects.filter(pk=code.pk).update(discount=30, expires_at=None)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("You wrote 25 %.")).to_be_visible()
    expect(page.get_by_label("Discount")).to_have_value("25")
    expect(page.get_by_label("Last day")).to_have_value("")
    visitor.inspect("manage-meanwhile")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("MARIA-Z69-20 was saved and is active.")).to_be_visible()


def test_a_page_that_is_not_there(visitor, maria):
    visitor.sign_in(maria.user)
    visitor.page.goto("/nowhere/")
    expect(visitor.page.get_by_role("heading", name="There is no such page")).to_be_visible()
    visitor.inspect("not-found")


def test_a_page_that_is_forbidden(visitor, maria):
    visitor.sign_in(make_staff("anna", "view_referralcode"))
    visitor.page.goto(f"/profile/{maria.pk}/codes/new/")
    expect(visitor.page.get_by_role("heading", name="You may not do that")).to_be_visible()


def test_a_fault_of_ours(visitor, maria):
    visitor.sign_in(maria.user)
    with override_settings(ROOT_URLCONF="tests.test_profile_security"):
        visitor.page.goto("/broken/")
    expect(visitor.page.get_by_role("heading", name="Something broke on our side")).to_be_visible()
