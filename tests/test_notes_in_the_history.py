"""The admin's history: stored as facts, and put into words when it is read."""

import json

import pytest
from django.contrib.admin.models import CHANGE, LogEntry

from main.admin.notes import Note, in_words, note
from main.models import CodeImport
from tests.staff import make_staff, notes_of

pytestmark = pytest.mark.django_db

SAID = [
    (note(Note.SWITCHED_ON), "Switched on."),
    (note(Note.SWITCHED_OFF), "Switched off."),
    (note(Note.ADDED_FOR, person="Άννα"), "Added for Άννα."),
    (note(Note.UNDONE_BY_RUN, undo=7, count=1), "Undone by run 7: 1 code put back."),
    (note(Note.CREATED, count=3), "3 codes were created."),
    (note(Note.IMPORTED, codes=3, past=0, agents=1), "Imported 3 codes, 1 agent created. This is import 5."),
    (note(Note.IMPORT_UNDONE, file="a.csv", codes=1, agents=0), "Deleted 1 code of import 5 (a.csv)."),
]


@pytest.mark.parametrize(("said", "words"), SAID)
def test_facts_are_put_into_words(said, words):
    entry = LogEntry(object_id="5", change_message=json.dumps(said))
    assert in_words(entry, CodeImport) == words


def test_every_kind_of_note_is_tested():
    assert {said[0]["note"] for said, _words in SAID} == {*Note}


def test_names_of_edited_fields_are_those_of_the_form(client):
    client.force_login(staff := make_staff())
    said = [{"changed": {"fields": ["Username", "First name"]}}]
    LogEntry.objects.log_actions(staff.pk, [staff], CHANGE, said, single_object=True)
    assert notes_of(client, f"auth/user/{staff.pk}") == ["Changed Username and First name."]


@pytest.mark.parametrize(
    ("old", "shown"),
    [
        ("Switched off.", "Switched off."),
        ('[{"added": {}}]', "Added."),
        ('[{"note": "unknown"}]', "No fields changed."),
        ("{", "{"),
        ("", ""),
    ],
)
def test_a_note_that_is_not_ours_is_shown_as_django_shows_it(old, shown):
    assert in_words(LogEntry(change_message=old, action_flag=CHANGE), CodeImport) == shown
