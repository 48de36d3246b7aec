"""Output that cannot be written, and what a person at a terminal sees."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.breakage.world import PROJECT

if os.name != "nt":
    import pty
    import termios

COMMAND, UNDO = "expire_referral_codes", "undo_expiration_run"
RUNS, IMPORTS = "main_expirationrun", "main_codeimport"
with_terminals = pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminals")
FULL = Path("/dev/full")
EXPIRED = "Successfully expired 2 referral code(s).\r\n  - C-2 (Agent: none)\r\n  - C-1 (Agent: none)\r\n"
SLOW_SETTINGS = "from knossos.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS, 'slow_app.Slow']\n"
# Listeners that take a while in each batch, and a database that takes a while to look codes up and to delete them.
SLOW_APP = """
import time
from django.apps import AppConfig
from django.db.backends.signals import connection_created

SLOW = ('SELECT "main_referralcode"."lookup_key"', 'DELETE FROM "main_referralcode"')

def wait(**kwargs):
    time.sleep(1.1)

def slow_down(connection, **kwargs):
    connection.execute_wrappers.append(slow)

def slow(execute, sql, *rest):
    if sql.startswith(SLOW):
        wait()
    return execute(sql, *rest)

class Slow(AppConfig):
    name = "slow_app"

    def ready(self):
        from main.sweep.run import referral_codes_expired
        from main.sweep.undo import referral_codes_restored
        referral_codes_expired.connect(wait)
        referral_codes_restored.connect(wait)
        connection_created.connect(slow_down)
"""


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_full_disk_under_the_output_says_that_all_was_done(world):
    world.seed(2)

    def into_full_disk(*arguments):
        with FULL.open("w") as full:
            done = subprocess.run(
                [sys.executable, "manage.py", *arguments],
                cwd=PROJECT, stdout=full, stderr=subprocess.PIPE, text=True, env=world.env, check=False,
            )  # fmt: skip
        return done.returncode, done.stderr

    lost = "The output could not be written: No space left on device.\n"
    dry = f"CommandError: This was a dry run: nothing was changed. {lost}"
    assert into_full_disk(COMMAND, "--dry-run") == (74, dry)
    code, errors = into_full_disk(COMMAND)
    ((run,),) = world.query("SELECT max(id) FROM main_expirationrun")
    assert (code, errors) == (74, f"CommandError: Run {run} is complete, 2 referral code(s) were expired. {lost}")
    assert into_full_disk("undo_expiration_run", str(run)) == (74, f"CommandError: Run {run} is undone. {lost}")


def on_a_terminal(world, *arguments):
    """Exit code, and what a person sees: stdout and stderr together."""
    person, command = pty.openpty()
    termios.tcsetwinsize(person, (24, 80))
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT, stdin=command, stdout=command, stderr=command, env=world.env | {"TERM": "xterm"},
    )  # fmt: skip
    os.close(command)
    seen = b""
    try:
        while part := os.read(person, 65536):
            seen += part
    except OSError:  # the other end is closed
        pass
    os.close(person)
    return process.wait(), seen.decode()


@pytest.fixture
def slow(tmp_path):
    """The options of a command that takes over a second for each batch."""
    (tmp_path / "slow_settings.py").write_text(SLOW_SETTINGS)
    (tmp_path / "slow_app.py").write_text(SLOW_APP)
    return ["--pythonpath", str(tmp_path), "--settings", "slow_settings"]


@pytest.fixture
def codes_of(tmp_path):
    """Write a file with so many codes; return its path."""

    def write(count):
        file = tmp_path / "codes.csv"
        file.write_text("".join(["code,discount\n", *(f"NEW-{number},5\n" for number in range(count))]))
        return str(file)

    return write


def last(world, table):
    ((number,),) = world.query(f"SELECT max(id) FROM {table}")
    return str(number)


def below_the_bar(seen, what, total):
    """That a person first sees one line: a bar with the total, and the time that is left. Return what is below it."""
    bar, rest = seen.split("\r\n", 1)
    steps = re.findall(rf"\r{what}: +(\d+)%\|[^|]*\| +(\d+)/{total} \[\d\d:\d\d<(\d\d:\d\d), ", bar)
    assert bar.count("\r") == len(steps)
    assert all(abs(int(done) * 100 / total - int(percent)) < 1 for percent, done, _left in steps)
    assert any(left > "00:00" for percent, _done, left in steps if percent == "50")
    assert steps[-1] == ("100", str(total), "00:00")
    assert "\x1b[31" not in bar  # not in red
    return rest


@with_terminals
def test_on_a_terminal_a_short_sweep_and_its_undo_show_no_bar(world):
    world.seed(2)
    assert on_a_terminal(world, COMMAND) == (0, EXPIRED)
    run = last(world, RUNS)
    said = f"Put back 2 referral code(s) of run {run}; this is run {int(run) + 1}.\r\n"
    assert on_a_terminal(world, UNDO, run, "-v", "0") == (0, said)


@with_terminals
def test_on_a_terminal_a_short_import_and_its_undo_show_no_bar(world, codes_of):
    code, said = on_a_terminal(world, "import_codes", codes_of(2))
    number = last(world, IMPORTS)
    assert (code, said) == (0, f"Imported 2 codes. This is import {number}.\r\n")
    assert on_a_terminal(world, "undo_import", number) == (0, f"Deleted 2 codes of import {number} (codes.csv).\r\n")


@with_terminals
def test_on_a_terminal_nothing_to_do_shows_no_bar(world, slow, codes_of):
    world.seed(2)
    world.sweep()
    assert on_a_terminal(world, COMMAND, *slow) == (0, "No expired referral codes found.\r\n")
    run = last(world, RUNS)
    said = f"Put back 0 referral code(s) of run {run}; this is run {int(run) + 1}.\r\n"
    assert on_a_terminal(world, UNDO, run, *slow) == (0, said)
    code, said = on_a_terminal(world, "import_codes", codes_of(0), *slow)
    number = last(world, IMPORTS)
    assert (code, said) == (0, f"Imported 0 codes. This is import {number}.\r\n")
    said = f"Deleted 0 codes of import {number} (codes.csv).\r\n"
    assert on_a_terminal(world, "undo_import", number, *slow) == (0, said)


@with_terminals
def test_on_a_terminal_a_long_sweep_shows_one_line_with_total_and_remaining_time(world, slow):
    world.seed(2)
    code, seen = on_a_terminal(world, COMMAND, "--batch-size", "1", *slow)
    assert (code, below_the_bar(seen, "Expiring", 2)) == (0, EXPIRED)


@with_terminals
def test_a_long_undo_shows_it_too_but_only_on_a_terminal(world, slow):
    said = "Put back 2000 referral code(s) of run {}; this is run {}."
    world.seed(2000)
    world.sweep()
    run = int(last(world, RUNS))
    code, seen = on_a_terminal(world, UNDO, str(run), "-v", "0", *slow)
    assert (code, below_the_bar(seen, "Putting back", 2000)) == (0, f"{said.format(run, run + 1)}\r\n")
    world.sweep()
    run = int(last(world, RUNS))
    assert world.run(UNDO, str(run), "-v", "0", *slow) == (0, f"{said.format(run, run + 1)}\n", "")


@with_terminals
def test_a_long_import_and_its_undo_show_it_too_but_only_on_a_terminal(world, slow, codes_of):
    file = codes_of(2000)
    code, seen = on_a_terminal(world, "import_codes", file, *slow)
    number = last(world, IMPORTS)
    said = f"Imported 2000 codes. This is import {number}.\r\n"
    assert (code, below_the_bar(seen, "Checking", 2000)) == (0, said)
    code, seen = on_a_terminal(world, "undo_import", number, *slow)
    said = f"Deleted 2000 codes of import {number} (codes.csv).\r\n"
    assert (code, below_the_bar(seen, "Deleting", 2000)) == (0, said)
    code, *said = world.run("import_codes", file, *slow)
    number = last(world, IMPORTS)
    assert (code, *said) == (0, f"Imported 2000 codes. This is import {number}.\n", "")
    said = f"Deleted 2000 codes of import {number} (codes.csv).\n"
    assert world.run("undo_import", number, *slow) == (0, said, "")


@with_terminals
def test_a_refused_row_stands_on_a_line_of_its_own_above_the_bar(world, slow, codes_of):
    file = Path(codes_of(600))
    file.write_text(file.read_text().replace("NEW-550,5", "NEW-550,x"))
    code, seen = on_a_terminal(world, "import_codes", str(file), *slow)
    lines = [line.rpartition("\r")[2] for line in re.sub("\x1b\\[[0-9;]*m", "", seen).split("\r\n")]
    assert "| 1/600 [00:0" in seen
    assert lines[0] == "line 552: refused: discount: 'x' is not a percentage: write a number such as 20 or 12.5"
    assert lines[1].startswith("Checking: 100%|")
    assert (code, lines[2:]) == (1, ["CommandError: Nothing was imported: 1 of 600 rows are refused.", ""])
