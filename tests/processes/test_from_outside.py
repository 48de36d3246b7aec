"""The command as a scheduler sees it: exit codes, one clear line on stderr, no traceback."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from tests.conftest import PROJECT

COMMAND = "expire_referral_codes"


def insert_overdue(tmp_path, code="PAST"):
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database, database:
        database.execute(
            "INSERT INTO main_referralcode (code, discount, expires_at, status, created_at, updated_at)"
            " VALUES (?, 5, '2026-01-01 00:00:00', 'active', '2025-01-01', '2025-01-01')",
            [code],
        )


def test_done_is_0(migrated, tmp_path):
    insert_overdue(tmp_path)
    done = migrated(COMMAND)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Successfully expired 1 referral code(s).\n  - PAST (Agent: none)\n"
    assert " by run 1\n" in (tmp_path / "logs" / "referral_codes.log").read_text()


def test_a_locked_database_is_1_and_says_what_to_do(migrated, tmp_path):
    insert_overdue(tmp_path)
    with closing(sqlite3.connect(tmp_path / "db.sqlite3", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        refused = migrated(COMMAND)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "CommandError: Another transaction held a lock for too long: run the command again when it has ended. "
        "(database is locked)\n"
    )


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("postgres://nobody@127.0.0.1:1/none", "CommandError: Cannot reach the database: check that it runs, and"),
        ("sqlite:////no/such/folder/db.sqlite3", "CommandError: The folder /no/such/folder of the SQLite"),
        ("nonsense", "The settings are wrong: DATABASE_URL is 'nonsense'. It may be sqlite:///FILE or postgres://"),
    ],
)
@pytest.mark.parametrize("mode", [[], ["--dry-run"]])
def test_no_database_is_1_and_says_what_to_do(manage, url, complaint, mode):
    refused = manage(COMMAND, *mode, DATABASE_URL=url, PYTHONWARNINGS="ignore")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(complaint)
    assert len(refused.stderr.splitlines()) == 1


def test_a_missing_migration_is_1_and_says_what_to_do(manage):
    refused = manage(COMMAND)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(
        "CommandError: The database lacks a table or column: run `python manage.py migrate`."
    )
    assert len(refused.stderr.splitlines()) == 1


def test_a_traceback_comes_only_when_asked_for(manage):
    assert "Traceback" in manage(COMMAND, "--traceback").stderr


@pytest.mark.parametrize(
    "arguments", [["--as-of", "2026-11-21"], ["--dry-run", "--as-of", "soon"], ["--batch-size=0"]]
)
def test_wrong_usage_is_2(migrated, arguments):
    refused = migrated(COMMAND, *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("debug", ["off", "0", "False"])
def test_without_debug_and_without_a_secret_key_it_refuses_to_start(manage, debug):
    refused = manage("check", DEBUG=debug)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "The settings are wrong: DEBUG is off and SECRET_KEY is not set: "
        "set SECRET_KEY in the environment or in .env.\n"
    )


def test_with_nothing_set_it_runs_for_development(manage):
    assert manage("check").returncode == 0


def test_sqlite_is_opened_for_readers_beside_one_writer(migrated):
    asked = migrated(
        "shell", "-v0", "-c",
        "from django.db import connection as c; x = c.cursor();"
        "print(*[x.execute(f'PRAGMA {p}').fetchone()[0] for p in ('journal_mode', 'busy_timeout')])",
    )  # fmt: skip
    assert asked.stdout == "wal 5000\n"


def test_a_relative_sqlite_file_is_beside_manage_py_wherever_a_scheduler_starts(manage):
    show = "from django.conf import settings; print(settings.DATABASES['default']['NAME'])"
    asked = manage("shell", "-v0", "-c", show, DATABASE_URL="sqlite:///x.sqlite3")
    assert asked.stdout == f"{PROJECT / 'x.sqlite3'}\n"


def test_every_variable_of_the_settings_is_in_the_example_file():
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (PROJECT / "knossos" / "settings.py").read_text()))
    named = set(re.findall(r"^#? ?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))
    assert read - {"DJANGO_SETTINGS_MODULE"} == named


def test_import_codes_is_0_when_done_1_when_refused_and_2_for_wrong_usage(migrated, tmp_path):
    (tmp_path / "good.csv").write_text("code\nA-1\n")
    (tmp_path / "again.csv").write_text("code\nA-1\nA-2\n")
    done, refused, wrong = (migrated("import_codes", name) for name in ("good.csv", "again.csv", "missing.csv"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "Imported 1 code. This is import 1.\n", "")
    assert (refused.returncode, refused.stdout, refused.stderr) == (
        1,
        "",
        "line 2: refused: code: it exists already, and nothing is overwritten\n"
        "CommandError: Nothing was imported: 1 of 2 rows are refused.\n",
    )
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "CommandError: missing.csv cannot be read: No such file or directory.\n"


def test_the_demo_makes_the_database_and_runs_again(manage):
    for _ in range(2):
        shown = manage("demo")
        assert (shown.returncode, shown.stderr) == (0, "")
        assert shown.stdout.count("\n  - JOHNS-20 (Agent: John Smith)") == 2


def test_the_demo_without_a_database_is_1_and_says_what_to_do(manage):
    refused = manage("demo", DATABASE_URL="postgres://nobody@127.0.0.1:1/none", PYTHONWARNINGS="ignore")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("CommandError: Cannot reach the database: check that it runs, and DATABASE_URL.")


def test_a_letter_that_the_terminal_lacks_is_printed_as_its_escape(migrated, tmp_path):
    (tmp_path / "codes.csv").write_text("code\nÉTÉ\n", encoding="utf-8")
    shown = migrated("import_codes", "codes.csv", "--dry-run", PYTHONIOENCODING="ascii")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith(r"line 2: would add \xc9T\xc9 (Agent: none)")


def test_output_that_nobody_reads_to_its_end_makes_no_traceback(migrated, tmp_path):
    (tmp_path / "codes.csv").write_text("code\n" + "".join(f"A-{number}\n" for number in range(3000)))
    arguments = [sys.executable, str(PROJECT / "manage.py"), "import_codes", str(tmp_path / "codes.csv"), "--dry-run"]
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
