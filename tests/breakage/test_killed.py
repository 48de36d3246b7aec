"""Killed at any moment a sweep loses nothing; asked to stop, it finishes its batch and says what stands."""

import random
import signal
import subprocess

import pytest

from main.sweep.databases import way
from tests.breakage.audit import assert_nothing_is_overdue, audit
from tests.breakage.world import ended

CODES = 50_000


def killed_after(world, moment, *command):
    """Kill the process `moment` seconds after its row is in the ledger; the id of that row."""
    process = world.start(*command)
    world.wait_until(f"SELECT count(*) FROM main_expirationrun WHERE pid = {process.pid} AND state = 'running'")
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.kill()
    assert ended(process)[0] == -signal.SIGKILL
    ((run,),) = world.query(f"SELECT max(id) FROM main_expirationrun WHERE pid = {process.pid}")
    return run


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ten_kills_of_a_sweep(world, seed):
    world.seed(CODES)
    moments = random.Random(seed)
    killed = set()
    for _ in range(10):
        killed.add(killed_after(world, moments.uniform(0, 0.08), "expire_referral_codes"))
        audit(world, killed=killed)
    code, _, errors = world.sweep()
    assert (code, errors) == (0, "")
    audit(world, killed=killed)
    assert_nothing_is_overdue(world)
    assert world.query("SELECT sum(expired_count) FROM main_expirationrun") == [(CODES,)]
    states = dict(world.query("SELECT state, count(*) FROM main_expirationrun GROUP BY state"))
    # A kill may come when the work is just done; most do not, or this would test little.
    assert states["completed"] + states["interrupted"] == 11
    assert states["interrupted"] > 5


def test_kills_of_an_undo(world):
    world.seed(CODES)
    assert world.sweep()[0] == 0
    ((run,),) = world.query("SELECT max(id) FROM main_expirationrun")
    undo = ("undo_expiration_run", str(run), "-v", "0")
    moments = random.Random(2)
    killed = {killed_after(world, moments.uniform(0, 0.1), *undo) for _ in range(5)}
    audit(world, killed=killed)
    assert world.run(*undo)[0] == 0
    audit(world, killed=killed)
    assert world.query("SELECT sum(restored_count) FROM main_expirationrun") == [(CODES,)]
    assert world.query("SELECT count(*) FROM main_referralcode WHERE status = 'active'") == [(CODES,)]
    assert world.query(f"SELECT state FROM main_expirationrun WHERE id = {run}") == [("undone",)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_finishes_the_batch_and_says_what_stands(world, number):
    world.seed(CODES)
    process = world.start("expire_referral_codes")
    world.wait_for_first_batch()
    process.send_signal(number)
    code, output, errors = ended(process)
    state, count, error, _ = world.last_run()
    assert (state, error) == ("interrupted", f"Stopped by {number.name} after the current batch.")
    assert (code, output) == (1, "")
    assert errors == f"CommandError: Stopped early. {count} codes were already expired and stay expired. {error}\n"
    assert 0 < count < CODES
    assert count % way().batch_size == 0
    audit(world)


def test_left_alone_it_completes(world):
    world.seed(CODES)
    assert world.sweep() == (0, f"Successfully expired {CODES} referral code(s).\n", "")
    assert world.last_run() == ("completed", CODES, "", "")
    audit(world)
    assert_nothing_is_overdue(world)
