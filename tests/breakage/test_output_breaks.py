"""Output that cannot be written, and what a person at a terminal sees."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.breakage.world import PROJECT

if os.name != "nt":
    import pty
    import termios

COMMAND = "expire_referral_codes"
FULL = Path("/dev/full")
EXPIRED = "Successfully expired 2 referral code(s).\r\n  - C-2 (Agent: none)\r\n  - C-1 (Agent: none)\r\n"
SLOW_SETTINGS = "from knossos.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS, 'slow_app.Slow']\n"
# A listener that takes a while, in each batch.
SLOW_APP = """
import time
from django.apps import AppConfig

def wait(**kwargs):
    time.sleep(1.1)

class Slow(AppConfig):
    name = "slow_app"

    def ready(self):
        from main.sweep.run import referral_codes_expired
        referral_codes_expired.connect(wait)
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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminals")
def test_on_a_terminal_a_short_sweep_shows_no_bar(world):
    world.seed(2)
    assert on_a_terminal(world, COMMAND) == (0, EXPIRED)
    assert on_a_terminal(world, COMMAND) == (0, "No expired referral codes found.\r\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminals")
def test_on_a_terminal_a_long_sweep_shows_one_line_with_total_and_remaining_time(world, tmp_path):
    world.seed(2)
    (tmp_path / "slow_settings.py").write_text(SLOW_SETTINGS)
    (tmp_path / "slow_app.py").write_text(SLOW_APP)
    slow = ("--batch-size", "1", "--pythonpath", str(tmp_path), "--settings", "slow_settings")
    code, seen = on_a_terminal(world, COMMAND, *slow)
    bar, rest = seen.split("\r\n", 1)
    assert (code, rest) == (0, EXPIRED)
    assert "Expiring:  50%|" in bar
    assert " 1/2 [00:01<00:01, " in bar
    assert "\x1b[31" not in bar  # not in red
