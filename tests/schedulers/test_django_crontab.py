"""django-crontab: the line that `crontab add` really writes, run as cron runs it."""

import subprocess

import pytest

from tests.schedulers.conftest import BARE, PROJECT

SCHEDULING = PROJECT / "docs" / "scheduling.md"

OWN_CRONTAB = 'CRONTAB_EXECUTABLE = str(BASE_DIR / "crontab")\n'
THE_SWEEP_ALONE = "CRONJOBS = CRONJOBS[:1]\n"

# As the design document has it.
FROM_THE_DESIGN_DOCUMENT = """
CRONJOBS = [
    # Run every day at 2:00 AM
    ('0 2 * * *', 'django.core.management.call_command', ['expire_referral_codes']),
]
"""

# Keeps the table in a file instead of the machine's spool.
CRONTAB = """#!/bin/sh
table="$0.table"
if [ "$1" = -l ]; then cat "$table" 2>/dev/null; else cat "$1" > "$table"; fi
"""


@pytest.fixture
def with_crontab():
    """Give an installation a crontab of its own, run `crontab add`, and return the table that it wrote."""

    def add(installed, settings=THE_SWEEP_ALONE):
        crontab = installed.folder / "crontab"
        crontab.write_text(CRONTAB)
        crontab.chmod(0o755)
        with (installed.folder / "knossos" / "settings.py").open("a") as file:
            file.write(OWN_CRONTAB + settings)
        added = installed.run("crontab", "add", "-v", "0")
        assert (added.returncode, added.stdout, added.stderr) == (0, "", "")
        return crontab.with_name("crontab.table")

    return add


def run_line(line, home):
    """As cron does: in the home folder, by /bin/sh, with the five fields and the comment left to it."""
    command = line.split(maxsplit=5)[5]
    return subprocess.run(["/bin/sh", "-c", command], env=BARE, cwd=home, capture_output=True, text=True, check=False)


def test_the_line_expires_codes_and_logs_what_it_printed(installed, with_crontab, tmp_path):
    installed.add_overdue_code()
    line = with_crontab(installed).read_text()
    done = run_line(line, tmp_path)

    assert line.startswith("0 2 * * * ")
    assert line.endswith(f" >> {installed.schedule_log} 2>&1 # expire_referral_codes of {installed.folder}\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert installed.statuses() == {"JOHNS-20": "inactive"}
    assert installed.ledger() == [("command", "completed", 1)]
    assert installed.scheduled_output() == "Successfully expired 1 referral code(s).\n"


def test_the_documented_way_to_run_the_line_now(installed, with_crontab, tmp_path):
    [verify] = [
        line.strip() for line in SCHEDULING.read_text().splitlines() if line.strip().startswith("crontab -l |")
    ]
    installed.add_overdue_code()
    with_crontab(installed)
    environment = BARE | {"PATH": f"{installed.folder}:{BARE['PATH']}", "DATABASE_URL": "must not reach the job"}
    done = subprocess.run(
        ["/bin/sh", "-c", verify], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert installed.statuses() == {"JOHNS-20": "inactive"}


def test_the_line_works_where_the_log_folder_was_removed(installed, with_crontab, tmp_path):
    line = with_crontab(installed).read_text()
    assert not installed.schedule_log.parent.exists()
    assert run_line(line, tmp_path).returncode == 0
    assert installed.scheduled_output() == "No expired referral codes found.\n"


def test_a_sweep_without_database_exits_1_and_says_why_in_both_logs(broken, with_crontab, tmp_path):
    done = run_line(with_crontab(broken).read_text(), tmp_path)
    said = broken.scheduled_output()

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert said.startswith("CommandError: Cannot reach the database: check that it runs, and DATABASE_URL. (")
    assert "Traceback" not in said
    assert " ERROR sweep failed: Cannot reach the database: check that it runs, and DATABASE_URL. (" in (
        broken.log.read_text()
    )


def test_a_sweep_that_fails_on_the_way_is_in_the_ledger_too(installed, with_crontab, tmp_path):
    installed.add_overdue_code()
    installed.query(
        "CREATE TRIGGER broken BEFORE UPDATE ON main_referralcode BEGIN SELECT RAISE(ABORT, 'disk on fire'); END"
    )
    done = run_line(with_crontab(installed).read_text(), tmp_path)

    assert done.returncode == 1
    assert installed.statuses() == {"JOHNS-20": "active"}
    assert installed.ledger() == [("command", "failed", 0)]
    said = (
        "Stopped early. 0 codes were already expired and stay expired. "
        "The database rejected the statement. (disk on fire)"
    )
    assert installed.scheduled_output() == f"CommandError: {said}\n"
    assert installed.log.read_text().endswith(f" ERROR sweep failed: {said}\n")


def test_the_job_of_the_design_document(installed, with_crontab, tmp_path):
    installed.add_overdue_code()
    table = with_crontab(installed, FROM_THE_DESIGN_DOCUMENT)
    assert installed.run("check").stdout == "System check identified no issues (0 silenced).\n"
    assert "adding cronjob: " in installed.run("crontab", "add").stdout
    done = run_line(table.read_text(), tmp_path)
    assert done.stdout == "Successfully expired 1 referral code(s).\n  - JOHNS-20 (Agent: none)\n"
    assert installed.statuses() == {"JOHNS-20": "inactive"}


def test_the_job_of_the_design_document_exits_0_whatever_happens(broken, with_crontab, tmp_path):
    """The reason for main/cron.py: django-crontab swallows the failure, which only our log and stderr tell."""
    done = run_line(with_crontab(broken, FROM_THE_DESIGN_DOCUMENT).read_text(), tmp_path)
    assert done.returncode == 0
    assert "CommandError: Cannot reach the database" in done.stderr
    assert " ERROR sweep failed: Cannot reach the database" in broken.log.read_text()


def test_another_schedule_is_added_in_the_place_of_the_old_one(installed, with_crontab):
    table = with_crontab(installed)
    installed.configure(EXPIRATION_SCHEDULE="30 4 * * mon-fri")
    assert installed.run("crontab", "add", "-v", "0").returncode == 0
    assert [line.split(" umask")[0] for line in table.read_text().splitlines()] == ["30 4 * * mon-fri"]


def test_without_v_0_a_changed_schedule_is_removed_and_not_added(installed, with_crontab):
    """The reason for `-v 0` in docs/scheduling.md."""
    table = with_crontab(installed)
    installed.configure(EXPIRATION_SCHEDULE="30 4 * * *")
    assert "out of sync" in installed.run("crontab", "add").stderr
    assert table.read_text() == ""


def test_the_notices_have_a_line_of_their_own(installed, with_crontab, tmp_path):
    installed.configure(SITE_URL="https://codes.example.com")
    sweep, notices = with_crontab(installed, "").read_text().splitlines()
    assert (sweep.split(" umask")[0], notices.split(" umask")[0]) == ("0 2 * * *", "0 8 * * *")
    assert run_line(notices, tmp_path).returncode == 0
    assert installed.scheduled_output() == (
        "Notices are sent from now on. Codes that have ended until now are not told.\n"
    )


def test_crontab_show_knows_the_job_and_crontab_remove_removes_no_other(installed, with_crontab):
    table = with_crontab(installed)
    other = "0 3 * * * /bin/true # expire_referral_codes of /another/installation\n"
    table.write_text(table.read_text() + other)

    shown = installed.run("crontab", "show").stdout.splitlines()
    assert shown[0] == "Currently active jobs in crontab:"
    assert "main.cron.expire_referral_codes" in shown[1]
    assert len(shown) == 2

    assert installed.run("crontab", "remove", "-v", "0").returncode == 0
    assert table.read_text() == other


def test_the_line_carries_the_settings_module_of_who_added_it(installed, with_crontab):
    (installed.folder / "knossos" / "production.py").write_text("from knossos.settings import *\n")
    table = with_crontab(installed)
    installed.run("crontab", "add", "-v", "0", DJANGO_SETTINGS_MODULE="knossos.production")
    assert " --settings=knossos.production " in table.read_text()
