"""`manage.py demo`: a newcomer's first command. It can be repeated, and touches nobody else's data."""

import re
from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError

from main.models import ExpirationRun, ReferralCode, UserProfile
from main.sweep.run import sweep
from tests.conftest import NOW, make_agent, make_code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture(autouse=True)
def development(settings):
    settings.DEBUG = True


@pytest.fixture
def demo(run_command):
    return lambda: run_command("demo")


def states():
    return Counter(code.state() for code in ReferralCode.objects.select_related("agent__user"))


def snapshot():
    """Everything of the codes that does not depend on how often the demo ran."""
    fields = ["code", "agent__name", "discount", "expires_at", "status", "expired_at", "created_at", "updated_at"]
    return list(ReferralCode.objects.order_by("code").values_list(*fields))


def test_it_shows_the_dry_run_and_the_run_and_says_what_to_do_next(demo):
    lines = demo().splitlines()
    assert lines[0] == "Loaded 299 referral codes: codes of agents and house codes."
    dry_run, run = (number for number, line in enumerate(lines) if line.startswith("$ "))
    assert lines[dry_run].endswith("manage.py expire_referral_codes --dry-run")
    assert lines[dry_run + 1 : dry_run + 5] == [
        "[DRY RUN] Would expire 11 referral code(s):",
        "  - JOHNS-20 (Agent: John Smith), Expired: 2026-11-20 06:00 UTC",
        "  - MARIA-15 (Agent: Maria Garcia), Expired: 2026-11-20 07:00 UTC",
        "  - ALEX-10 (Agent: Alex Johnson), Expired: 2026-11-20 08:00 UTC",
    ]
    assert lines[run].endswith("manage.py expire_referral_codes")
    assert lines[run + 1 : run + 5] == [
        "Successfully expired 11 referral code(s).",
        "  - JOHNS-20 (Agent: John Smith)",
        "  - MARIA-15 (Agent: Maria Garcia)",
        "  - ALEX-10 (Agent: Alex Johnson)",
    ]
    assert lines[run + 12] == "  - ANAH-WINTER15 (Agent: Ana Horvat)"
    assert "Now start the server, with Ctrl-C to stop it:" in lines
    assert any(line.endswith("manage.py runserver") for line in lines)
    assert len(lines) < 80


@pytest.mark.parametrize("hour", [0, 1, 3, 22, 23])
def test_the_same_codes_are_overdue_at_any_hour_of_the_day(demo, clock, hour):
    clock.move_to(NOW.replace(hour=hour, minute=30))
    lines = demo().splitlines()
    assert "[DRY RUN] Would expire 11 referral code(s):" in lines
    assert not any("on save" in line for line in lines)
    last_night, this_run = ExpirationRun.objects.order_by("id").values_list("cutoff", flat=True)[29:]
    assert timedelta(hours=21) <= this_run - last_night < timedelta(hours=46)


def test_the_printed_users_can_sign_in_and_no_other_can(demo):
    users = dict(re.findall(r"user (\S+)  password (\S+)", demo()))
    assert set(users) == {"staff", "john.smith"}
    staff, john = (User.objects.get(username=name) for name in users)
    assert staff.check_password(users["staff"])
    assert staff.is_superuser
    assert john.check_password(users["john.smith"])
    assert UserProfile.objects.get(user=john).name == "John Smith"
    others = User.objects.exclude(username__in=users)
    assert others.exists()
    assert not any(user.has_usable_password() for user in others)


def test_each_run_has_a_password_of_its_own(demo):
    assert len({re.findall(r"password (\S+)", demo())[0] for _ in range(3)}) == 3


def test_there_are_codes_in_every_state_and_a_ledger_of_thirty_nights_and_the_run(demo):
    demo()
    assert set(states()) == set(ReferralCode.State) - {ReferralCode.State.OVERDUE}
    assert min(states().values()) >= 10
    assert ReferralCode.objects.filter(expires_at=None).exists()
    assert ReferralCode.objects.filter(agent=None).count() == 40
    assert not ReferralCode.objects.filter(created_at__gte=NOW).exists()
    runs = ExpirationRun.objects.order_by("id")
    assert [run.expired_count for run in runs] == [run.codes.count() for run in runs]
    assert (len(runs), runs.last().expired_count) == (31, 11)
    assert set(runs.values_list("state", flat=True)) == {"completed"}


def test_a_second_run_puts_everything_back(demo):
    demo()
    before = snapshot()
    john = UserProfile.objects.get(name="John Smith")
    make_code("TRIED-OUT", agent=john, expires_at=NOW)
    sweep(ExpirationRun.StartedBy.SHELL)
    ReferralCode.objects.with_code("JOHNS-20").delete()
    ReferralCode.objects.filter(agent=None).update(discount=1)
    demo()
    assert snapshot() == before
    assert ExpirationRun.objects.count() == 31
    assert User.objects.count() == 17


def test_it_leaves_users_of_somebody_else_alone(demo):
    User.objects.create_user("carla")
    demo()
    demo()
    assert User.objects.filter(username="carla").exists()


def code_of_the_house():
    make_code("SPRING-10")


def code_of_an_agent():
    make_code("SPRING-10", agent=make_agent("Ana"))


def user_of_a_name_that_the_demo_needs():
    User.objects.create_user("staff")


def ledger():
    make_code("GONE", expires_at=NOW)
    sweep(ExpirationRun.StartedBy.COMMAND)
    ReferralCode.objects.all().delete()


@pytest.mark.parametrize(
    ("prepare", "found"),
    [
        (code_of_the_house, "1 referral code(s) that the demo did not make: SPRING-10."),
        (code_of_an_agent, "1 referral code(s) that the demo did not make: SPRING-10."),
        (user_of_a_name_that_the_demo_needs, "1 user(s) that the demo did not make: staff."),
        (ledger, "1 expiration run(s) that the demo did not make: 2026-11-21 02:00:00+00:00."),
    ],
)
def test_a_database_that_holds_something_else_is_refused(demo, prepare, found):
    prepare()
    before = (User.objects.count(), ReferralCode.objects.count(), ExpirationRun.objects.count())
    with pytest.raises(CommandError) as refused:
        demo()
    assert str(refused.value) == (
        f"The database holds {found} "
        "Set DATABASE_URL to another database, such as sqlite:///demo.sqlite3, or delete them."
    )
    assert (User.objects.count(), ReferralCode.objects.count(), ExpirationRun.objects.count()) == before


def test_after_a_demo_too_a_code_that_is_not_of_it_is_refused(demo):
    demo()
    make_code("REAL-1")
    with pytest.raises(CommandError, match=r"1 referral code\(s\) that the demo did not make: REAL-1"):
        demo()
    assert ReferralCode.objects.count() == 300


def test_without_debug_it_is_refused(demo, settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="it runs only where DEBUG is on"):
        demo()
    assert not ReferralCode.objects.exists()
