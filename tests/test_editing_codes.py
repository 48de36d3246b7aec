"""What can be done to a code in each of its states, and the doing: extend, switch off, reactivate, delete."""

from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product

import pytest

from main.codes import editing
from main.codes.editing import Before, Done, Edit, Refusal, Task
from main.models import ExpirationRun, ReferralCode
from main.sweep.run import sweep
from tests.conftest import INSTANT, NOW, make_agent, make_code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAY = timedelta(days=1)
State = ReferralCode.State


def make(code, expires_at=None, **fields):
    """A code that was last edited three months ago."""
    stored = make_code(code, expires_at=expires_at, **fields)
    ReferralCode.objects.filter(pk=stored.pk).update(updated_at=NOW - 90 * DAY)
    return stored


def make_run():
    return ExpirationRun.objects.create(
        started_at=NOW, last_sign_of_life=NOW, cutoff=NOW, started_by="command", host="here", pid=1
    )


def all_codes():
    return ReferralCode.objects.all()


def brief(edits):
    return [(edit.code.code, edit.what) for edit in edits]


@pytest.mark.parametrize(
    ("fields", "state", "tasks"),
    [
        ({}, State.ACTIVE, ["edit", "switch-off", "delete"]),
        ({"expires_at": NOW + INSTANT}, State.ENDS_SOON, ["edit", "extend", "switch-off", "delete"]),
        ({"expires_at": NOW}, State.OVERDUE, ["edit", "extend", "switch-off", "delete"]),
        ({"expires_at": NOW, "expired_at": NOW, "status": "inactive"}, State.EXPIRED, ["edit", "extend", "delete"]),
        # A person switched it off before its date; or another system did not say who ended it.
        ({"expires_at": NOW, "status": "inactive"}, State.EXPIRED, ["edit", "extend", "delete"]),
        ({"expires_at": NOW + INSTANT, "status": "inactive"}, State.SWITCHED_OFF, ["edit", "reactivate", "delete"]),
        ({"status": "inactive"}, State.SWITCHED_OFF, ["edit", "reactivate", "delete"]),
    ],
)
def test_what_can_be_done_in_each_state(fields, state, tasks):
    code = make_code("ANY-10", **fields)
    assert (code.state(NOW), editing.possible(code, NOW)) == (state, tasks)


def test_a_code_that_a_run_expired_is_never_deleted():
    for fields in ({"status": "inactive"}, {"status": "active", "expired_at": None}):
        code = make_code(f"RUN-{fields['status']}", expired_by=make_run(), **fields)
        assert Task.DELETE not in editing.possible(code, NOW)


@pytest.mark.parametrize(
    ("expires_at", "expired_at", "agent_can_sign_in"),
    list(product([None, NOW - DAY, NOW, NOW + INSTANT, NOW + DAY], [None, NOW - DAY], [True, False])),
)
def test_no_state_is_without_a_way_on(expires_at, expired_at, agent_can_sign_in):
    agent = make_agent("Maria Garcia", is_active=agent_can_sign_in)
    code = make("DEAD-10", expires_at, status="inactive", expired_at=expired_at, agent=agent)
    ways = [task for task in editing.possible(code, NOW) if task in (Task.EXTEND, Task.REACTIVATE)]
    assert len(ways) == 1
    outcome = editing.extend(all_codes(), 7) if ways == [Task.EXTEND] else editing.reactivate(all_codes())
    assert outcome.left == []
    code.refresh_from_db()
    assert code.is_usable is agent_can_sign_in


def test_extends_a_working_code_from_its_date():
    code = make("SOON-10", NOW + DAY)
    outcome = editing.extend(all_codes(), 7)
    code.refresh_from_db()
    assert code.expires_at == NOW + 8 * DAY
    assert code.updated_at == NOW
    assert outcome == ([Edit(code, Done.EXTENDED, 7, Before("active", NOW + DAY, None))], [])


@pytest.mark.parametrize("past", [timedelta(0), INSTANT, 30 * DAY])
def test_extends_an_overdue_code_from_now(past):
    code = make("LATE-10", NOW - past)
    editing.extend(all_codes(), 30)
    code.refresh_from_db()
    assert code.expires_at == NOW + 30 * DAY
    assert code.is_usable


def test_extending_reactivates_a_code_that_the_system_expired_and_the_run_keeps_it():
    run = make_run()
    code = make("GONE-10", NOW - DAY, status="inactive", expired_at=NOW - DAY, expired_by=run)
    outcome = editing.extend(all_codes(), 90)
    code.refresh_from_db()
    assert (code.status, code.expires_at, code.expired_at) == ("active", NOW + 90 * DAY, None)
    assert code.expired_by == run
    assert outcome == ([Edit(code, Done.REVIVED, 90, Before("inactive", NOW - DAY, NOW - DAY))], [])


def test_extending_leaves_what_it_must_not_touch_and_says_which():
    off = make("OFF-10", NOW + DAY, status="inactive")
    make("EVER-10")
    make("LAST-10", datetime(9998, 12, 29, tzinfo=UTC))
    outcome = editing.extend(all_codes(), 7)
    assert outcome.done == []
    assert brief(outcome.left) == [
        ("OFF-10", Refusal.SWITCHED_OFF),
        ("EVER-10", Refusal.NO_DATE),
        ("LAST-10", Refusal.LAST_DATE),
    ]
    off.refresh_from_db()
    assert (off.expires_at, off.updated_at) == (NOW + DAY, NOW - 90 * DAY)


def test_switches_off_active_codes_and_no_others():
    code = make("ON-10", NOW + DAY)
    make("OFF-10", status="inactive")
    outcome = editing.switch_off(all_codes())
    code.refresh_from_db()
    assert code.state() == State.SWITCHED_OFF
    assert (code.expired_at, code.updated_at) == (None, NOW)
    assert (brief(outcome.done), brief(outcome.left)) == (
        [("ON-10", Done.SWITCHED_OFF)], [("OFF-10", Refusal.ALREADY_INACTIVE)],
    )  # fmt: skip


def test_reactivates_what_is_not_past_its_date():
    make("BACK-10", NOW + INSTANT, status="inactive")
    make("BACK-20", status="inactive")
    past = make("PAST-10", NOW, status="inactive", expired_at=NOW)
    make("ON-10")
    outcome = editing.reactivate(all_codes())
    assert brief(outcome.done) == [("BACK-10", Done.REACTIVATED), ("BACK-20", Done.REACTIVATED)]
    assert brief(outcome.left) == [("PAST-10", Refusal.PAST_DATE), ("ON-10", Refusal.ALREADY_ACTIVE)]
    past.refresh_from_db()
    assert past.status == "inactive"


def test_deletes_codes_and_keeps_those_of_a_run():
    run = make_run()
    make("FREE-10")
    kept = make("KEPT-10", NOW, status="inactive", expired_at=NOW, expired_by=run)
    outcome = editing.delete(all_codes())
    assert brief(outcome.done) == [("FREE-10", Done.DELETED)]
    assert outcome.left == [Edit(kept, Refusal.IN_LEDGER, run=run.pk)]
    assert list(all_codes()) == [kept]


def test_edits_the_chosen_codes_alone():
    chosen = make("MINE-10", NOW + DAY)
    other = make("OTHER-10", NOW + DAY)
    editing.extend(ReferralCode.objects.filter(pk=chosen.pk), 7)
    other.refresh_from_db()
    assert other.expires_at == NOW + DAY


@pytest.mark.parametrize("edit", [partial(editing.extend, days=7), editing.switch_off, editing.delete])
def test_the_same_form_sent_twice_acts_once(clock, edit):
    code = make("SOON-10", NOW + DAY)
    code.refresh_from_db()
    seen = {code.pk: editing.version(code)}
    assert len(edit(all_codes(), seen=seen).done) == 1
    clock.shift(1)
    stored = list(all_codes().values())
    assert brief(edit(all_codes(), seen=seen).left) == [("SOON-10", Refusal.CHANGED)] * len(stored)
    assert list(all_codes().values()) == stored


def test_a_code_that_somebody_changed_since_it_was_seen_is_left_and_the_others_are_edited(clock):
    changed, _, unseen = make("CHANGED-10"), make("OTHER-10"), make("UNSEEN-10")
    seen = {code.pk: editing.version(code) for code in all_codes() if code != unseen}
    changed.save()
    outcome = editing.switch_off(all_codes(), seen)
    assert brief(outcome.done) == [("OTHER-10", Done.SWITCHED_OFF)]
    assert brief(outcome.left) == [("CHANGED-10", Refusal.CHANGED), ("UNSEEN-10", Refusal.CHANGED)]


def test_a_sweep_does_not_count_as_a_change_so_that_the_extension_wins():
    code = make("LATE-10", NOW - DAY)
    code.refresh_from_db()
    seen = {code.pk: editing.version(code)}
    sweep(ExpirationRun.StartedBy.COMMAND)
    assert brief(editing.extend(all_codes(), 7, seen).done) == [("LATE-10", Done.REVIVED)]


def test_a_preview_says_what_an_edit_would_do_and_changes_nothing():
    make("SOON-10", NOW + DAY)
    make("EVER-10")
    before = list(all_codes().values())
    outcome = editing.preview(Task.EXTEND, all_codes().order_by("pk"), 7)
    assert [(edit.what, edit.code.expires_at) for edit in outcome.done] == [(Done.EXTENDED, NOW + 8 * DAY)]
    assert brief(outcome.left) == [("EVER-10", Refusal.NO_DATE)]
    assert list(all_codes().values()) == before


def undo_of(outcome):
    return {edit.code.pk: (editing.version(edit.code), edit.before) for edit in outcome.done}


def test_an_edit_is_undone_to_what_every_code_was(clock):
    run = make_run()
    make("SOON-10", NOW + DAY)
    make("GONE-10", NOW - DAY, status="inactive", expired_at=NOW - DAY, expired_by=run)
    columns = ["code", "status", "expires_at", "expired_at", "expired_by"]
    before = list(all_codes().order_by("pk").values(*columns))
    undo = undo_of(editing.extend(all_codes(), 7))
    clock.shift(60)
    assert brief(editing.preview_of_undo(undo).done) == [("SOON-10", Done.PUT_BACK), ("GONE-10", Done.PUT_BACK)]
    assert list(all_codes().order_by("pk").values(*columns)) != before
    outcome = editing.put_back(undo)
    assert (brief(outcome.done), outcome.left) == ([("SOON-10", Done.PUT_BACK), ("GONE-10", Done.PUT_BACK)], [])
    assert list(all_codes().order_by("pk").values(*columns)) == before
    assert brief(editing.put_back(undo).left) == [("SOON-10", Refusal.CHANGED), ("GONE-10", Refusal.CHANGED)]


def test_an_undo_leaves_what_a_person_or_a_run_has_touched_since(clock):
    edited, swept = make("EDITED-10", status="inactive"), make("SWEPT-10", NOW + DAY, status="inactive")
    undo = undo_of(editing.reactivate(all_codes()))
    clock.shift(2 * DAY)
    ReferralCode.objects.get(pk=edited.pk).save()
    sweep(ExpirationRun.StartedBy.COMMAND)
    outcome = editing.put_back(undo)
    assert (outcome.done, brief(outcome.left)) == (
        [], [("EDITED-10", Refusal.CHANGED), ("SWEPT-10", Refusal.CHANGED)],
    )  # fmt: skip
    swept.refresh_from_db()
    assert (swept.status, swept.expired_at) == ("inactive", NOW + 2 * DAY)
