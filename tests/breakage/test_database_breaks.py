"""The database hangs up, holds a lock or is away: what was done stands, and one line says what to do."""

import sqlite3
import threading

import psycopg
import pytest

from tests.breakage.audit import assert_nothing_is_overdue, audit
from tests.breakage.world import ended

CODES = 50_000
STANDS = "CommandError: Stopped early. {} codes were already expired and stay expired. "
UNREACHABLE = "Cannot reach the database: check that it runs, and DATABASE_URL."
LOCKED = "Another transaction held a lock for too long: run the command again when it has ended."


def assert_failed_after_some(world, result, advice):
    code, output, errors = result
    state, count, error, _ = world.last_run()
    assert (code, output) == (1, "")
    assert errors.startswith(STANDS.format(count) + advice)
    assert errors.count("\n") == 1
    assert 0 < count < CODES
    assert (state, error.split(":")[0]) == ("failed", "OperationalError")


def test_the_server_ends_our_connection(server_world):
    world = server_world
    world.seed(CODES)
    # Small batches, so that a busy machine does not ask for the first when the last is done.
    process = world.start("expire_referral_codes", "--batch-size", "50")
    # Well under way: at the first batch its second and third connection may still be on their way.
    world.wait_until("SELECT coalesce(max(expired_count), 0) > 1000 FROM main_expirationrun")
    assert world.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ), "the sweep had ended already"
    assert_failed_after_some(world, ended(process), UNREACHABLE)
    audit(world)
    assert world.sweep()[0] == 0
    audit(world)
    assert_nothing_is_overdue(world)


def test_a_code_that_stays_locked_fails_the_run_but_holds_up_no_other(server_world):
    world = server_world
    world.seed(2500)
    with psycopg.connect(world.url) as person:
        ((locked,),) = person.execute("SELECT id FROM main_referralcode WHERE code = 'C-7' FOR UPDATE").fetchall()
        code, output, errors = world.sweep()
    assert (code, output) == (1, "")
    assert errors.startswith(STANDS.format(2499) + LOCKED)
    assert world.last_run()[:2] == ("failed", 2499)
    assert world.query("SELECT id FROM main_referralcode WHERE status = 'active'") == [(locked,)]
    audit(world)
    assert world.sweep() == (0, "Successfully expired 1 referral code(s).\n", "")
    audit(world)


def test_a_code_that_is_released_in_time_is_expired_too(server_world):
    world = server_world
    world.seed(2500)
    with psycopg.connect(world.url) as person:
        person.execute("SELECT id FROM main_referralcode WHERE code = 'C-7' FOR UPDATE").fetchall()
        process = world.start("expire_referral_codes", "-v", "0")
        world.wait_until("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted")
    assert ended(process) == (0, "Successfully expired 2500 referral code(s).\n", "")
    audit(world)


def test_another_process_that_keeps_the_file_locked_is_said_so(world):
    if world.kind != "sqlite":
        pytest.skip("A server locks rows, not the database.")
    world.seed(10)
    with sqlite3.connect(world.url.removeprefix("sqlite:///"), isolation_level=None) as person:
        person.execute("BEGIN IMMEDIATE")
        code, output, errors = world.sweep()
        person.execute("ROLLBACK")
    person.close()
    assert (code, output, errors) == (1, "", f"CommandError: {LOCKED} (database is locked)\n")
    audit(world)
    assert world.sweep()[0] == 0


def test_a_person_who_writes_for_a_moment_is_waited_for(world):
    if world.kind != "sqlite":
        pytest.skip("A server locks rows, not the database.")
    world.seed(2500)
    person = sqlite3.connect(world.url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    person.execute("BEGIN IMMEDIATE")
    release = threading.Timer(1.5, person.rollback)
    release.start()
    assert world.sweep() == (0, "Successfully expired 2500 referral code(s).\n", "")
    release.join()
    person.close()
    audit(world)
