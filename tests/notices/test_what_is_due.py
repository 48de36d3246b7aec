"""What an agent is told, at each boundary, each "is" with its "is not"."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from main.codes.editing import extend, reactivate, switch_off
from main.codes.telling import record
from main.models import ExpirationRun, PersonalChoice, ReferralCode
from main.notices import sending
from main.notices.models import Notice, Preference, SwitchedOn, Told
from main.sweep.chosen import expire_now
from main.sweep.run import sweep
from main.sweep.undo import undo
from tests.conftest import INSTANT, NOW, make_agent, make_code
from tests.notices.conftest import make_older_code, make_reachable
from tests.staff import make_staff

DAY = timedelta(days=1)
QUERIES = 40  # at most, of one run with something to send
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)  # NOW is two hours later

pytestmark = pytest.mark.usefixtures("clock", "switched_on")


def told(kind=None):
    """What the latest run said, as "kind code"."""
    lines = Told.objects.select_related("code").order_by("id")
    return [f"{line.kind} {line.code}" for line in lines]


def code_of(agent, code, expires_at, **fields):
    return make_older_code(code, agent=agent, expires_at=expires_at, **fields)


@pytest.mark.parametrize("days", [30, 7, 1])
def test_a_code_is_told_on_the_day_that_is_so_many_days_before_its_last(anna, days, clock):
    last_day_ends = MIDNIGHT + (days + 1) * DAY
    code_of(anna, "TOLD", last_day_ends)
    code_of(anna, "LATER", last_day_ends + INSTANT)
    Told.objects.all().delete()
    SwitchedOn.objects.update(at=NOW - DAY)
    sending.run()
    assert told() == ["stopping TOLD"]


def test_each_of_the_days_is_told_once(anna, clock):
    code_of(anna, "CODE", MIDNIGHT + 41 * DAY)
    got = []
    for day in range(45):
        clock.move_to(NOW + day * DAY)
        if sending.run().sent:
            got.append((day, told()[-1]))
    assert got == [(10, "stopping CODE"), (33, "stopping CODE"), (39, "stopping CODE"), (41, "ended CODE")]


def test_missed_days_are_made_up_in_one_mail(anna, clock):
    code_of(anna, "CODE", MIDNIGHT + 41 * DAY)
    code_of(anna, "OTHER", MIDNIGHT + 20 * DAY)
    clock.move_to(NOW + 34 * DAY)
    sending.run()
    assert told() == ["stopping CODE", "ended OTHER"]
    assert Notice.objects.count() == 1


def test_the_first_run_sends_nothing_and_what_was_near_or_past_then_is_not_told_later(anna, clock, send):
    SwitchedOn.objects.all().delete()
    code_of(anna, "LONG-PAST", NOW - 100 * DAY)
    code_of(anna, "IN-TWENTY-DAYS", MIDNIGHT + 21 * DAY)
    assert send(dry_run=True) == (
        "[DRY RUN] Would send nothing: the first run only notes since when notices are sent.\n"
    )
    assert send() == "Notices are sent from now on. Codes that have ended until now are not told.\n"
    clock.move_to(NOW + DAY)
    assert send() == "Sent 0 notice(s).\n"
    clock.move_to(NOW + 13 * DAY)
    assert send() == "Sent 1 notice(s).\n"
    assert told() == ["stopping IN-TWENTY-DAYS"]


def test_a_code_made_with_little_time_is_warned_of_by_the_days_that_are_left(anna, clock):
    make_code("NEW", agent=anna, expires_at=MIDNIGHT + 6 * DAY)
    assert sending.run().sent == 0
    clock.move_to(NOW + 4 * DAY)
    sending.run()
    assert told() == ["stopping NEW"]


def test_a_code_whose_end_comes_closer_by_an_edit_is_told(anna):
    code = code_of(anna, "CODE", MIDNIGHT + 200 * DAY)
    code.expires_at = MIDNIGHT + 5 * DAY
    code.save()
    sending.run()
    assert told() == ["stopping CODE"]


@pytest.mark.parametrize(
    ("zone", "is_due"), [("UTC", False), ("Pacific/Auckland", True)], ids=["still tomorrow", "already today"]
)
def test_days_are_those_of_the_persons_zone(anna, zone, is_due, clock):
    """At 11:30 UTC it is half past midnight in Auckland: there the last day is one day nearer."""
    PersonalChoice.objects.create(user=anna.user, zone=zone)
    clock.move_to(datetime(2026, 11, 21, 11, 30, tzinfo=UTC))
    code_of(anna, "CODE", datetime(2026, 11, 29, 10, 0, tzinfo=UTC))
    SwitchedOn.objects.update(at=datetime(2026, 11, 21, 10, 30, tzinfo=UTC))
    assert sending.run().sent == is_due


def test_a_zone_that_no_longer_exists_counts_as_the_projects(anna):
    PersonalChoice.objects.create(user=anna.user, zone="Nowhere/Atlantis")
    code_of(anna, "CODE", MIDNIGHT + 3 * DAY)
    assert sending.run().sent == 1


@pytest.mark.parametrize(("days", "expected"), [([14], 1), ([3], 0), ([], 0), (None, 0)])
def test_ones_own_days_count(anna, days, expected):
    Preference.objects.create(user=anna.user, days=days)
    code_of(anna, "CODE", MIDNIGHT + 13 * DAY)
    SwitchedOn.objects.update(at=NOW - 5 * DAY)
    assert sending.run().sent == expected


def test_a_code_past_its_date_is_told_as_ended_once_whether_a_sweep_came_or_not(anna, clock):
    code_of(anna, "CODE", NOW)
    sending.run()
    assert told() == ["ended CODE"]
    sweep(ExpirationRun.StartedBy.COMMAND)
    clock.move_to(NOW + 2 * DAY)
    assert sending.run().sent == 0


def test_a_code_that_ends_in_the_next_instant_is_not_told_as_ended(anna):
    code_of(anna, "CODE", NOW + INSTANT)
    sending.run()
    assert told() == ["stopping CODE"]


def test_why_a_code_ended_is_said(anna, mailoutbox):
    code_of(anna, "BY-DATE", NOW - DAY)
    code_of(anna, "BY-STAFF", NOW + 100 * DAY)
    code_of(anna, "OFF", NOW + 100 * DAY)
    sweep(ExpirationRun.StartedBy.COMMAND)
    expire_now(ReferralCode.objects.filter(code="BY-STAFF"))
    switch_off(ReferralCode.objects.filter(code="OFF"))
    sending.run()
    text = mailoutbox[0].body
    assert "* BY-DATE, 0 % off, used 0 times\n  It reached its date. Its date: 20 Nov 2026, 02:00 UTC." in text
    assert "* BY-STAFF, 0 % off, used 0 times\n  The office ended it. Its date: 21 Nov 2026, 02:00 UTC." in text
    assert "* OFF, 0 % off, used 0 times\n  The office switched it off." in text


@pytest.mark.parametrize("fields", [{"status": "inactive"}, {"status": "inactive", "expired_at": NOW}])
def test_a_code_that_came_into_the_world_ended_is_not_told(anna, fields):
    make_code("IMPORTED", agent=anna, expires_at=NOW - DAY, **fields)
    make_code("IMPORTED-OFF", agent=anna, expires_at=NOW + 99 * DAY, status="inactive")
    assert sending.run().sent == 0


def test_a_date_that_is_set_to_the_past_is_told_as_ended(anna):
    code = code_of(anna, "CODE", NOW + 99 * DAY)
    code.expires_at = NOW - 300 * DAY
    code.save()
    sending.run()
    assert told() == ["ended CODE"]


def test_what_was_switched_off_before_notices_were_and_reaches_its_date_now_is_not_told(anna, switched_on):
    code_of(anna, "CODE", NOW - DAY, status="inactive")
    assert sending.run().sent == 0


def test_an_edit_of_a_code_that_was_switched_off_before_notices_were_is_not_told_as_its_end(anna, clock, rf):
    request = rf.get("/")
    request.user = make_staff()
    for name, days in (("BEFORE", -70), ("SINCE", -5)):
        code_of(anna, name, NOW + 99 * DAY)
        with time_machine.travel(NOW + days * DAY, tick=False):
            record(request, switch_off(ReferralCode.objects.filter(code=name)).done)
    for code in ReferralCode.objects.all():
        code.discount = 12
        code.save()
    sending.run()
    assert told() == ["ended SINCE"]


def test_an_undo_takes_back_what_a_mail_had_said_and_only_that(anna, clock, mailoutbox):
    make = [code_of(anna, name, NOW + 3 * DAY) for name in ("CODE", "NEVER-TOLD")]
    with time_machine.travel(NOW + 5 * DAY, tick=False):  # a clock that was wrong
        run = sweep(ExpirationRun.StartedBy.COMMAND)
    Told.objects.create(
        notice=Notice.objects.create(
            user=anna.user, kind="agent", day=NOW.date() - DAY, message_id="<1@x>", state="sent", made_at=NOW - DAY
        ),
        code=make[0], kind="ended", told_at=NOW - DAY, ends_at=make[0].expires_at,
    )  # fmt: skip
    undo(run, ExpirationRun.StartedBy.COMMAND)
    sending.run()
    assert told()[1:] == ["stopping NEVER-TOLD", "restored CODE"]
    assert (
        "* CODE, 0 % off, used 0 times\n  It had been ended by mistake. It works until: 24 Nov 2026, 02:00 UTC."
        in (mailoutbox[0].body)
    )


def test_an_ended_code_that_is_extended_is_told_to_work_again_and_then_warned_of_its_new_end(anna, clock, mailoutbox):
    code_of(anna, "CODE", NOW - DAY)
    sending.run()
    extend(ReferralCode.objects.all(), 20)
    clock.move_to(NOW + DAY)
    sending.run()
    clock.move_to(NOW + 13 * DAY)
    sending.run()
    assert told() == ["ended CODE", "restored CODE", "stopping CODE"]
    assert "The office gave it more time. It works until: 11 Dec 2026, 02:00 UTC." in mailoutbox[1].body


def test_ended_and_back_between_two_mails_is_nothing_to_tell(anna):
    code_of(anna, "CODE", NOW + 99 * DAY)
    switch_off(ReferralCode.objects.all())
    reactivate(ReferralCode.objects.all())
    assert sending.run().sent == 0


def test_nobody_gets_two_mails_on_one_day_of_the_own_zone(anna, clock):
    PersonalChoice.objects.create(user=anna.user, zone="America/New_York")
    code_of(anna, "CODE", NOW - DAY)
    assert sending.run().sent == 1
    code_of(anna, "OTHER", NOW - DAY)
    clock.move_to(datetime(2026, 11, 21, 4, 59, tzinfo=UTC))  # 23:59 on the 20th in New York
    assert sending.run().sent == 0
    clock.move_to(datetime(2026, 11, 21, 5, 0, tzinfo=UTC))
    assert sending.run().sent == 1


def test_who_gets_nothing(anna, db):
    for name, user in (
        ("Bea Off", {"is_active": False}), ("Cid Addressless", {"email": ""}), ("Dan Unwilling", {}),
    ):  # fmt: skip
        code_of(make_reachable(name, **user), name.upper().replace(" ", "-"), NOW - DAY)
    Preference.objects.create(user_id=ReferralCode.objects.get(code="DAN-UNWILLING").agent.user_id, wants_mail=False)
    code_of(None, "HOUSE", NOW - DAY)
    make_agent("Eve Codeless", email="eve@example.com")
    assert sending.run().sent == 0
    code_of(anna, "CODE", NOW - DAY)
    assert sending.run().sent == 1


def test_a_waiting_notice_of_a_person_who_wants_none_now_is_closed(anna):
    code_of(anna, "CODE", NOW - DAY)
    Notice.objects.create(
        user=anna.user, kind="agent", day=NOW.date(), message_id="<1@x>", state="waiting", made_at=NOW
    )
    Preference.objects.create(user=anna.user, wants_mail=False)
    sending.run()
    assert Notice.objects.get().state == "lapsed"


def test_many_codes_are_counted_and_the_first_are_listed(anna, mailoutbox):
    for number in range(53):
        code_of(anna, f"CODE-{number}", NOW - DAY)
    sending.run()
    assert mailoutbox[0].subject == "53 of your codes have ended"
    assert mailoutbox[0].body.count("% off") == 50
    assert "… and 3 more: see your page." in mailoutbox[0].body
    assert Told.objects.count() == 53


def test_the_number_of_queries_does_not_grow_with_the_codes(anna, django_assert_max_num_queries, mailoutbox):
    code_of(make_reachable("Cid Silent"), "FAR", NOW + 300 * DAY)
    for number in range(3):
        code_of(anna, f"A-{number}", NOW + 3 * DAY)
    with django_assert_max_num_queries(QUERIES) as few:
        sending.run()
    other = make_reachable("Bea Berg")
    for number in range(40):
        code_of(other, f"B-{number}", NOW + 3 * DAY)
    with django_assert_max_num_queries(QUERIES) as many:
        sending.run()
    assert len(many) == len(few)
    assert len(mailoutbox) == 2
