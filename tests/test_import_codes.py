"""`manage.py import_codes FILE.csv`: all the codes of a file, or none and the reasons why."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.db.models import Count
from django.db.models.signals import post_save

from main.importing import writing
from main.models import CodeImport, ReferralCode, UserProfile
from tests.conftest import latest_import, make_code

DATA = Path(__file__).parent / "data"
GOOD = """\
code,agent,discount,expires_at,status
johns-20,John Smith,20,2026-12-31,active
house-5,,5.5,,inactive
PAST-10,john  SMITH,10,2026-11-20 18:30,active
OLD-15,,15,2026-11-20,inactive
"""
BAD = """\
code,agent,discount,expires_at,status
GOOD-1,,10,2026-12-31,active
BAD-1,Nobody,120,12/31/2026,maybe
good-1,,,,
TAKEN,,,,
"two
lines",,1.234,,
,,,,active
"""


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def stored():
    return list(ReferralCode.objects.order_by("id").values_list("code", "agent__name", "discount", "status"))


def test_a_dry_run_says_row_by_row_what_would_happen_and_writes_nothing(import_codes, john, settings):
    settings.TIME_ZONE = "Europe/Athens"
    assert import_codes(GOOD, "--dry-run") == (
        "line 2: would add JOHNS-20 (Agent: John Smith), 20 %, until end of 31 Dec 2026 EET\n"
        "line 3: would add HOUSE-5 (Agent: none), 5.5 %, never expires, inactive\n"
        "line 4: would add PAST-10 (Agent: John Smith), 10 %, until 20 Nov 2026, 18:30 EET, "
        "already past its date: would be saved as expired\n"
        "line 5: would add OLD-15 (Agent: none), 15 %, until end of 20 Nov 2026 EET, "
        "already past its date: would be saved as expired\n"
        "Would import 4 codes (2 of them past their date, to be saved as expired). Nothing was written.\n",
        "",
        "",
        0,
    )
    assert stored() == []


def test_a_real_run_adds_the_codes_and_says_how_many(import_codes, john):
    assert import_codes(GOOD).out == (
        f"Imported 4 codes (2 of them past their date and saved as expired). This is import {latest_import().pk}.\n"
    )
    assert sorted(stored()) == [
        ("HOUSE-5", None, 5.5, "inactive"),
        ("JOHNS-20", "John Smith", 20, "active"),
        ("OLD-15", None, 15, "inactive"),
        ("PAST-10", "John Smith", 10, "inactive"),
    ]
    assert ReferralCode.objects.with_code("johns-20").get().expires_at == datetime(2027, 1, 1, tzinfo=UTC)


def test_with_v_2_a_real_run_names_every_row(import_codes, john):
    assert import_codes(GOOD, verbosity=2).out == (
        "line 2: added JOHNS-20 (Agent: John Smith), 20 %, until end of 31 Dec 2026 UTC\n"
        "line 3: added HOUSE-5 (Agent: none), 5.5 %, never expires, inactive\n"
        "line 4: added PAST-10 (Agent: John Smith), 10 %, until 20 Nov 2026, 18:30 UTC, "
        "already past its date: saved as expired\n"
        "line 5: added OLD-15 (Agent: none), 15 %, until end of 20 Nov 2026 UTC, "
        "already past its date: saved as expired\n"
        f"Imported 4 codes (2 of them past their date and saved as expired). This is import {latest_import().pk}.\n"
    )


REFUSED = (
    "line 3: refused: agent: no agent is called 'Nobody': create it in the admin first, or add --create-agents; "
    "discount: Ensure this value is less than or equal to 100; expires_at: '12/31/2026' is not a date: "
    "there is no month 31. The day comes first: write 31/12/2026; "
    "status: 'maybe' is not a status: write active or inactive\n"
    "line 4: refused: code: line 2 has the same\n"
    "line 5: refused: code: it exists already, and nothing is overwritten\n"
    "line 6: refused: code: Only printable characters, please: no line breaks, tabs or invisible marks; "
    "code: A code is one line of printable characters, without spaces around it; "
    "discount: Ensure that there are no more than 2 decimal places\n"
    "line 8: refused: code: This field cannot be blank\n"
)


def test_one_bad_row_refuses_the_file_and_every_bad_row_is_named_with_all_its_reasons(import_codes):
    make_code("taken")
    assert import_codes(BAD) == ("", REFUSED, "Nothing was imported: 5 of 6 rows are refused.", 1)
    assert stored() == [("taken", None, 0, "active")]


def test_a_dry_run_names_the_bad_rows_among_the_good_ones_and_fails_too(import_codes):
    make_code("taken")
    good = "line 2: would add GOOD-1 (Agent: none), 10 %, until end of 31 Dec 2026 UTC\n"
    assert import_codes(BAD, "--dry-run") == (good + REFUSED, "", "Would import nothing: 5 of 6 rows are refused.", 1)


def test_a_file_is_imported_once(import_codes, john):
    import_codes(GOOD)
    again = import_codes(f"{GOOD}\n")
    assert again.error == "Nothing was imported: 4 of 4 rows are refused."
    assert again.refused.count("code: it exists already, and nothing is overwritten") == 4
    assert len(stored()) == 4


def test_a_code_past_its_date_is_expired_and_logged_as_after_any_save(
    import_codes, log_file, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        import_codes("code,expires\nPAST,2026-11-20\nLAST-DAY,2026-11-21\n")
    past, last_day = ReferralCode.objects.order_by("expires_at")
    assert (past.status, past.expired_at, past.expired_by) == ("inactive", datetime(2026, 11, 21, 2, tzinfo=UTC), None)
    assert (last_day.status, last_day.expired_at) == ("active", None)
    assert "expired PAST (id " in log_file.read_text()
    assert "LAST-DAY" not in log_file.read_text()


def test_a_code_that_somebody_adds_meanwhile_stops_the_import_as_a_whole(import_codes, monkeypatch):
    def add_and_write(*arguments):
        make_code("SECOND")
        writing.write(*arguments)

    monkeypatch.setattr("main.management.commands.import_codes.write", add_and_write)
    assert import_codes("code,agent\nFIRST,Ana\nSECOND,\n", "--create-agents").error.startswith(
        "Nothing was imported: meanwhile somebody added one of these codes or deleted one of these agents. "
        "Try again with --dry-run, which says which. ("
    )
    assert stored() == [("SECOND", None, 0, "active")]
    assert not UserProfile.objects.exists()


@pytest.mark.parametrize(
    ("failure", "complaint"),
    [
        (
            OperationalError("gone"),
            "Nothing was imported. Cannot reach the database: check that it runs, and DATABASE_URL. (gone)",
        ),
        (KeyboardInterrupt(), "Nothing was imported. It was interrupted."),
    ],
)
def test_what_fails_midway_keeps_nothing(import_codes, failure, complaint):
    def fail(**signal):
        raise failure

    post_save.connect(fail, sender=CodeImport)
    try:
        result = import_codes("code,agent,expires\nPAST,Ana,2020-01-01\n", "--create-agents")
    finally:
        post_save.disconnect(fail, sender=CodeImport)
    assert (result.exit_code, result.error) == (1, complaint)
    assert stored() == []
    assert not UserProfile.objects.exists()


def test_the_sample_file_of_another_system_is_imported_whole(run_command):
    output = run_command("import_codes", str(DATA / "codes.csv"), "--create-agents")
    assert output.splitlines()[-1] == (
        "Imported 3000 codes (1252 of them past their date and saved as expired), 24 agents created. "
        f"This is import {latest_import().pk}."
    )
    assert ReferralCode.objects.count() == 3000
    assert not ReferralCode.objects.overdue().exists()
    assert ReferralCode.objects.aggregate(agents=Count("agent", distinct=True)) == {"agents": 24}


def test_the_sample_file_as_excel_saves_it_is_imported_whole(run_command):
    output = run_command("import_codes", str(DATA / "codes-from-excel.csv"), "--create-agents").splitlines()
    assert output[0] == "Ignored columns: Notes."
    assert output[-1] == (
        "Imported 40 codes (17 of them past their date and saved as expired), 19 agents created. "
        f"This is import {latest_import().pk}."
    )
    assert ReferralCode.objects.with_code("EU-WELCOME-7445").get().discount == 100


def test_no_row_costs_a_query_of_its_own(import_codes, django_assert_max_num_queries):
    rows = "".join(f"CODE-{number},Agent {number}\n" for number in range(400))
    with django_assert_max_num_queries(40):  # SQLite takes a few hundred parameters at once
        import_codes(f"code,agent\n{rows}", "--create-agents")
    assert ReferralCode.objects.count() == UserProfile.objects.count() == 400


def test_rows_that_are_refused_cost_no_query_each(import_codes, django_assert_num_queries):
    clock = 1 if connection.vendor == "postgresql" else 0  # the server's, before anything is judged by ours
    with django_assert_num_queries(3 + clock):
        assert import_codes("code,discount\n" + "SAME,-1\n" * 400).error
