"""Every page of the admin, in light, in the dark and at a phone of 360 px."""

from datetime import timedelta

import pytest
from django.utils import timezone

from main.models import ExpirationRun, ReferralCode
from tests.conftest import make_agent, make_code
from tests.e2e.browser import expect
from tests.staff import make_run, make_staff

DAY = timedelta(days=1)
LIST = "/admin/main/referralcode/"


@pytest.fixture
def staff(visitor):
    """Signed in, and there are codes in every state, three runs, and a name longer than any column."""
    visitor.sign_in(make_staff())
    now = timezone.now()
    runs = [make_run(now - days * DAY, expired_count=6) for days in (3, 2, 1)]
    runs[0].state, runs[0].error = "failed", "OperationalError: the connection was lost"
    runs[0].save()
    agents = [
        make_agent("Maria Garcia"), make_agent("John Smith"), make_agent("Petros Müller", is_active=False),
        make_agent("Wolfeschlegelsteinhausenbergerdorff von und zu Hohenstein-Oberberg the Third of that Name"), None,
    ]  # fmt: skip
    for number in range(60):
        ends = now + (number - 24) * DAY
        agent = agents[number % 5]
        name = agent.name.split()[0][:10].upper() if agent else "HOUSE"
        fields = {"agent": agent, "discount": 5 * (number % 5), "expires_at": ends if number % 7 else None}
        if number % 7 and ends < now and number % 4:
            fields |= {"status": "inactive", "expired_at": now, "expired_by": runs[number % 3]}
        elif number % 11 == 0:
            fields["status"] = "inactive"
        make_code(f"{name}-{number}", **fields)
    return visitor


@pytest.mark.django_db(transaction=True)
def test_sign_in(visitor):
    visitor.page.goto("/admin/login/")
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.inspect("admin-sign-in")


def test_front_page(staff):
    staff.page.goto("/admin/")
    expect(staff.page.get_by_role("group", name="Codes reaching their date, by week")).to_be_visible()
    staff.inspect("admin-front")
    staff.page.get_by_text("As a table").first.click()
    expect(staff.page.get_by_role("table", name="Codes reaching their date, by week")).to_be_visible()


def test_list_of_codes(staff):
    staff.page.goto(LIST)
    expect(staff.page.locator("#result_list tbody tr").first).to_contain_text("Overdue")
    staff.inspect("admin-list")


def test_a_list_without_codes_says_what_to_do(staff):
    staff.page.goto(f"{LIST}?q=nobody")
    expect(staff.page.get_by_text("No codes match.")).to_be_visible()
    staff.inspect()
    ReferralCode.objects.all().delete()
    staff.page.goto(LIST)
    expect(staff.page.get_by_role("link", name="Add the first one")).to_be_visible()


def test_form_of_a_code_with_errors_and_a_warning(staff):
    page = staff.page
    page.goto(f"{LIST}add/")
    page.get_by_label("Discount").fill("120")
    page.get_by_label("Expiry date").fill("01/02/2026")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Ensure this value is less than or equal to 100.")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text(
        "The date has passed (end of 1 Feb 2026 UTC): a save marks the code inactive, and it does not work."
    )
    staff.inspect("admin-form-errors")


def test_form_of_an_expired_code(staff):
    code = ReferralCode.objects.filter(expired_by__isnull=False).first()
    staff.page.goto(f"{LIST}{code.pk}/change/")
    expect(staff.page.get_by_role("link", name="run of")).to_be_visible()
    staff.inspect("admin-code")


def test_confirmation_of_expire_now(staff):
    page = staff.page
    page.goto(LIST)
    for row in (0, 1, 2):
        page.locator("input.action-select").nth(row).check()
    page.get_by_role("combobox", name="Action").select_option("Expire now")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("button", name="Yes, change 3 codes")).to_be_visible()
    staff.inspect("admin-expire-now")


@pytest.mark.parametrize("model", ["expirationrun", "userprofile"])
def test_other_lists_and_their_objects(staff, model):
    staff.page.goto(f"/admin/main/{model}/")
    staff.inspect(f"admin-{model}s")
    staff.page.locator("#result_list tbody th a").first.click()
    staff.inspect(f"admin-{model}")


def test_a_new_agent_in_one_form(staff):
    page = staff.page
    page.goto("/admin/main/userprofile/add/")
    page.get_by_label("Name:", exact=True).fill("New Nora")
    page.get_by_label("User name").fill("maria")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("An invitation needs an address.")).to_be_visible()
    staff.inspect("admin-new-agent")
    page.get_by_label("User name").fill("nora")
    page.get_by_label("E-mail address").fill("nora@example.com")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("The invitation of New Nora was mailed to nora@example.com.")).to_be_visible()
    expect(page.get_by_role("button", name="Send an invitation")).to_be_visible()
    staff.inspect("admin-agent")


def test_an_agent_is_switched_off_from_the_list_in_two_clicks(staff):
    page = staff.page
    page.goto("/admin/main/userprofile/")
    page.get_by_role("link", name="Switch off Maria Garcia").click()
    expect(page.get_by_text("stop working at once.")).to_be_visible()
    staff.inspect("admin-switch-off")
    page.get_by_role("button", name="Yes, switch Maria Garcia off").click()
    expect(page.get_by_text("Maria Garcia is switched off.")).to_be_visible()


@pytest.mark.parametrize("address", ["user/", "user/add/", "user/{}/change/", "user/{}/password/", "group/add/"])
def test_djangos_own_pages_of_accounts(staff, address):
    maria = ReferralCode.objects.filter(agent__name="Maria Garcia").first().agent
    staff.page.goto(f"/admin/auth/{address.format(maria.user_id)}")
    staff.inspect(f"admin-{address.replace('/', '-').replace('{}-', '')}account")


def test_a_person_with_codes_is_kept(staff):
    maria = ReferralCode.objects.filter(agent__name="Maria Garcia").first().agent
    staff.page.goto(f"/admin/main/userprofile/{maria.pk}/delete/")
    expect(staff.page.get_by_text("Maria Garcia has 12 codes")).to_be_visible()
    staff.inspect()


def test_deletion_of_a_code(staff):
    code = ReferralCode.objects.first()
    staff.page.goto(f"{LIST}{code.pk}/delete/")
    staff.inspect()


def test_history_of_a_code(staff):
    code = ReferralCode.objects.filter(agent__name="Maria Garcia", expired_by__isnull=False).first()
    page = staff.page
    page.goto(f"{LIST}{code.pk}/change/")
    page.get_by_label("Discount").fill("35")
    page.get_by_label("Expiry date").fill(f"{timezone.localdate() + 90 * DAY:%d/%m/%Y}")
    page.get_by_label("Expiry time").fill("")
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("row", name="Edited.")).to_contain_text("→ 35 %")
    expect(page.get_by_role("link", name=f"Run {code.expired_by_id}")).to_be_visible()
    staff.inspect("admin-history")


def test_a_form_that_another_has_changed_meanwhile(staff):
    code = ReferralCode.objects.filter(agent__name="Maria Garcia").first()
    page = staff.page
    page.goto(f"{LIST}{code.pk}/change/")
    page.get_by_label("Discount").fill("35")
    ReferralCode.objects.filter(pk=code.pk).update(discount=25, agent=None)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("You wrote 35 %.")).to_be_visible()
    expect(page.get_by_label("Discount")).to_have_value("35")
    expect(page.get_by_role("combobox", name="Agent")).not_to_contain_text("Maria")
    staff.inspect("admin-form-meanwhile")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    code.refresh_from_db()
    assert (code.discount, code.agent) == (35, None)


def test_the_list_of_a_run_whose_codes_another_run_has_taken(staff):
    run, later = ExpirationRun.objects.order_by("pk")[:2]
    some = ReferralCode.objects.filter(pk__in=run.codes.values("pk")[:2])
    some.update(expired_by=later)
    staff.page.goto(f"/admin/main/expirationrun/{run.pk}/change/")
    expect(staff.page.get_by_role("link", name=f"expired again by run {later.pk}").first).to_be_visible()
    staff.inspect("admin-run-kept")
