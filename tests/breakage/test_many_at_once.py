"""Four sweeps at once while people edit: each code in one run, no edit lost, no deadlock surfaces."""

import subprocess
import sys

import pytest

from tests.breakage.audit import assert_nothing_is_overdue, audit
from tests.breakage.world import PROJECT, ended
from tests.patience import PATIENCE

CODES = 20_000
EDITS = 1000


@pytest.fixture
def people(world):
    """Four processes, ready to make 250 edits each."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.breakage.people", str(first), str(first + EDITS // 4 - 1)],
            cwd=PROJECT, env=world.env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for first in range(1, EDITS + 1, EDITS // 4)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    return processes


def test_four_sweeps_and_a_thousand_edits(world, people):
    world.seed(CODES)
    numbered = {int(name[2:]): code for name, code in world.query("SELECT code, id FROM main_referralcode")}
    touched = {numbered[number] for number in range(1, EDITS + 1)}

    sweeps = [world.start("expire_referral_codes", "-v", "0", "--batch-size", "100") for _ in range(4)]
    world.wait_for_first_batch()
    for person in people:
        person.stdin.write("go\n")
        person.stdin.flush()
    for person in people:
        _, errors = person.communicate(timeout=PATIENCE)
        assert (person.returncode, errors) == (0, "")
    results = [ended(sweep) for sweep in sweeps]
    assert [(code, errors) for code, _, errors in results] == [(0, "")] * 4

    audit(world, touched=touched)
    assert_nothing_is_overdue(world)
    edited = "SELECT code FROM main_referralcode WHERE discount = 77 AND"
    now = "now()" if world.kind == "postgres" else "datetime('now')"
    extended = world.query(f"{edited} status = 'active' AND expires_at > {now}")
    switched_off = world.query(f"{edited} status = 'inactive'")
    assert {int(name[2:]) for (name,) in extended} == set(range(3, EDITS + 1, 3))
    assert {int(name[2:]) for (name,) in switched_off} == set(range(1, EDITS + 1, 3))
    assert world.query("SELECT count(*) FROM main_referralcode") == [(CODES - EDITS // 3,)]
    runs = world.query("SELECT expired_count FROM main_expirationrun WHERE state = 'completed'")
    assert len(runs) == 4
    swept = {code for _, code, _ in world.logged()}
    assert sum(count for (count,) in runs) == len(swept) >= CODES - EDITS
