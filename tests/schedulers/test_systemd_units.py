"""The units of `print_schedule systemd`, read by systemd itself."""

import shlex
import shutil
import subprocess

import pytest

from tests.schedulers.conftest import BARE, need


@pytest.fixture(autouse=True)
def requirements():
    need(shutil.which("systemd-analyze"), "systemd-analyze")


def print_units(installed, folder):
    printed = installed.run("print_schedule", "systemd", "--output", str(folder / "expire-referral-codes.timer"))
    units = [folder / f"expire-referral-codes.{kind}" for kind in ("service", "timer")]
    assert (printed.stdout, printed.stderr) == ("".join(f"Wrote {unit}\n" for unit in units), "")
    return units


def verify(*units):
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def run_service(service):
    """Start what the service says as systemd would: unquoted, without a shell, in hardly any environment."""
    [line] = [line for line in service.read_text().splitlines() if line.startswith("ExecStart=:")]
    words = [word.replace("%%", "%") for word in shlex.split(line.removeprefix("ExecStart=:"))]
    return subprocess.run(words, env=BARE, cwd="/", capture_output=True, text=True, check=False)


def test_systemd_finds_nothing_to_say_about_the_units(installed, tmp_path):
    assert verify(*print_units(installed, tmp_path)) == (0, "")


def test_not_even_in_a_folder_that_is_hard_to_quote(awkward, tmp_path):
    assert verify(*print_units(awkward, tmp_path)) == (0, "")


def test_systemd_would_say_so_of_a_misspelt_key(installed, tmp_path):
    _, timer = print_units(installed, tmp_path)
    timer.write_text(timer.read_text().replace("Persistent", "Persistant"))
    code, said = verify(timer)
    assert code == 0  # which is why the tests here look at what is said
    assert "'Persistant'" in said


def test_the_service_expires_codes(awkward, tmp_path):
    awkward.add_overdue_code()
    done = run_service(print_units(awkward, tmp_path)[0])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Successfully expired 1 referral code(s).\n"
    assert awkward.statuses() == {"JOHNS-20": "inactive"}


def test_a_failing_sweep_is_a_failed_unit_whose_journal_says_why(broken, tmp_path):
    """systemd calls a service failed that exits 1, and keeps its stderr in the journal."""
    done = run_service(print_units(broken, tmp_path)[0])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("CommandError: Cannot reach the database: check that it runs, and DATABASE_URL. (")
    assert " ERROR sweep failed: Cannot reach the database" in broken.log.read_text()
