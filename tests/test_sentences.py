"""The words for what was done to codes: one sentence for what is alike, of one code and of several."""

from datetime import timedelta

import pytest

from main.codes.editing import Done, Edit, Refusal
from main.codes.history import Source
from main.codes.history_in_words import DONE, HAPPENED, WHO, WHO_FOR_AGENTS
from main.codes.sentences import REASONS, SAVED, TOLD, saved, told
from main.models import ReferralCode
from tests.conftest import NOW

DAY = timedelta(days=1)


def codes(*names, **fields):
    return [ReferralCode(code=name, expires_at=NOW + 40 * DAY, **fields) for name in names]


def said(what, *names, **figures):
    return list(told([Edit(code, what, **figures) for code in codes(*names)]))


@pytest.mark.parametrize(
    ("what", "of_one", "of_two"),
    [
        (
            Done.EXTENDED,
            "A-10 was extended by 30 days. New date: 31 Dec 2026, 02:00 UTC.",
            "2 codes were extended by 30 days: A-10, B-20.",
        ),
        (
            Done.REVIVED,
            "A-10 was extended by 30 days and is active again. New date: 31 Dec 2026, 02:00 UTC.",
            "2 codes were extended by 30 days and are active again: A-10, B-20.",
        ),
        (Done.SWITCHED_OFF, "A-10 was switched off.", "2 codes were switched off: A-10, B-20."),
        (Done.REACTIVATED, "A-10 was reactivated.", "2 codes were reactivated: A-10, B-20."),
        (Done.EXPIRED, "A-10 was expired by run 7.", "2 codes were expired by run 7: A-10, B-20."),
        (Done.DELETED, "A-10 was deleted.", "2 codes were deleted: A-10, B-20."),
        (
            Refusal.ALREADY_ACTIVE,
            "A-10 was not changed: it is already active.",
            "2 codes were not changed because they are already active: A-10, B-20.",
        ),
        (
            Refusal.ALREADY_INACTIVE,
            "A-10 was not changed: it is already inactive.",
            "2 codes were not changed because they are already inactive: A-10, B-20.",
        ),
        (
            Refusal.SWITCHED_OFF,
            "A-10 was not extended: it is switched off. Reactivate it first.",
            "2 codes were not extended because they are switched off: A-10, B-20. Reactivate them first.",
        ),
        (
            Refusal.NO_DATE,
            "A-10 was not extended: it has no end date.",
            "2 codes were not extended because they have no end date: A-10, B-20.",
        ),
        (
            Refusal.LAST_DATE,
            "A-10 was not extended: the new date would be too late to be stored.",
            "2 codes were not extended because the new date would be too late to be stored: A-10, B-20.",
        ),
        (
            Refusal.PAST_DATE,
            "A-10 was not reactivated: its date has passed. Extend it instead.",
            "2 codes were not reactivated because their date has passed: A-10, B-20. Extend them instead.",
        ),
        (
            Refusal.IN_LEDGER,
            "A-10 was not deleted: run 7 in the ledger counts it.",
            "2 codes were not deleted because run 7 in the ledger counts them: A-10, B-20.",
        ),
        (Done.PUT_BACK, "A-10 is as it was before.", "2 codes are as they were before: A-10, B-20."),
        (
            Done.PUT_BACK_PAST,
            "A-10 was put back, but it expired at once: its date has passed (31 Dec 2026, 02:00 UTC).",
            "2 codes were put back, but expired at once, because their dates have passed: A-10, B-20.",
        ),
        (
            Refusal.CHANGED,
            "A-10 was left as it is: it has been changed since you saw it.",
            "2 codes were left as they are because they have been changed since you saw them: A-10, B-20.",
        ),
        (
            Refusal.IN_USE,
            "A-10 was not deleted: it was redeemed, or other records need it. Switch it off instead.",
            "2 codes were not deleted because they were redeemed, or other records need them: A-10, B-20. "
            "Switch them off instead.",
        ),
    ],
)
def test_a_sentence_for_one_code_and_for_several(what, of_one, of_two):
    assert said(what, "A-10", days=30, run=7) == [of_one]
    assert said(what, "A-10", "B-20", days=30, run=7) == [of_two]


def test_one_day_is_no_days():
    assert said(Done.REVIVED, "A-10", "B-20", days=1) == [
        "2 codes were extended by 1 day and are active again: A-10, B-20."
    ]


def test_everything_that_can_happen_has_its_sentences():
    assert set(TOLD) == {*Done, *Refusal}
    assert set(DONE) == set(Done)
    assert set(HAPPENED) == set(WHO) == set(WHO_FOR_AGENTS) == set(Source)
    assert set(REASONS) == set(Refusal)
    assert set(SAVED) == set(ReferralCode.State)


def test_what_is_alike_is_said_together_in_the_order_of_first_appearance():
    a, b, c = codes("A-10", "B-20", "C-30")
    edits = [Edit(a, Done.EXTENDED, 7), Edit(b, Done.SWITCHED_OFF), Edit(c, Done.EXTENDED, 7)]
    assert list(told(edits)) == ["2 codes were extended by 7 days: A-10, C-30.", "B-20 was switched off."]


def test_names_ten_codes_and_counts_the_rest():
    names = [f"N-{number:02}" for number in range(12)]
    assert said(Done.SWITCHED_OFF, *names) == [
        "12 codes were switched off: N-00, N-01, N-02, N-03, N-04, N-05, N-06, N-07, N-08, N-09 and 2 more."
    ]


def test_a_percent_sign_in_a_code_is_no_placeholder():
    assert said(Done.DELETED, "20%(off)s", "5%d") == ["2 codes were deleted: 20%(off)s, 5%d."]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "A-10 was saved and is active."),
        ({"expires_at": NOW + DAY}, "A-10 was saved and is active."),
        (
            {"expires_at": NOW},
            "A-10 was saved. It does not work, because its date has passed (21 Nov 2026, 02:00 UTC).",
        ),
        (
            {"expires_at": NOW, "status": "inactive"},
            "A-10 was saved. It does not work, because its date has passed (21 Nov 2026, 02:00 UTC).",
        ),
        ({"status": "inactive"}, "A-10 was saved. It is switched off: it does not work until you reactivate it."),
    ],
)
@pytest.mark.usefixtures("clock")
def test_after_a_save_a_person_learns_whether_the_code_works(fields, sentence):
    assert saved(ReferralCode(code="A-10", **fields)) == sentence
