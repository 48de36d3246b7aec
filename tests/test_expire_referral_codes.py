"""What `python manage.py expire_referral_codes` prints and leaves behind."""

import csv
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command, execute_from_command_line
from django.db import connection

from main.models import ExpirationRun, ReferralCode
from tests.conftest import INSTANT, NOW, make_agent, make_code

pytestmark = pytest.mark.django_db(transaction=True)
COMMAND = "expire_referral_codes"


def test_a_run_names_every_code_oldest_expiry_first(run_command, three_overdue, clock):
    assert run_command(COMMAND) == (
        "Successfully expired 3 referral code(s).\n"
        "  - JOHNS-20 (Agent: John Smith)\n"
        "  - MARIA-15 (Agent: Maria Garcia)\n"
        "  - ALEX-10 (Agent: Alex Johnson)\n"
    )
    assert set(ReferralCode.objects.values_list("status", flat=True)) == {"inactive"}
    assert ExpirationRun.objects.get().started_by == "command"


def test_a_code_of_the_house_has_no_agent(run_command, clock):
    make_code("HOUSE-5", expires_at=NOW)
    assert run_command(COMMAND) == "Successfully expired 1 referral code(s).\n  - HOUSE-5 (Agent: none)\n"


def test_with_nothing_to_do_it_says_so(run_command, clock):
    make_code("FUTURE", expires_at=NOW + INSTANT)
    assert run_command(COMMAND) == "No expired referral codes found.\n"
    assert run_command(COMMAND, "--dry-run") == "No expired referral codes found.\n"


def test_a_dry_run_says_what_would_be_expired_and_writes_nothing(
    run_command, three_overdue, clock, log_file, settings
):
    settings.TIME_ZONE = "Europe/Athens"
    before = list(ReferralCode.objects.values())
    assert run_command(COMMAND, "--dry-run") == (
        "[DRY RUN] Would expire 3 referral code(s):\n"
        "  - JOHNS-20 (Agent: John Smith), Expired: 2026-11-21 01:00 EET\n"
        "  - MARIA-15 (Agent: Maria Garcia), Expired: 2026-11-21 02:00 EET\n"
        "  - ALEX-10 (Agent: Alex Johnson), Expired: 2026-11-21 03:00 EET\n"
    )
    assert list(ReferralCode.objects.values()) == before
    assert not ExpirationRun.objects.exists()
    assert not log_file.exists()


def test_a_dry_run_as_of_a_day_looks_to_the_end_of_that_day(run_command, three_overdue, clock):
    make_code("LAST", expires_at=NOW.replace(hour=23, minute=59))
    make_code("NEXT", expires_at=NOW.replace(hour=0) + timedelta(days=1) + INSTANT)
    output = run_command(COMMAND, "--dry-run", "--as-of", "2026-11-21")
    assert output.splitlines()[0] == "[DRY RUN] Would expire 4 referral code(s):"
    assert output.splitlines()[-1] == "  - LAST (Agent: none), Expired: 2026-11-21 23:59 UTC"


def test_a_dry_run_as_of_an_instant_in_the_past_shows_what_was_overdue_then(run_command, three_overdue, clock):
    output = run_command(COMMAND, "--dry-run", "--as-of", "2026-11-20T23:00Z")
    assert output == (
        "[DRY RUN] Would expire 1 referral code(s):\n  - JOHNS-20 (Agent: John Smith), Expired: 2026-11-20 23:00 UTC\n"
    )


def test_codes_marked_on_save_since_the_last_run_are_told_apart(run_command, john, clock):
    ReferralCode.objects.create(code="EARLY", agent=john, expires_at=NOW)
    clock.shift(1)
    ReferralCode.objects.create(code="LATE", expires_at=NOW)
    clock.shift(1)
    expected = (
        "No expired referral codes found.\n"
        "Already marked inactive on save since the last run: 2 referral code(s).\n"
        "  - LATE (Agent: none){0}\n"
        "  - EARLY (Agent: John Smith){0}\n"
    )
    assert run_command(COMMAND, "--dry-run") == expected.format(", Expired: 2026-11-21 02:00 UTC")
    assert run_command(COMMAND) == expected.format("")
    clock.shift(1)
    assert run_command(COMMAND) == "No expired referral codes found.\n"


@pytest.mark.parametrize("state", ["failed", "interrupted", "running"])
def test_the_last_run_is_the_last_that_was_completed(run_command, clock, state):
    ReferralCode.objects.create(code="X", expires_at=NOW)
    clock.shift(1)
    run_command(COMMAND)
    ExpirationRun.objects.update(state=state)
    clock.shift(1)
    assert "  - X (Agent: none)\n" in run_command(COMMAND)


def test_of_many_codes_marked_on_save_twenty_are_shown_unless_asked_for_all(run_command, clock):
    for number in range(23):
        ReferralCode.objects.create(code=f"C-{number}", expires_at=NOW)
    lines = run_command(COMMAND, "--dry-run").splitlines()
    assert len(lines) == 2 + 20 + 1
    assert lines[-1] == "  … and 3 more; -v 2 shows all of them."
    assert len(run_command(COMMAND, "--dry-run", "-v", "2").splitlines()) == 2 + 23


def test_verbosity_0_prints_the_first_line_only(run_command, three_overdue, clock):
    ReferralCode.objects.create(code="SAVED", expires_at=NOW)
    assert run_command(COMMAND, "--dry-run", "-v", "0") == "[DRY RUN] Would expire 3 referral code(s):\n"
    assert run_command(COMMAND, "-v", "0") == "Successfully expired 3 referral code(s).\n"


def test_json_is_one_object(run_command, three_overdue, clock):
    ReferralCode.objects.create(code="SAVED", expires_at=NOW)
    printed = json.loads(run_command(COMMAND, "--format", "json"))
    assert printed["expired"][0] == {
        "code": "JOHNS-20",
        "agent": "John Smith",
        "discount": "20.00",
        "expires_at": "2026-11-20T23:00:00+00:00",
    }
    assert [code["code"] for code in printed.pop("expired")] == ["JOHNS-20", "MARIA-15", "ALEX-10"]
    assert [code["code"] for code in printed.pop("marked_on_save")] == ["SAVED"]
    assert printed == {
        "dry_run": False,
        "run": ExpirationRun.objects.get().pk,
        "cutoff": "2026-11-21T02:00:00+00:00",
        "expired_count": 3,
        "marked_on_save_count": 1,
    }


def test_json_of_a_dry_run_with_nothing_to_do(run_command, clock):
    assert json.loads(run_command(COMMAND, "--format", "json", "--dry-run")) == {
        "dry_run": True,
        "run": None,
        "cutoff": "2026-11-21T02:00:00+00:00",
        "expired_count": 0,
        "marked_on_save_count": 0,
        "expired": [],
        "marked_on_save": [],
    }


def test_csv_has_a_row_a_code_and_no_cell_that_starts_a_formula(run_command, clock):
    make_code("=1+2", agent=make_agent('@SUM(A1), "quoted"'), discount=5, expires_at=NOW)
    ReferralCode.objects.create(code="-SAVED", expires_at=NOW)
    output = run_command(COMMAND, "--format", "csv", "--dry-run")
    assert list(csv.reader(output.splitlines())) == [
        ["result", "code", "agent", "discount", "expires_at"],
        ["would expire", "'=1+2", '\'@SUM(A1), "quoted"', "5.00", "2026-11-21T02:00:00+00:00"],
        ["marked on save", "'-SAVED", "", "0.00", "2026-11-21T02:00:00+00:00"],
    ]
    assert run_command(COMMAND, "--format", "csv").splitlines()[1].startswith("expired,'=1+2,")


@pytest.mark.parametrize("form", ["text", "csv", "json"])
def test_no_control_character_from_data_reaches_terminal_or_log(run_command, john, clock, log_file, form):
    # Such a name cannot be saved; it may have been in the table before, or come by plain SQL.
    make_code("X", agent=john, expires_at=NOW)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE main_userprofile SET name = %s", ["John\n\x1b[31mSmith\u202e"])
        cursor.execute("UPDATE main_referralcode SET code = %s", ["X\r\nExpired Y\x9b"])
    output = run_command(COMMAND, "--format", form)
    assert all(line.isprintable() for line in (output + log_file.read_text()).split("\n"))
    if form == "text":
        assert output.splitlines()[1:] == [r"  - X\r\nExpired Y\x9b (Agent: John\n\x1b[31mSmith\u202e)"]
    assert len(log_file.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--as-of", "2026-11-21"], "--as-of goes with --dry-run: a real run expires what is overdue now."),
        (["--dry-run", "--as-of", "soon"], "'soon' is not a date: write 2026-12-31 or 31/12/2026"),
        (["--dry-run", "--as-of", "2026-02-30"], "'2026-02-30' is not a date"),
        (["--dry-run", "--as-of", "0001-01-01"], "The year must be from 1970 to 9998."),
        (["--batch-size", "0"], "'0' is not a whole number from 1 to 10000."),
        (["--batch-size", "ten"], "'ten' is not a whole number from 1 to 10000."),
        (["--format", "xml"], "invalid choice: 'xml'"),
    ],
)
def test_wrong_usage_is_named_and_nothing_is_expired(run_command, three_overdue, clock, arguments, complaint):
    with pytest.raises(CommandError) as refused:
        run_command(COMMAND, *arguments)
    assert complaint in str(refused.value)
    assert not ExpirationRun.objects.exists()
    assert ReferralCode.objects.overdue().count() == 3


def test_a_scheduler_that_calls_the_command_is_named_in_the_ledger(run_command, clock):
    run_command(COMMAND, started_by=ExpirationRun.StartedBy.TASK)
    assert ExpirationRun.objects.get().started_by == "task"


def test_a_fault_in_the_pages_does_not_stop_the_sweep(three_overdue, clock, capsys, settings):
    settings.ROOT_URLCONF = "no.such.module"
    with pytest.raises(ModuleNotFoundError):
        call_command("check")
    execute_from_command_line(["manage.py", "expire_referral_codes", "-v0"])
    assert capsys.readouterr().out == "Successfully expired 3 referral code(s).\n"
