"""A process whose clock is not the database server's refuses to sweep; a wrong clock would expire everything."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from main.checkout.checking import check_code
from main.checkout.models import ApiToken, Redemption
from main.checkout.promises import promise
from main.checkout.redeeming import redeem
from main.checkout.tokens import make_token
from main.codes.editing import Task, edit
from main.models import ExpirationRun, ReferralCode
from main.notices import sending
from main.sweep.databases import database_clock
from main.sweep.errors import SweepFailed, WrongClock
from main.sweep.run import sweep
from tests.conftest import make_agent
from tests.staff import make_staff

pytestmark = pytest.mark.django_db
SHELL = ExpirationRun.StartedBy.SHELL


@pytest.fixture(autouse=True)
def _as_in_production(settings):
    settings.EXPIRATION_CLOCK_TOLERANCE = 60


@pytest.fixture
def _on_postgresql():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite runs in the process itself, so the two clocks are one.")


@pytest.mark.usefixtures("_on_postgresql")
@pytest.mark.parametrize("error", [timedelta(seconds=61), -timedelta(seconds=61), timedelta(days=9000)])
def test_a_wrong_clock_expires_nothing_and_is_recorded(error):
    code = ReferralCode.objects.create(code="SOON-1", expires_at=timezone.now() + timedelta(seconds=30))
    now = timezone.now()
    with time_machine.travel(now + error, tick=False), pytest.raises(SweepFailed) as failure:
        sweep(SHELL)
    code.refresh_from_db()
    run = ExpirationRun.objects.get()
    assert (code.status, run.state, run.expired_count) == ("active", "failed", 0)
    assert str(failure.value.reason) == run.error
    # The row bears the server's time, so that the ledger stays in order.
    assert abs(run.started_at - now) < timedelta(seconds=30)


@pytest.mark.usefixtures("_on_postgresql")
def test_the_command_says_both_times_and_what_to_do():
    with time_machine.travel(datetime(2050, 1, 1, tzinfo=UTC), tick=False), pytest.raises(CommandError) as failure:
        call_command("expire_referral_codes")
    assert failure.value.returncode == 1
    assert re.fullmatch(
        r"Stopped early\. 0 codes were already expired and stay expired\. "
        r"The clock of this machine says 2050-01-01 00:00:00 UTC, the database server's "
        r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC: correct the wrong one, then try again\.",
        str(failure.value),
    )


@pytest.mark.usefixtures("_on_postgresql")
def test_a_wrong_clock_does_not_mark_living_runs_as_interrupted():
    now = timezone.now()
    ExpirationRun.objects.create(
        started_at=now, last_sign_of_life=now, cutoff=now, started_by=SHELL, host="elsewhere", pid=1
    )
    with time_machine.travel(now + timedelta(days=9000), tick=False), pytest.raises(SweepFailed):
        sweep(SHELL)
    assert ExpirationRun.objects.get(host="elsewhere").state == "running"


@pytest.mark.parametrize("error", [timedelta(0), timedelta(seconds=50), -timedelta(seconds=50)])
def test_a_clock_within_the_tolerance_sweeps(error):
    with time_machine.travel(timezone.now() + error, tick=False):
        assert sweep(SHELL).state == "completed"


def test_the_tolerance_is_a_setting(settings):
    settings.EXPIRATION_CLOCK_TOLERANCE = 10**9
    with time_machine.travel(timezone.now() + timedelta(days=9000), tick=False):
        assert sweep(SHELL).state == "completed"


def test_the_question_costs_one_query_where_there_is_a_server(django_assert_num_queries):
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 0):
        database_clock()


YEAR = timedelta(days=365)


@pytest.fixture
def in_60_days():
    return ReferralCode.objects.create(code="SIXTY", expires_at=timezone.now() + timedelta(days=60))


@pytest.mark.usefixtures("_on_postgresql")
def test_a_save_by_a_machine_a_year_ahead_expires_nothing(in_60_days, django_assert_num_queries):
    with time_machine.travel(timezone.now() + YEAR, tick=False):
        in_60_days.discount = 5
        with django_assert_num_queries(2):  # the save, and the UPDATE that asks the server's clock itself
            in_60_days.save()
    in_60_days.refresh_from_db()
    assert (in_60_days.status, in_60_days.expired_at) == ("active", None)


def test_a_save_by_a_machine_that_is_right_does(in_60_days):
    in_60_days.expires_at = timezone.now() - timedelta(days=1)
    in_60_days.save()
    assert in_60_days.status == "inactive"


@pytest.mark.usefixtures("_on_postgresql")
@pytest.mark.parametrize("error", [YEAR, -YEAR])
@pytest.mark.parametrize("task", [Task.EXTEND, Task.SWITCH_OFF, Task.REACTIVATE])
def test_no_edit_is_made_by_a_wrong_clock(in_60_days, task, error):
    before = list(ReferralCode.objects.values())
    with time_machine.travel(timezone.now() + error, tick=False), pytest.raises(WrongClock):
        edit(task, ReferralCode.objects.all(), days=30)
    assert list(ReferralCode.objects.values()) == before


@pytest.mark.usefixtures("_on_postgresql")
def test_the_page_says_that_nothing_was_changed_and_what_to_do(in_60_days, client):
    agent = make_agent("John Smith")
    ReferralCode.objects.update(agent=agent)
    staff = make_staff()
    with time_machine.travel(timezone.now() + YEAR, tick=False):
        client.force_login(staff, "django.contrib.auth.backends.ModelBackend")
        address = f"/profile/{agent.pk}/codes/{in_60_days.pk}/extend/"
        page = client.post(address, {"days": 30}, follow=True).content.decode()
    assert "Nothing was changed. The clock of this machine says " in page
    assert "correct the wrong one, then try again." in page


@pytest.mark.usefixtures("_on_postgresql")
def test_nothing_is_imported_by_a_wrong_clock(import_codes):
    until = timezone.now() + timedelta(days=60)
    with time_machine.travel(timezone.now() + YEAR, tick=False):
        result = import_codes(f"code,expires_at\nSOON-1,{until:%Y-%m-%d}\n")
    assert result.error.startswith("Nothing was imported. The clock of this machine says ")
    assert not ReferralCode.objects.exists()


@pytest.mark.usefixtures("_on_postgresql")
def test_no_notice_is_sent_by_a_wrong_clock(in_60_days, mailoutbox):
    agent = make_agent("John Smith", email="john@example.com")
    ReferralCode.objects.update(agent=agent)
    sending.run()  # the first one only switches them on
    with time_machine.travel(timezone.now() + YEAR, tick=False), pytest.raises(WrongClock):
        sending.run()
    assert mailoutbox == []


@pytest.mark.usefixtures("_on_postgresql")
@pytest.mark.parametrize("error", [timedelta(seconds=61), -timedelta(seconds=61), -timedelta(days=900)])
def test_a_wrong_clock_redeems_nothing_neither_a_code_nor_a_promise(error):
    now = timezone.now()
    with time_machine.travel(now + error, tick=False):
        ReferralCode.objects.create(code="JOHNS-20")
        promised = promise(check_code("JOHNS-20"))
        for asked in ("JOHNS-20", promised, "NO-SUCH-CODE"):
            with pytest.raises(WrongClock, match="correct the wrong one"):
                redeem(asked, order="A-1")
        assert not Redemption.objects.exists()
        # Whoever names the instant does not depend on this clock.
        assert redeem("JOHNS-20", order="A-1", now=now).redeemed_at == now


@pytest.mark.usefixtures("_on_postgresql")
def test_a_clock_within_the_tolerance_redeems():
    ReferralCode.objects.create(code="JOHNS-20")
    with time_machine.travel(timezone.now() - timedelta(seconds=50), tick=False):
        assert redeem("JOHNS-20", order="A-1").is_new


@pytest.mark.usefixtures("_on_postgresql")
def test_a_shop_is_told_that_the_clock_is_wrong(client):
    ReferralCode.objects.create(code="JOHNS-20")
    token = make_token(ApiToken(name="Web shop", may_redeem=True))
    client.raise_request_exception = False
    with time_machine.travel(timezone.now() - timedelta(hours=1), tick=False):
        answer = client.post(
            "/api/v1/redemptions", {"order": "A-1", "code": "JOHNS-20"}, "application/json",
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
    assert (answer.status_code, answer.json()) == (
        503,
        {
            "title": "Service Unavailable",
            "status": 503,
            "detail": "The clock of our server is wrong: tell us. Nothing was redeemed.",
        },
    )
