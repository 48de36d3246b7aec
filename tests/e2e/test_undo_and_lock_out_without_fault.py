"""The undo of a run, asked and done, and the page of one who tried too many passwords: in each look."""

from datetime import timedelta

import pytest
from django.utils import timezone

from main.models import ExpirationRun, ReferralCode
from main.sweep.run import sweep
from tests.conftest import make_agent, make_code
from tests.e2e.browser import expect
from tests.staff import make_staff


@pytest.mark.django_db(transaction=True)
def test_a_run_is_undone(visitor):
    past = timezone.now() - timedelta(days=1)
    maria = make_agent("Maria Garcia")
    for number in range(3):
        make_code(f"MARIA-{number}", agent=maria, expires_at=past - timedelta(hours=number))
    run = sweep(ExpirationRun.StartedBy.COMMAND)
    ReferralCode.objects.get(code="MARIA-2").save()

    visitor.sign_in(make_staff())
    page = visitor.page
    page.goto(f"/admin/main/expirationrun/{run.pk}/change/")
    visitor.inspect()
    page.get_by_role("link", name="Undo this run…").click()
    expect(page.get_by_text("2 codes that this run expired")).to_be_visible()
    visitor.inspect("admin-undo")
    page.get_by_role("button", name=f"Yes, undo run {run.pk}").click()
    expect(page.get_by_text(f"2 codes of run {run.pk} were put back.")).to_be_visible()
    visitor.inspect()


@pytest.mark.django_db(transaction=True)
def test_too_many_wrong_passwords(visitor):
    page = visitor.page
    page.goto("/sign-in/")
    for _ in range(10):
        page.get_by_label("Username").fill("maria")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Too many attempts")).to_be_visible()
    visitor.inspect("locked-out")
