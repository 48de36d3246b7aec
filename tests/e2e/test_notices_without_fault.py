"""The pages of notices and the mails themselves, in light, in the dark and at a phone of 360 px."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from main.models import PersonalChoice
from main.notices import sending, wishes
from main.notices.letters import unsubscribe_url
from main.notices.models import Notice, Preference, SwitchedOn
from tests.e2e.browser import expect
from tests.notices.conftest import make_older_code, make_reachable
from tests.staff import make_run

DAY = timedelta(days=1)


@pytest.fixture
def anna(live_server):
    """An agent with something of each kind to be told, and a wish that waits."""
    now = timezone.now()
    SwitchedOn.objects.create(pk=1, at=now - 60 * DAY)
    anna = make_reachable("Anna Berg")
    make_older_code("ANNAB-20", agent=anna, discount=20, expires_at=now + 6.5 * DAY)
    make_older_code("ANNAB-VIP-12", agent=anna, discount="12.50", expires_at=now + 0.9 * DAY)
    make_older_code("W" * 64, agent=anna, discount=15, expires_at=now - 0.5 * DAY)
    code = make_older_code("ANNAB-SPRING-10", agent=anna, discount=10, expires_at=now + 29 * DAY)
    wishes.ask(code, anna, "My customers come back in spring: may it go on until then?")
    return anna


@pytest.fixture
def boss(live_server):
    boss = User.objects.create_superuser("boss", email="boss@example.com")
    Preference.objects.create(user=boss, wants_summary=True)
    return boss


@pytest.mark.parametrize("to", ["anna@example.com", "boss@example.com", "ops@example.com"])
def test_the_mails(visitor, anna, boss, settings, mailoutbox, to):
    settings.ADMINS = [("", "ops@example.com")]
    make_run(timezone.now(), state="failed")
    sending.run()
    (mail,) = [mail for mail in mailoutbox if mail.to == [to]]
    visitor.page.set_content(mail.alternatives[0][0])
    visitor.inspect(f"mail-{to.split('@', maxsplit=1)[0]}")


def test_the_page_of_the_link(visitor, anna):
    preference = Preference.objects.create(user=anna.user)
    page = visitor.page
    page.goto(unsubscribe_url(preference, Notice.Kind.AGENT).removeprefix("http://127.0.0.1:8000"))
    expect(page.get_by_role("checkbox", name="7 days before")).to_be_checked()
    visitor.inspect("notices-by-link")
    page.get_by_role("button", name="Stop these mails").click()
    expect(page.get_by_role("status")).to_contain_text("You get no mails about your codes any more.")
    visitor.inspect("notices-stopped")
    page.get_by_role("button", name="Send them again").click()
    expect(page.get_by_role("button", name="Stop these mails")).to_be_visible()
    preference.refresh_from_db()
    assert preference.wants_mail


def test_mails_and_calendar(visitor, boss):
    visitor.sign_in(boss)
    page = visitor.page
    page.goto("/profile/")
    page.get_by_role("link", name="Mails and calendar").click()
    visitor.inspect("notices")
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("button", name="Make an address").click()
    expect(page.get_by_text("It is shown only now.")).to_be_visible()
    visitor.inspect("notices-calendar")
    page.get_by_role("link", name="Back").click()
    page.get_by_role("button", name="Revoke the address").click()
    expect(page.get_by_text("does not work any more")).to_be_visible()
    assert PersonalChoice.objects.get().zone == "Asia/Tokyo"


def test_asking_for_more_time(visitor, anna):
    visitor.sign_in(anna.user)
    page = visitor.page
    page.goto("/profile/")
    page.get_by_role("link", name="Ask for more time for ANNAB-20").click()
    visitor.inspect("wish")
    page.get_by_label("Why, and until when?").fill("Until Easter, please")
    page.get_by_role("button", name="Ask the office").click()
    expect(page.get_by_text("The office was asked for more time for ANNAB-20.")).to_be_visible()
    visitor.inspect("profile-with-wishes")
    page.get_by_role("link", name="Ask for more time for ANNAB-20").click()
    expect(page.get_by_text("You have asked already.")).to_be_visible()


@pytest.mark.parametrize(
    ("action", "button", "said"),
    [
        ("Yes, more time …", "Yes, give more time", "ANNAB-SPRING-10 was extended by"),
        ("No …", "No, and say so", "Declined: ANNAB-SPRING-10."),
    ],
)
def test_staff_answer(visitor, anna, boss, action, button, said):
    visitor.sign_in(boss)
    page = visitor.page
    page.goto("/admin/")
    visitor.inspect("admin-front-with-wishes")
    page.get_by_role("link", name="1 wish for more time waits for an answer.").click()
    visitor.inspect("admin-wishes")
    page.locator("input.action-select").first.check()
    page.get_by_label("Action:").select_option(label=action)
    page.get_by_role("button", name="Go").click()
    visitor.inspect(f"admin-wish-{button.split(',', maxsplit=1)[0].lower()}")
    if action == "No …":
        page.get_by_label("What should the agents be told?").fill("The offer is over.")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text(said)).to_be_visible()


def test_notices_in_the_admin(visitor, anna, boss):
    sending.run()
    Preference.objects.filter(user=anna.user).update(
        refused_address=anna.user.email, refusal="550 5.1.1 No such person", refused_at=timezone.now()
    )
    visitor.sign_in(boss)
    visitor.page.goto("/admin/notices/notice/")
    visitor.inspect("admin-notices")
    visitor.page.goto(f"/admin/notices/notice/{Notice.objects.get(kind='agent').pk}/change/")
    visitor.inspect("admin-notice")
    visitor.page.goto(f"/admin/main/userprofile/{anna.pk}/change/")
    expect(visitor.page.get_by_text("550 5.1.1 No such person")).to_be_visible()
    visitor.inspect("admin-agent-refused")
