"""Extending, switching off and reactivating, and what is said of it."""

from datetime import UTC, datetime, timedelta

import pytest

from main.codes import editing
from main.models import ExpirationRun, ReferralCode
from tests.conftest import NOW, make_code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAY = timedelta(days=1)
State = ReferralCode.State


def make(code, expires_at=None, **fields):
    """A code that was last edited three months ago."""
    stored = make_code(code, expires_at=expires_at, **fields)
    ReferralCode.objects.filter(pk=stored.pk).update(updated_at=NOW - 90 * DAY)
    return stored


def all_codes():
    return ReferralCode.objects.all()


def test_extends_a_working_code_from_its_date():
    code = make("SOON-10", NOW + DAY)
    outcome = editing.extend(all_codes(), 7)
    code.refresh_from_db()
    assert code.expires_at == NOW + 8 * DAY
    assert code.updated_at == NOW
    assert outcome.sentences_done() == ["1 code extended by 7 days: SOON-10."]
    assert outcome.sentences_left() == []


@pytest.mark.parametrize("past", [timedelta(0), timedelta(microseconds=1), 30 * DAY])
def test_extends_an_overdue_code_from_now(past):
    code = make("LATE-10", NOW - past)
    editing.extend(all_codes(), 30)
    code.refresh_from_db()
    assert code.expires_at == NOW + 30 * DAY
    assert code.is_usable


def test_extending_reactivates_a_code_that_the_system_expired_and_the_run_keeps_it():
    run = ExpirationRun.objects.create(
        started_at=NOW, last_sign_of_life=NOW, cutoff=NOW, started_by="command", host="here", pid=1
    )
    code = make("GONE-10", NOW - DAY, status="inactive", expired_at=NOW - DAY, expired_by=run)
    outcome = editing.extend(all_codes(), 90)
    code.refresh_from_db()
    assert (code.status, code.expires_at, code.expired_at) == ("active", NOW + 90 * DAY, None)
    assert code.expired_by == run
    assert outcome.sentences_done() == ["1 code extended by 90 days and reactivated: GONE-10."]


def test_extending_leaves_what_it_must_not_touch_and_says_which():
    off = make("OFF-10", NOW + DAY, status="inactive")
    make("EVER-10")
    make("LAST-10", datetime(9998, 12, 29, tzinfo=UTC))
    outcome = editing.extend(all_codes(), 7)
    assert outcome.sentences_done() == []
    assert outcome.sentences_left() == [
        "1 code left as it was, switched off by a person (reactivate first): OFF-10.",
        "1 code left as it was, without a date to extend: EVER-10.",
        "1 code left as it was, already ending as late as a date can be: LAST-10.",
    ]
    off.refresh_from_db()
    assert (off.expires_at, off.updated_at) == (NOW + DAY, NOW - 90 * DAY)


def test_switches_off_active_codes_and_no_others():
    code = make("ON-10", NOW + DAY)
    make("OFF-10", status="inactive")
    make("OFF-20", status="inactive")
    outcome = editing.switch_off(all_codes())
    code.refresh_from_db()
    assert code.state() == State.SWITCHED_OFF
    assert (code.expired_at, code.updated_at) == (None, NOW)
    assert outcome.sentences_done() == ["1 code switched off: ON-10."]
    assert outcome.sentences_left() == ["2 codes left as they were, already inactive: OFF-10, OFF-20."]


def test_reactivates_what_is_not_past_its_date():
    make("BACK-10", NOW + timedelta(microseconds=1), status="inactive")
    make("BACK-20", status="inactive")
    past = make("PAST-10", NOW, status="inactive", expired_at=NOW)
    make("ON-10")
    outcome = editing.reactivate(all_codes())
    assert outcome.sentences_done() == ["2 codes reactivated: BACK-10, BACK-20."]
    assert outcome.sentences_left() == [
        "1 code left as it was, past the date (give it a later one first): PAST-10.",
        "1 code left as it was, already active: ON-10.",
    ]
    past.refresh_from_db()
    assert past.status == "inactive"


def test_edits_the_chosen_codes_alone():
    chosen = make("MINE-10", NOW + DAY)
    other = make("OTHER-10", NOW + DAY)
    editing.extend(ReferralCode.objects.filter(pk=chosen.pk), 7)
    other.refresh_from_db()
    assert other.expires_at == NOW + DAY


def test_names_ten_codes_and_counts_the_rest():
    for number in range(12):
        make(f"N-{number:02}")
    assert editing.switch_off(all_codes()).sentences_done() == [
        "12 codes switched off: N-00, N-01, N-02, N-03, N-04, N-05, N-06, N-07, N-08, N-09 and 2 more."
    ]
